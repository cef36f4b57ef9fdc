import type { Address } from "@ton/core";
import type { ChainReader, Outbox, Wallet } from "../chain";
import type { Clock } from "../observe/clock";
import type { Log } from "../observe/log";
import type { RawAddress } from "../protocol";
import type { Store } from "../store";
import type { Book } from "./book";
import type { Metrics } from "./metrics";
import type { Policy } from "./policy";
import type { WorkerPool } from "./workers/pool";

/** What every part of the relayer shares. */
export interface Context {
  readonly policy: Policy;
  readonly store: Store;
  readonly reader: ChainReader;
  readonly wallet: Wallet;
  readonly outbox: Outbox;
  readonly log: Log;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly networkId: number;
  /** NetworkRegistry. */
  readonly registry: Address;
  /** ProviderStake. */
  readonly provider: Address;
  readonly providerRaw: RawAddress;
  readonly book: Book;
  readonly pool: WorkerPool;
  /** Aborted when the process stops. */
  readonly signal: AbortSignal;
  /** Wakes the part that acts on a change, instead of letting it wait for its turn. */
  readonly kick: { lanes(): void; settle(): void; attest(): void };
}

export const nowSeconds = (clock: Clock): number => Math.floor(clock.nowMs() / 1_000);
