import type { Message, Transaction } from "@ton/core";
import type { ChainReader } from "../reader";
import { previousOf } from "../walk";

/** Pages of the destination's history to look through for the transaction that sent a bounce. */
const MAX_PAGES = 3;

export interface BounceCause {
  /** The logical time of the message that came back. */
  readonly outLt: bigint;
  /** TVM's exit code, or the action phase's result; undefined when nothing was run, as on an empty account. */
  readonly exitCode: number | undefined;
}

/** Looks at the destination for the transaction that sent this bounce back. Undefined when it is not visible (yet). */
export async function explainBounce(reader: ChainReader, bounced: Message): Promise<BounceCause | undefined> {
  if (bounced.info.type !== "internal") {
    return undefined;
  }
  const { src, createdLt } = bounced.info;
  try {
    let { last: at } = await reader.account(src);
    for (let page = 0; page < MAX_PAGES && at.lt > 0n; page++) {
      const transactions = await reader.transactions(src, at, 0n);
      const cause = transactions.find((transaction) => sends(transaction, createdLt));
      const oldest = transactions.at(-1);
      if (cause !== undefined || oldest === undefined || oldest.lt < createdLt) {
        return cause === undefined ? undefined : causeOf(cause);
      }
      at = previousOf(oldest);
    }
  } catch {
    // Only the explanation is lost: the bounce itself is in the wallet's history.
  }
  return undefined;
}

function sends(transaction: Transaction, createdLt: bigint): boolean {
  return transaction.outMessages
    .values()
    .some((message) => message.info.type === "internal" && message.info.createdLt === createdLt);
}

function causeOf(transaction: Transaction): BounceCause | undefined {
  const { inMessage, description } = transaction;
  if (inMessage?.info.type !== "internal" || description.type !== "generic") {
    return undefined;
  }
  const { computePhase, actionPhase } = description;
  const failedCompute = computePhase.type === "vm" && !computePhase.success;
  const exitCode = failedCompute
    ? computePhase.exitCode
    : actionPhase?.success === false
      ? actionPhase.resultCode
      : undefined;
  return { outLt: inMessage.info.createdLt, exitCode };
}
