import { beginCell, external, loadMessage, SendMode, storeMessage } from "@ton/core";
import type { Batch, Intent } from "../../store";
import { normalizedHash } from "../normalizedHash";
import type { AccountState } from "../reader";
import type { Wallet } from "../wallet";
import {
  FEE_PER_MESSAGE_NANO,
  MAX_BATCH_BYTES,
  MAX_MESSAGES_PER_BATCH,
  VALID_SECONDS,
  WALLET_RESERVE_NANO,
} from "./deps";
import { messageOf } from "./messages";

/** The oldest intents that the wallet can pay and one external message can hold; order is kept, nothing overtakes. */
export function chooseIntents(queued: readonly Intent[], balanceNano: bigint): readonly Intent[] {
  const chosen: Intent[] = [];
  let leftNano = balanceNano - WALLET_RESERVE_NANO;
  let bytes = 0;
  for (const intent of queued.slice(0, MAX_MESSAGES_PER_BATCH)) {
    leftNano -= intent.valueNano + FEE_PER_MESSAGE_NANO;
    bytes += base64Bytes(intent.body) + base64Bytes(intent.init);
    if (leftNano < 0n || (bytes > MAX_BATCH_BYTES && chosen.length > 0)) {
      break;
    }
    chosen.push(intent);
  }
  return chosen;
}

function base64Bytes(text: string | undefined): number {
  return ((text?.length ?? 0) * 3) / 4;
}

/** Signs the one external message that carries all intents. With seqno 0 it deploys the wallet too. */
export async function signBatch(
  wallet: Wallet,
  parts: { readonly intents: readonly Intent[]; readonly account: AccountState; readonly seqno: number },
): Promise<Batch> {
  const { intents, account, seqno } = parts;
  const validUntilSeconds = account.utime + VALID_SECONDS;
  const body = await wallet.contract.createTransfer({
    seqno,
    timeout: validUntilSeconds,
    sendMode: SendMode.PAY_GAS_SEPARATELY | SendMode.IGNORE_ERRORS,
    signer: (message) => wallet.sign(message),
    messages: intents.map(messageOf),
  });
  const init = account.state === "active" ? undefined : wallet.contract.init;
  const cell = beginCell()
    .store(storeMessage(external({ to: wallet.address, init, body })))
    .endCell();
  return {
    id: normalizedHash(loadMessage(cell.beginParse())),
    wallet: wallet.address.toRawString(),
    seqno,
    validUntilSeconds,
    boc: cell.toBoc().toString("base64"),
    walletLt: account.last.lt,
    status: "live",
    txLt: undefined,
  };
}
