import { toCocoonError } from "../../errors";
import {
  type Batch,
  buryBatch,
  findLastSeqno,
  findLiveBatch,
  type Intent,
  saveBatch,
  takeIntents,
} from "../../store";
import type { AccountState } from "../reader";
import { EXPIRY_MARGIN_SECONDS, MAX_MESSAGES_PER_BATCH, type OutboxDeps } from "./deps";
import { readHistory } from "./readHistory";
import { chooseIntents, signBatch } from "./signBatch";

/** idle: nothing to do; sent: a new batch went out; waiting: one is on its way; unfunded: the wallet is too poor. */
export type StepResult = "idle" | "sent" | "waiting" | "unfunded" | "behind";

/** One round: settle what the history shows, then at most one broadcast. Never two live bodies for one intent. */
export async function step(deps: OutboxDeps): Promise<StepResult> {
  const wallet = deps.wallet.address.toRawString();
  const account = await readHistory(deps);
  if (account === undefined) {
    return "behind";
  }
  const live = await findLiveBatch(deps.store, { wallet });
  if (live !== undefined) {
    if (account.utime <= live.validUntilSeconds + EXPIRY_MARGIN_SECONDS) {
      await broadcast(deps, live);
      return "waiting";
    }
    await buryBatch(deps.store, { batchId: live.id });
    deps.log.warn({
      msg: "batch expired unseen",
      batch: live.id,
      seqno: live.seqno,
      chainTime: account.utime,
    });
  }
  const queued = await takeIntents(deps.store, { wallet, limit: MAX_MESSAGES_PER_BATCH });
  return queued.length === 0 ? "idle" : await sendBatch(deps, account, queued);
}

async function sendBatch(
  deps: OutboxDeps,
  account: AccountState,
  queued: readonly Intent[],
): Promise<StepResult> {
  const intents = chooseIntents(queued, account.balanceNano);
  if (intents.length === 0) {
    deps.log.error({
      msg: "wallet balance too low for the next message",
      wallet: deps.wallet.address.toRawString(),
      balanceNano: account.balanceNano,
      valueNano: queued[0]?.valueNano,
    });
    return "unfunded";
  }
  const seqno = await currentSeqno(deps, account);
  if (seqno === undefined) {
    return "behind";
  }
  const batch = await signBatch(deps.wallet, { intents, account, seqno });
  await saveBatch(deps.store, { batch, intentKeys: intents.map((intent) => intent.key) });
  await broadcast(deps, batch);
  return "sent";
}

/** Undefined while the endpoint still shows a seqno that is known to be used up. */
async function currentSeqno(deps: OutboxDeps, account: AccountState): Promise<number | undefined> {
  const seqno =
    account.state === "active"
      ? (await deps.reader.runGetMethod(deps.wallet.address, "seqno", [])).readNumber()
      : 0;
  const used = await findLastSeqno(deps.store, { wallet: deps.wallet.address.toRawString() });
  return used !== undefined && seqno <= used ? undefined : seqno;
}

/** A refusal says little: the body may already be in. The history decides. */
async function broadcast(deps: OutboxDeps, batch: Batch): Promise<void> {
  try {
    await deps.reader.sendBoc(Buffer.from(batch.boc, "base64"));
  } catch (error) {
    const { code, message } = toCocoonError(error);
    deps.log.info({
      msg: "broadcast not accepted",
      batch: batch.id,
      seqno: batch.seqno,
      code,
      detail: message,
    });
  }
}
