import type { Address, Cell, StateInit } from "@ton/core";
import { body } from "../../support/actors";

/** One random choice: what to do, and three numbers that say how. */
export interface Step {
  readonly act: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly arrivals: number;
  readonly choice: number;
}

interface Deployed {
  readonly address: Address;
  readonly init: StateInit;
}

/** Everyone who may act, and what they need to know. */
export interface Cast {
  readonly network: Address;
  readonly attestation: Address;
  readonly owners: readonly Address[];
  readonly operator: Address;
  readonly governor: Address;
  readonly guardian: Address;
  readonly stranger: Address;
  readonly providers: readonly Deployed[];
  readonly jobs: readonly (Deployed & { readonly developer: Address; readonly nonce: bigint })[];
  readonly least: {
    readonly open: bigint;
    readonly register: bigint;
    readonly govern: bigint;
    readonly attest: bigint;
    readonly plenty: bigint;
  };
}

export interface Sent {
  readonly from: Address;
  readonly to: Address;
  readonly value: bigint;
  readonly content: Cell;
  readonly init?: StateInit;
}

export const bare = (op: number) => body((builder) => builder.storeUint(op, 32).storeUint(1, 64));
export function pick<T>(list: readonly T[], number: number): T {
  const item = list[number % list.length];
  if (item === undefined) {
    throw new Error("Nothing to pick from.");
  }
  return item;
}

export type Scene = (cast: Cast, step: Pick<Step, "a" | "b" | "c">, now: number) => Sent[];
