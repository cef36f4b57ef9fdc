import type { Message, Transaction } from "@ton/core";
import {
  advanceCursor,
  buryBatch,
  findBatch,
  findIntent,
  findLiveBatch,
  type Intent,
  listIntents,
  markBounced,
  type Store,
  settleBatch,
} from "../../store";
import type { Step } from "../catchUp";
import { normalizedHash } from "../normalizedHash";
import { cursorName, type OutboxDeps } from "./deps";
import { explainBounce } from "./explainBounce";
import { matchBounce } from "./matchBounce";
import { matchOutMessages } from "./messages";
import { readSeqno } from "./readSeqno";

/** Takes one transaction of the wallet into the store, together with the cursor; answers the intents it changed. */
export async function applyTransaction(deps: OutboxDeps, step: Step): Promise<readonly Intent[]> {
  const { inMessage } = step.transaction;
  const bounced = inMessage?.info.type === "internal" && inMessage.info.bounced ? inMessage : undefined;
  const cause = bounced === undefined ? undefined : await explainBounce(deps.reader, bounced);
  return await deps.store.transaction(async (tx) => {
    await advanceCursor(tx, { account: cursorName(deps.wallet), from: step.from, to: step.to });
    if (inMessage?.info.type === "external-in") {
      return await applyExternal(deps, tx, step.transaction, inMessage);
    }
    if (bounced !== undefined) {
      const wallet = deps.wallet.address.toRawString();
      const sent = await listIntents(tx, { wallet, statuses: ["sent"] });
      const intent = matchBounce(sent, bounced, cause);
      if (intent !== undefined) {
        const { key } = intent;
        await markBounced(tx, { key, bounceLt: step.to.lt, exitCode: cause?.exitCode });
        deps.log.warn({ msg: "message bounced", key, exitCode: cause?.exitCode, lt: step.to.lt });
        return await reload(tx, [intent]);
      }
    }
    return [];
  });
}

async function applyExternal(
  deps: OutboxDeps,
  tx: Store,
  transaction: Transaction,
  message: Message,
): Promise<readonly Intent[]> {
  const wallet = deps.wallet.address.toRawString();
  const batch = await findBatch(tx, { id: normalizedHash(message) });
  if (batch === undefined || batch.wallet !== wallet) {
    await buryIfOvertaken(deps, tx, wallet, message);
    return [];
  }
  const intents = await listIntents(tx, { wallet, batchId: batch.id });
  const results = matchOutMessages(intents, transaction.outMessages.values());
  await settleBatch(tx, { batchId: batch.id, txLt: transaction.lt, results });
  const skipped = results.filter((result) => !result.sent).length;
  const facts = {
    batch: batch.id,
    seqno: batch.seqno,
    messages: results.length,
    skipped,
    lt: transaction.lt,
  };
  if (skipped > 0) {
    deps.log.error({ msg: "wallet skipped messages of a batch", ...facts });
  } else {
    deps.log.info({ msg: "batch sent", ...facts });
  }
  return await reload(tx, intents);
}

/** Somebody else used the wallet's key and took this seqno: the live batch can never be executed. */
async function buryIfOvertaken(deps: OutboxDeps, tx: Store, wallet: string, message: Message): Promise<void> {
  const live = await findLiveBatch(tx, { wallet });
  const seqno = readSeqno(message.body);
  if (live !== undefined && seqno !== undefined && seqno >= live.seqno) {
    await buryBatch(tx, { batchId: live.id });
    deps.log.error({ msg: "another sender used the wallet's key", seqno, batch: live.id });
  }
}

async function reload(tx: Store, intents: readonly Intent[]): Promise<readonly Intent[]> {
  const found: Intent[] = [];
  for (const { key } of intents) {
    const intent = await findIntent(tx, { key });
    if (intent !== undefined) {
      found.push(intent);
    }
  }
  return found;
}
