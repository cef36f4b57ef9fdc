import type { Address, Cell, StateInit } from "@ton/core";
import { body } from "../../../support/actors";
import type { OfficeMemory } from "../offices";
import type { Stage } from "../stage";
import type { Step } from "../steps";
import { type JobView, type ProviderView, sameAddress } from "../views";

/** A message from a wallet. `name` and `amount` find its least value. */
export interface Sent {
  readonly name: string;
  readonly from: Address;
  readonly to: Address;
  /** What it moves, on top of its fees. */
  readonly amount?: bigint;
  readonly content: Cell;
  readonly init?: StateInit;
  /** What its signatures are worth; without it, it has none. */
  readonly truth?: Truth;
}

/** What only the signer knows. */
export interface Truth {
  readonly genuine: boolean;
  readonly cosigned?: boolean;
  /** Of a statement: the policy's epoch that it names. */
  readonly epoch?: number;
  /** Of a statement: whose signatures are under it, by index. */
  readonly signers?: readonly (readonly [number, bigint])[];
  readonly image?: bigint;
  readonly model?: bigint;
  /** Of a statement: the time in which it holds. */
  readonly from?: number;
  readonly until?: number;
}

/** What everyone sees. */
export interface Look {
  readonly now: number;
  readonly step: Step;
  readonly stage: Stage;
  readonly offices: OfficeMemory;
  job(index: number): JobView | undefined;
  provider(index: number): ProviderView | undefined;
}

export type Act = (look: Look, who: number) => readonly Sent[];

export const bare = (op: number): Cell => body((builder) => builder.storeUint(op, 32).storeUint(1, 64));
export const worded = (op: number, word: bigint): Cell =>
  body((builder) => builder.storeUint(op, 32).storeUint(1, 64).storeUint(word, 256));

export function pick<T>(list: readonly T[], index: number): T {
  const item = list[index % list.length];
  if (item === undefined) {
    throw new Error("Nothing to pick from.");
  }
  return item;
}

/** A job of this provider's; any, if it has none. */
export function ownJob(look: Look, who: number) {
  const { jobs, providers } = look.stage;
  const provider = pick(providers, who).address;
  const own = jobs.filter((_, index) => sameAddress(look.job(index)?.terms?.provider, provider));
  return pick(own.length > 0 ? own : jobs, look.step.job);
}

/** One of this developer's jobs that is as an act needs it; any of them, if there is none. */
export function developersJob(look: Look, who: number, fits: (job: JobView) => boolean): number {
  const { jobs, developers } = look.stage;
  const developer = pick(developers, who);
  const own = [...jobs.keys()].filter((index) => jobs[index]?.developer.equals(developer));
  const fitting = own.filter((index) => {
    const job = look.job(index);
    return job !== undefined && fits(job);
  });
  return pick(fitting.length > 0 ? fitting : own, look.step.job);
}

/** Jobs that are as an act needs them; all of them, if there is none. */
export function jobsThat(look: Look, fits: (job: JobView) => boolean): readonly number[] {
  const all = [...look.stage.jobs.keys()];
  const fitting = all.filter((index) => {
    const job = look.job(index);
    return job !== undefined && fits(job);
  });
  return fitting.length > 0 ? fitting : all;
}
