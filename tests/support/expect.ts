import type { Address } from "@ton/core";
import type { BlockchainTransaction } from "@ton/sandbox";
import "@ton/test-utils";
import { decodeEvent, type ProtocolEvent } from "../../wrappers/events";
import { EXIT_CODES } from "../../wrappers/exit-codes";
import { type Delivery, OP } from "./actors";

/** The number of an exit code by its name; numbers pass through. */
export function exitCode(name: string | number): number {
  if (typeof name === "number") {
    return name;
  }
  for (const [code, known] of EXIT_CODES) {
    if (known === name) {
      return code;
    }
  }
  throw new Error(`No contract has an exit code named ${name}.`);
}

/**
 * The message was refused: its transaction ended with that exit code, sent nothing but the bounce, changed nothing,
 * and everything but gas and the bounce's own fee went back to the sender.
 */
export function expectRefused(delivery: Delivery, code: string | number): void {
  const { transactions, tx, from, to, op, before, after, value, deployedWith } = delivery;
  expect(transactions).toHaveTransaction({
    from,
    to,
    op,
    value,
    aborted: true,
    success: false,
    exitCode: exitCode(code),
    actionResultCode: undefined,
    outMessagesCount: 1,
  });
  expect(transactions).toHaveTransaction({ from: to, to: from, inMessageBounced: true, success: true });
  expect(after.data).toBe(before.data ?? deployedWith);
  expect(after.balance).toBe(before.balance - storageFee(tx));
  expect(bouncedValue(tx)).toBe(value - bounceCost(tx));
}

/** The message was carried out; the contract keeps exactly `kept` of what arrived (negative: it paid that from its own). */
export function expectDone(delivery: Delivery, { kept = 0n, out }: { kept?: bigint; out: number }): void {
  const { transactions, tx, from, to, op, value, before, after } = delivery;
  expect(transactions).toHaveTransaction({
    from,
    to,
    op,
    value,
    aborted: false,
    success: true,
    exitCode: 0,
    actionResultCode: 0,
    outMessagesCount: out,
  });
  expect(after.balance).toBe(before.balance - storageFee(tx) + kept);
}

/** The account paid everyone and is gone. */
export function expectEnded(delivery: Delivery, { out }: { out: number }): void {
  const { transactions, from, to, op, after } = delivery;
  expect(transactions).toHaveTransaction({
    from,
    to,
    op,
    aborted: false,
    success: true,
    exitCode: 0,
    actionResultCode: 0,
    outMessagesCount: out,
    destroyed: true,
    endStatus: "non-existing",
  });
  expect(after).toEqual({ balance: 0n, data: undefined });
}

/** A payment of exactly that amount, or, for 0, none at all. */
export function expectPaid(
  delivery: Delivery,
  to: Address,
  value: bigint,
  name: "Payment" | "Refund" = "Payment",
): void {
  const payment = { from: delivery.to, to, op: OP[name] };
  if (value === 0n) {
    expect(delivery.transactions).not.toHaveTransaction(payment);
    return;
  }
  // Credited whether or not the wallet can afford to run: the message is not bounceable.
  expect(delivery.transactions).toHaveTransaction({ ...payment, value, inMessageBounceable: false });
}

/** What is left of the value came back to `to`, with the sender's query id. */
export function expectExcess(delivery: Delivery, to: Address = delivery.from): void {
  expect(delivery.transactions).toHaveTransaction({ from: delivery.to, to, op: OP.Excesses, success: true });
}

/** Events of all transactions, in their order. */
export function events(transactions: readonly BlockchainTransaction[]): ProtocolEvent[] {
  return transactions.flatMap(({ externals }) =>
    externals.flatMap(({ body }) => {
      const event = decodeEvent(body);
      return event === undefined ? [] : [event];
    }),
  );
}

export function storageFee({ description }: BlockchainTransaction): bigint {
  return description.type === "generic" ? (description.storagePhase?.storageFeesCollected ?? 0n) : 0n;
}

function bouncedValue(tx: BlockchainTransaction): bigint {
  const info = tx.outMessages.get(0)?.info;
  return info?.type === "internal" ? info.value.coins : 0n;
}

/** Gas, and what the bounce itself cost to send. */
function bounceCost({ description }: BlockchainTransaction): bigint {
  if (description.type !== "generic" || description.bouncePhase?.type !== "ok") {
    throw new Error("The transaction has not bounced.");
  }
  const gas = description.computePhase.type === "vm" ? description.computePhase.gasFees : 0n;
  return gas + description.bouncePhase.messageFees + description.bouncePhase.forwardFees;
}
