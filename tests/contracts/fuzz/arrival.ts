import type { Address, Cell, Message, Slice } from "@ton/core";
import { OP } from "../../support/actors";
import type { AccountView } from "./account";
import type { Truth } from "./acts/act";
import type { Outcome } from "./chain";
import { once } from "./once";
import type { Stage } from "./stage";
import type { JobView, ProviderView } from "./views";

/** What the sequence knows of a wallet's message. */
export interface Letter {
  readonly truth?: Truth | undefined;
  /** What it asks the contract to do, and the amount that it moves: they say what it must bring. */
  readonly asks?: { readonly name: string; readonly amount: bigint };
}

/** One message that arrived, and what the contract was before and after it. */
export interface Arrival {
  readonly stage: Stage;
  readonly now: number;
  /** Of the message; "bounced X" for one that came back; undefined when nobody knows its opcode. */
  readonly name: string | undefined;
  readonly from: Address;
  readonly to: Address;
  readonly value: bigint;
  readonly message: Message;
  /** Undefined for a message from a contract. */
  readonly letter: Letter | undefined;
  readonly outcome: Outcome;
  readonly accountBefore: AccountView;
  /** Positions on the stage; -1 for another contract. */
  readonly jobIndex: number;
  readonly providerIndex: number;
  readonly job: { readonly before: JobView | undefined; readonly after: JobView | undefined };
  readonly provider: { readonly before: ProviderView | undefined; readonly after: ProviderView | undefined };
}

/** A rule that was broken: what a sequence looks for. */
export class Violation extends Error {}

export function must(holds: boolean, rule: string): asserts holds {
  if (!holds) {
    throw new Violation(rule);
  }
}

/** Runs it; a rule that it breaks tells where. */
export function told(where: () => string, run: () => void): void {
  try {
    run();
  } catch (thrown) {
    throw thrown instanceof Violation ? new Violation(`${where()}: ${thrown.message}`) : thrown;
  }
}

const NAMES: ReadonlyMap<number, string> = new Map(Object.entries(OP).map(([name, op]) => [op, name]));
const BOUNCED = 0xffffffff;

export function nameOf({ body }: Message): string | undefined {
  return nameOfBody(body);
}

export const nameOfBody = once((content: Cell): string | undefined => {
  const body = content.beginParse();
  const op = readOp(body);
  if (op !== BOUNCED) {
    return op === undefined ? undefined : NAMES.get(op);
  }
  return `bounced ${NAMES.get(readOp(body) ?? 0)}`;
});

function readOp(body: Slice): number | undefined {
  return body.remainingBits >= 32 ? body.loadUint(32) : undefined;
}

/** The body behind the opcode; of a bounced message, behind the opcode that came back. */
export function fieldsOf(message: Message): Slice {
  const body = message.body.beginParse();
  return body.loadUint(32) === BOUNCED ? body.skip(32) : body;
}

/** Values of the messages of that name that went to somebody. */
export function sentTo(outcome: Outcome, to: Address, name: string): bigint {
  return outcome.outs.reduce(
    (sum, message) =>
      message.info.type === "internal" && message.info.dest.equals(to) && nameOf(message) === name
        ? sum + message.info.value.coins
        : sum,
    0n,
  );
}
