import { StruckEpoch } from "../../../wrappers/messages";
import type { Identity } from "./identity";
import type { Slots } from "./slots";

/** What the provider's contract says about a worker key. */
export interface ChainWorker {
  readonly expiresAt: number;
  readonly epoch: number;
  readonly hpkeKeyHash: bigint;
  readonly imageHash: bigint;
}

export interface WorkerEntry {
  readonly url: string;
  /** Where sealed requests go. */
  readonly sealed: { readonly origin: string; readonly path: string };
  readonly slots: Slots;
  identity: Identity | undefined;
  alive: boolean;
  failures: number;
  /** Called when the worker is found dead: requests that it has not begun to answer are handed back. */
  readonly onDead: Set<() => void>;
  /** It ends what it runs, gets nothing new, and is then forgotten. */
  draining: boolean;
  /** Undefined while its key is not attested. */
  onChain: ChainWorker | undefined;
  /** Budget by job, as last told to this key's lanes. */
  readonly lanes: Map<string, bigint>;
  /** Itself; for keys that the worker had before, the entry of its present ones. */
  readonly owner: WorkerEntry;
  /** The worker under keys that it had before and that still serve, the newest first. */
  former: readonly WorkerEntry[];
}

/** A lie of this key was proved: nothing attests it again, and no developer uses it. */
export function isStruck({ onChain }: Pick<WorkerEntry, "onChain">): boolean {
  return onChain?.epoch === Number(StruckEpoch);
}

/**
 * The same worker under the keys that it had before: they serve their lanes until their statement ends. Everything but
 * keys, attestation and lanes is the worker's own.
 */
export function formerEntry(owner: WorkerEntry, identity: Identity): WorkerEntry {
  return {
    url: owner.url,
    sealed: owner.sealed,
    slots: owner.slots,
    onDead: owner.onDead,
    owner,
    former: [],
    identity,
    onChain: owner.onChain,
    lanes: new Map(owner.lanes),
    get alive() {
      return owner.alive;
    },
    set alive(alive) {
      owner.alive = alive;
    },
    get failures() {
      return owner.failures;
    },
    set failures(failures) {
      owner.failures = failures;
    },
    get draining() {
      return owner.draining;
    },
    set draining(draining) {
      owner.draining = draining;
    },
  };
}
