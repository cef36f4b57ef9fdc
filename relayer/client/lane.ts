import { FinalError } from "../errors";
import {
  checkLeaf,
  createMerkleLog,
  encodeLeaf,
  equalBytes,
  hashLeaf,
  type Prices,
  type ReceiptLeaf,
  type TreeHead,
} from "../protocol";
import { invalid, rejected } from "./laneFault";

/** Receipts of which amount and bytes are kept: none that is on its way is older. Of all others the log has the hash. */
const MAX_REMEMBERED = 8192;
/** Receipts that may wait for the one before them: more than a worker runs at once. */
const MAX_WAITING = 4096;

export interface SignedTreeHead {
  readonly head: TreeHead;
  readonly signature: Uint8Array;
}

export interface LaneEntry extends SignedTreeHead {
  readonly leaf: ReceiptLeaf;
  /** What this request was allowed to cost; undefined for receipts of an earlier run. */
  readonly maxCostNano: bigint | undefined;
}

/** What one worker has signed in one job, checked leaf by leaf, whatever order the answers end in. */
export interface Lane {
  /**
   * Takes a verified record. Answers the request's cost as soon as the receipt before it is known.
   * Throws `RECEIPT_INVALID`; a lane that lied once stays refused, and the promise rejects.
   */
  add(entry: LaneEntry): Promise<bigint>;
  /**
   * A call ended here without a receipt, which the worker may yet have signed: one receipt may be missing from now on,
   * of at most this cost. Without this, one broken connection would stop co-signing for good.
   */
  forgive(maxCostNano: bigint): void;
  /** The receipt of such a call is here after all. */
  recall(maxCostNano: bigint): void;
  /** The highest amount seen, in nanoton. */
  amountNano(): bigint;
  /** Receipts accounted for without a gap from the first one on. */
  size(): number;
  /** The newest head of which every receipt is accounted for; while none is missing, its root is that of exactly those. */
  cosignable(): SignedTreeHead | undefined;
  isBroken(): boolean;
}

interface Waiting extends LaneEntry {
  readonly done: Promise<bigint>;
  resolve(costNano: bigint): void;
  reject(error: unknown): void;
}

export function createLane({ prices }: { readonly prices: Prices }): Lane {
  const log = createMerkleLog();
  const leaves = new Map<
    number,
    { readonly bytes: Uint8Array; readonly amount: bigint; readonly cost: bigint }
  >();
  const waiting = new Map<number, Waiting>();
  const heads = new Map<number, SignedTreeHead>();
  const forgiven: bigint[] = [];
  let next = 0;
  let last: ReceiptLeaf | undefined;
  let best: SignedTreeHead | undefined;
  let highest = 0n;
  let fault: FinalError | undefined;

  const breakLane = (error: FinalError): FinalError => {
    fault = error;
    best = undefined;
    for (const entry of waiting.values()) {
      entry.reject(error);
    }
    waiting.clear();
    return error;
  };
  const append = ({ leaf, maxCostNano }: LaneEntry, gapNano: bigint): bigint => {
    checkLeaf(leaf, prices, last === undefined ? undefined : { ...last, index: leaf.index - 1 });
    const grown = leaf.amount - (last?.amount ?? 0n);
    if (last === undefined && leaf.status === "refused" && grown > gapNano) {
      throw invalid("A refused request was charged.", leaf.index);
    }
    if (maxCostNano !== undefined && grown > maxCostNano + gapNano) {
      throw invalid("The request cost more than it was allowed to.", leaf.index);
    }
    const cost = maxCostNano !== undefined && grown > maxCostNano ? maxCostNano : grown;
    const bytes = encodeLeaf(leaf);
    if (log.size() === leaf.index) {
      log.append(bytes);
    }
    leaves.set(leaf.index, { bytes, amount: leaf.amount, cost });
    leaves.delete(leaf.index - MAX_REMEMBERED);
    last = leaf;
    next = leaf.index + 1;
    return cost;
  };
  const checkHeads = (): void => {
    for (const [size, signed] of heads) {
      const leaf = leaves.get(size - 1);
      if (size > next || leaf === undefined) {
        continue;
      }
      heads.delete(size);
      const isWhole = size <= log.size();
      if ((isWhole && !equalBytes(log.root(size), signed.head.root)) || leaf.amount !== signed.head.amount) {
        throw invalid("The head is not the head of the receipts before it.", size - 1);
      }
      if (best === undefined || size > best.head.size) {
        best = signed;
      }
    }
  };
  const drain = (): void => {
    for (;;) {
      const index = Math.min(...waiting.keys());
      const entry = waiting.get(index);
      if (entry === undefined || index - next > forgiven.length) {
        return;
      }
      const gapNano = forgiven.splice(0, index - next).reduce((sum, nano) => sum + nano, 0n);
      const costNano = append(entry, gapNano);
      waiting.delete(index);
      entry.resolve(costNano);
    }
  };
  const settle = (index: number): FinalError | undefined => {
    try {
      drain();
      checkHeads();
      return undefined;
    } catch (thrown) {
      return breakLane(thrown instanceof FinalError ? thrown : invalid("The receipt is wrong.", index));
    }
  };
  const problemOf = ({ leaf, head }: LaneEntry): FinalError | undefined => {
    if (waiting.size >= MAX_WAITING || head.size > next + 2 * MAX_WAITING) {
      return invalid("The receipts before this one are missing.", leaf.index);
    }
    const rival = heads.get(head.size);
    return rival !== undefined && !equalBytes(rival.head.root, head.root)
      ? invalid("The worker signed two heads of one size.", leaf.index)
      : undefined;
  };

  return {
    add: (entry) => {
      const { leaf, head } = entry;
      if (fault !== undefined) {
        return rejected(fault);
      }
      const past = leaves.get(leaf.index);
      const held = waiting.get(leaf.index);
      const bytes = encodeLeaf(leaf);
      const known = past?.bytes ?? (held === undefined ? undefined : encodeLeaf(held.leaf));
      const hash = past === undefined ? log.leafHash(leaf.index) : undefined;
      const isRival = known !== undefined && !equalBytes(known, bytes);
      if (isRival || (hash !== undefined && !equalBytes(hash, hashLeaf(bytes)))) {
        return rejected(breakLane(invalid("Two receipts have the same place in the lane.", leaf.index)));
      }
      if (held !== undefined || past !== undefined || leaf.index < next) {
        // The same once more, or one that was given up for lost and is paid for already.
        return held?.done ?? Promise.resolve(past?.cost ?? 0n);
      }
      const problem = problemOf(entry);
      if (problem !== undefined) {
        return rejected(breakLane(problem));
      }
      const done = new Promise<bigint>((resolve, reject) => {
        waiting.set(leaf.index, {
          ...entry,
          resolve,
          reject,
          get done() {
            return done;
          },
        });
      });
      done.catch(() => undefined);
      heads.set(head.size, entry);
      highest = head.amount > highest ? head.amount : highest;
      settle(leaf.index);
      return fault === undefined ? done : rejected(fault);
    },
    forgive: (maxCostNano) => {
      forgiven.push(maxCostNano);
      if (fault === undefined) {
        settle(next);
      }
    },
    recall: (maxCostNano) => {
      const at = forgiven.indexOf(maxCostNano);
      if (at >= 0) {
        forgiven.splice(at, 1);
      }
    },
    amountNano: () => highest,
    size: () => next,
    cosignable: () => best,
    isBroken: () => fault !== undefined,
  };
}
