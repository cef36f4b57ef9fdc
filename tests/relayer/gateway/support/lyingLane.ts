import {
  createMerkleLog,
  encodeLeaf,
  type ReceiptLeaf,
  type ReceiptRecord,
  signHead,
  type TreeHead,
} from "../../../../relayer/protocol";
import type { WorkerKeys } from "../../../../relayer/worker/keys";
import type { Lane } from "../../../../relayer/worker/lane";

/** What is signed in place of the truth: leaves of a log, the place of the receipt in it, and what its head says. */
export interface Story {
  readonly leaves: readonly ReceiptLeaf[];
  readonly index: number;
  readonly head?: Partial<Pick<TreeHead, "size" | "root" | "amount">>;
}

/** Told the honest log so far; the receipt of the answer under way is its last one. */
export type Lie = (leaves: readonly ReceiptLeaf[]) => Story;

/** A lane that says what `lieNow` makes of its log, and the truth where there is none. */
export function lyingLane(lane: Lane, lieNow: () => Lie | undefined): Lane {
  const leaves: ReceiptLeaf[] = [];
  return {
    ...lane,
    append: (keys, finished) => {
      const record = lane.append(keys, finished);
      leaves.push(record.leaf);
      const lie = lieNow();
      return lie === undefined ? record : tell(keys, { lane, record }, lie(leaves));
    },
  };
}

function tell(
  keys: WorkerKeys,
  { lane, record }: { readonly lane: Lane; readonly record: ReceiptRecord },
  story: Story,
): ReceiptRecord {
  const log = createMerkleLog();
  for (const leaf of story.leaves) {
    log.append(encodeLeaf(leaf));
  }
  const [leaf, last] = [story.leaves[story.index], story.leaves.at(-1)];
  if (leaf === undefined || last === undefined) {
    throw new Error("The story has no such receipt.");
  }
  const { networkId, job } = lane.terms;
  const { issuedAt } = record.head;
  const head = { size: log.size(), root: log.root(), amount: last.amount, issuedAt, ...story.head };
  return {
    worker: record.worker,
    leaf,
    proof: log.inclusionProof(story.index),
    head,
    signature: signHead(keys.receiptSeed, { ...head, networkId, job }),
  };
}
