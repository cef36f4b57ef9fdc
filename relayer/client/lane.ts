import { FinalError } from "../errors";
import {
  checkLeaf,
  createMerkleLog,
  encodeLeaf,
  equalBytes,
  type Prices,
  type ReceiptLeaf,
  type TreeHead,
} from "../protocol";

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
  /** The highest amount seen, in nanoton. */
  amountNano(): bigint;
  /** Receipts known without a gap from the first one on. */
  size(): number;
  /** The newest head of which every receipt is known and whose root is the root of exactly those. */
  cosignable(): SignedTreeHead | undefined;
  isBroken(): boolean;
}

interface Waiting extends LaneEntry {
  resolve(costNano: bigint): void;
  reject(error: unknown): void;
}

export function createLane({ prices }: { readonly prices: Prices }): Lane {
  const log = createMerkleLog();
  const leaves: { readonly bytes: Uint8Array; readonly amount: bigint }[] = [];
  const waiting = new Map<number, Waiting>();
  const heads = new Map<number, SignedTreeHead>();
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
  const costOf = (index: number): bigint =>
    (leaves[index]?.amount ?? 0n) - (index === 0 ? 0n : (leaves[index - 1]?.amount ?? 0n));

  const append = ({ leaf, maxCostNano }: LaneEntry): bigint => {
    checkLeaf(leaf, prices, last);
    const costNano = leaf.amount - (last?.amount ?? 0n);
    if (last === undefined && leaf.status === "refused" && costNano > 0n) {
      throw invalid("A refused request was charged.", leaf.index);
    }
    if (maxCostNano !== undefined && costNano > maxCostNano) {
      throw invalid("The request cost more than it was allowed to.", leaf.index);
    }
    const bytes = encodeLeaf(leaf);
    log.append(bytes);
    leaves.push({ bytes, amount: leaf.amount });
    last = leaf;
    return costNano;
  };
  const checkHeads = (): void => {
    for (const [size, signed] of heads) {
      if (size > log.size()) {
        continue;
      }
      heads.delete(size);
      if (!equalBytes(log.root(size), signed.head.root) || leaves[size - 1]?.amount !== signed.head.amount) {
        throw invalid("The head is not the head of the receipts before it.", size - 1);
      }
      if (best === undefined || size > best.head.size) {
        best = signed;
      }
    }
  };
  const drain = (): void => {
    for (;;) {
      const next = waiting.get(log.size());
      if (next === undefined) {
        return;
      }
      const costNano = append(next);
      waiting.delete(next.leaf.index);
      next.resolve(costNano);
    }
  };

  const lane: Lane = {
    add: (entry) => {
      const { leaf, head } = entry;
      if (fault !== undefined) {
        return rejected(fault);
      }
      const known = leaves[leaf.index]?.bytes ?? bytesOf(waiting.get(leaf.index)?.leaf);
      if (known !== undefined) {
        const same = equalBytes(known, encodeLeaf(leaf));
        return same && leaf.index < log.size()
          ? Promise.resolve(costOf(leaf.index))
          : rejected(breakLane(invalid("Two receipts have the same place in the lane.", leaf.index)));
      }
      if (waiting.size >= MAX_WAITING || head.size > log.size() + 2 * MAX_WAITING) {
        return rejected(breakLane(invalid("The receipts before this one are missing.", leaf.index)));
      }
      const rival = heads.get(head.size);
      if (rival !== undefined && !equalBytes(rival.head.root, head.root)) {
        return rejected(breakLane(invalid("The worker signed two heads of one size.", leaf.index)));
      }
      const done = new Promise<bigint>((resolve, reject) => {
        waiting.set(leaf.index, { ...entry, resolve, reject });
      });
      done.catch(() => undefined);
      heads.set(head.size, entry);
      highest = head.amount > highest ? head.amount : highest;
      try {
        drain();
        checkHeads();
      } catch (thrown) {
        return rejected(
          breakLane(thrown instanceof FinalError ? thrown : invalid("The receipt is wrong.", leaf.index)),
        );
      }
      return done;
    },
    amountNano: () => highest,
    size: () => log.size(),
    cosignable: () => best,
    isBroken: () => fault !== undefined,
  };
  return lane;
}

function bytesOf(leaf: ReceiptLeaf | undefined): Uint8Array | undefined {
  return leaf === undefined ? undefined : encodeLeaf(leaf);
}

/** A rejection that nobody needs to be waiting for. */
function rejected(error: FinalError): Promise<never> {
  const promise = Promise.reject(error);
  promise.catch(() => undefined);
  return promise;
}

function invalid(message: string, index: number): FinalError {
  return new FinalError("RECEIPT_INVALID", message, { index });
}
