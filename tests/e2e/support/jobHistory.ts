import { Address, type Transaction } from "@ton/core";
import type { ChainReader } from "../../../relayer/chain";
import { decodeEvent, type ProtocolEvent } from "../../../wrappers/events";

type Settled = Extract<ProtocolEvent, { $$type: "HeadSettledEvent" }>;
type Closed = Extract<ProtocolEvent, { $$type: "JobClosedEvent" }>;

/** All that a job's contract has done, read from its transactions alone. */
export interface JobHistory {
  readonly settled: readonly Settled[];
  readonly closed: Closed | undefined;
  /** Opcodes of the messages that reached it, oldest first. */
  readonly received: readonly number[];
  /** Value of every internal message that it sent, by the receiver's raw address. */
  readonly sentNano: ReadonlyMap<string, readonly bigint[]>;
  /** What came in, less what went out and what validators took: the contract's balance, 0 once it is gone. */
  readonly keptNano: bigint;
}

export async function readHistory(reader: ChainReader, job: string): Promise<JobHistory> {
  const transactions = await allTransactions(reader, Address.parseRaw(job));
  const messages = transactions.flatMap((transaction) => transaction.outMessages.values());
  const events = messages
    .map(({ info, body }) => (info.type === "external-out" ? decodeEvent(body) : undefined))
    .filter((event) => event !== undefined);
  const sentNano = new Map<string, bigint[]>();
  for (const { info } of messages) {
    if (info.type === "internal") {
      const to = info.dest.toRawString();
      sentNano.set(to, [...(sentNano.get(to) ?? []), info.value.coins]);
    }
  }
  return {
    settled: events.filter((event) => event.$$type === "HeadSettledEvent"),
    closed: events.find((event) => event.$$type === "JobClosedEvent"),
    received: transactions.flatMap(({ inMessage }) => {
      const body = inMessage?.body.beginParse();
      return body === undefined || body.remainingBits < 32 ? [] : [body.preloadUint(32)];
    }),
    sentNano,
    keptNano: transactions.reduce((sum, transaction) => sum + keptOf(transaction), 0n),
  };
}

function keptOf({ inMessage, outMessages, totalFees }: Transaction): bigint {
  let kept = -totalFees.coins;
  if (inMessage?.info.type === "internal") {
    kept += inMessage.info.value.coins;
  }
  for (const { info } of outMessages.values()) {
    if (info.type === "internal") {
      kept -= info.value.coins + info.forwardFee;
    }
  }
  return kept;
}

/** Every transaction of an account, oldest first; also of one that no longer exists. */
export function readTransactions(reader: ChainReader, address: string): Promise<readonly Transaction[]> {
  return allTransactions(reader, Address.parseRaw(address));
}

/** Oldest first; also of an account that no longer exists. */
async function allTransactions(reader: ChainReader, address: Address): Promise<readonly Transaction[]> {
  const { state, last } = await reader.account(address);
  const newest = state === "active" ? last : ((await reader.lastOfDestroyed(address)) ?? last);
  const found: Transaction[] = [];
  let from = newest;
  while (from.lt > 0n) {
    const page = await reader.transactions(address, from, 0n);
    found.push(...page);
    const oldest = page.at(-1);
    if (oldest === undefined) {
      break;
    }
    const hash = oldest.prevTransactionHash.toString(16).padStart(64, "0");
    from = { lt: oldest.prevTransactionLt, hash };
  }
  return found.reverse();
}
