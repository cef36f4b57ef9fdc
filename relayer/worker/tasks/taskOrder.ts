import type { Cell } from "@ton/core";
import type { JobAddress, Prices, WorkerKey } from "../../protocol";

/** A task as the relayer found it on the chain. The signature names job and request, so a false one is worth nothing. */
export interface TaskOrder {
  readonly job: JobAddress;
  /** Whose lane the job has or will have; a sealed request is signed for by the key that it was sealed to. */
  readonly worker: WorkerKey;
  readonly openedAt: number;
  readonly deadlineAt: number;
  readonly modelHash: Uint8Array;
  readonly request: Cell;
  /** What lies where a located request points; undefined when it was not to be had. */
  readonly content: Uint8Array | undefined;
  readonly prices: Prices;
  readonly priceNano: bigint;
  /** The deadline is near: a model that fails now has failed for good. */
  readonly isLastTry: boolean;
}
