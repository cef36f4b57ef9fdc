import type { Builder } from "@ton/core";
import { headCell, proofCell, receiptCell } from "../../wrappers/evidence";
import {
  storeProveEquivocation,
  storeProveFalseTotal,
  storeProveOvercharge,
  storeProveShrunkLog,
} from "../../wrappers/messages";
import {
  amountFor,
  createMerkleLog,
  encodeLeaf,
  equalBytes,
  hashLeaf,
  type JobAddress,
  type Prices,
  type ReceiptRecord,
  verifyHead,
  verifyInclusion,
  workerKeyToBytes,
} from "../protocol";

/** What a worker has signed in a job, as this developer knows it. */
export interface Evidence {
  readonly networkId: number;
  readonly job: JobAddress;
  readonly prices: Prices;
  readonly record: ReceiptRecord;
  /** Verified records of the same lane. */
  readonly known: readonly ReceiptRecord[];
}

/** A head as its worker signed it. */
export type SignedBy = Pick<ReceiptRecord, "worker" | "head" | "signature">;

/** A lie that the job's contract can see, and the message that shows it. */
export interface Lie {
  readonly name: "overcharge" | "false total" | "equivocation" | "rewritten log" | "counters back";
  readonly body: (builder: Builder) => void;
}

/** The lie in a record, by itself or beside the known ones; undefined where nothing of it can be proved. */
export function findLie(evidence: Evidence): Lie | undefined {
  const { record, known } = evidence;
  if (!isSigned(evidence, record) || !isIncluded(record)) {
    return undefined;
  }
  return (
    overcharge(evidence) ??
    falseTotal(record) ??
    first(known, (other) => equivocation(record, other)) ??
    first(known, (other) => rewrittenLog(record, other)) ??
    countersBack(record, known)
  );
}

function first<T>(known: readonly T[], find: (other: T) => Lie | undefined): Lie | undefined {
  for (const other of known) {
    const lie = find(other);
    if (lie !== undefined) {
      return lie;
    }
  }
  return undefined;
}

function isSigned({ networkId, job }: Evidence, { worker, head, signature }: ReceiptRecord): boolean {
  return verifyHead(workerKeyToBytes(worker), { networkId, job, ...head }, signature);
}

function isIncluded({ leaf, proof, head }: ReceiptRecord): boolean {
  const leafHash = hashLeaf(encodeLeaf(leaf));
  return verifyInclusion({ leafHash, index: leaf.index, size: head.size, proof, root: head.root });
}

function overcharge({ record, prices }: Evidence): Lie | undefined {
  const { leaf, proof } = record;
  if (leaf.amount === amountFor(leaf, prices)) {
    return undefined;
  }
  return { name: "overcharge", body: chargeBody(record, receiptCell(encodeLeaf(leaf), proof), null) };
}

function falseTotal(record: ReceiptRecord): Lie | undefined {
  const { leaf, proof, head } = record;
  return leaf.index !== head.size - 1 || leaf.amount === head.amount
    ? undefined
    : totalLie(record, receiptCell(encodeLeaf(leaf), proof));
}

/**
 * The lie in a head that somebody else carried to the job, over an empty log or beside receipts that the worker gave here;
 * undefined where its log would have to be shown first.
 */
export function findClaimLie(claim: SignedBy, known: readonly SignedBy[]): Lie | undefined {
  return claim.head.size === 0 && claim.head.amount > 0n
    ? totalLie(claim, null)
    : first(known, (other) => equivocation(claim, other));
}

function totalLie(claim: SignedBy, receipt: ReturnType<typeof receiptCell> | null): Lie {
  return {
    name: "false total",
    body: storeProveFalseTotal({
      $$type: "ProveFalseTotal",
      ...sender(claim),
      head: signedHead(claim),
      receipt,
    }),
  };
}

function equivocation(record: SignedBy, other: SignedBy): Lie | undefined {
  const [small, large] = record.head.size <= other.head.size ? [record, other] : [other, record];
  const isLie =
    small.head.size === large.head.size
      ? small.head.amount !== large.head.amount || !equalBytes(small.head.root, large.head.root)
      : small.head.amount > large.head.amount;
  return isLie
    ? {
        name: "equivocation",
        body: storeProveEquivocation({
          $$type: "ProveEquivocation",
          ...sender(record),
          first: signedHead(small),
          second: signedHead(large),
        }),
      }
    : undefined;
}

function rewrittenLog(record: ReceiptRecord, other: ReceiptRecord): Lie | undefined {
  const [mine, theirs] = [hashLeaf(encodeLeaf(record.leaf)), hashLeaf(encodeLeaf(other.leaf))];
  if (record.leaf.index !== other.leaf.index || equalBytes(mine, theirs)) {
    return undefined;
  }
  return {
    name: "rewritten log",
    body: storeProveShrunkLog({
      $$type: "ProveShrunkLog",
      ...sender(record),
      index: BigInt(record.leaf.index),
      firstLeaf: toNumber(theirs),
      secondLeaf: toNumber(mine),
      first: signedHead(other),
      firstProof: proofCell(other.proof),
      second: signedHead(record),
      secondProof: proofCell(record.proof),
    }),
  };
}

/** The receipt before this one must be shown under the same head, which takes every receipt before it. */
function countersBack(record: ReceiptRecord, known: readonly ReceiptRecord[]): Lie | undefined {
  const { leaf, head } = record;
  const earlier = known.map((other) => other.leaf).filter(({ index }) => index < leaf.index);
  const leaves = [...earlier.toSorted((a, b) => a.index - b.index), leaf];
  const previous = leaves[leaf.index - 1];
  if (
    previous === undefined ||
    leaf.index !== head.size - 1 ||
    leaves.some(({ index }, at) => index !== at)
  ) {
    return undefined;
  }
  const log = createMerkleLog();
  for (const each of leaves) {
    log.append(encodeLeaf(each));
  }
  const goesBack =
    leaf.promptTokens < previous.promptTokens ||
    leaf.cachedTokens < previous.cachedTokens ||
    leaf.completionTokens < previous.completionTokens ||
    leaf.reasoningTokens < previous.reasoningTokens ||
    (leaf.status === "refused" && leaf.amount !== previous.amount);
  if (!goesBack || !equalBytes(log.root(), head.root)) {
    return undefined;
  }
  const shown = receiptCell(encodeLeaf(leaf), record.proof);
  const before = receiptCell(encodeLeaf(previous), log.inclusionProof(previous.index));
  return { name: "counters back", body: chargeBody(record, shown, before) };
}

function chargeBody(
  record: ReceiptRecord,
  receipt: ReturnType<typeof receiptCell>,
  previous: ReturnType<typeof receiptCell> | null,
): Lie["body"] {
  return storeProveOvercharge({
    $$type: "ProveOvercharge",
    ...sender(record),
    index: BigInt(record.leaf.index),
    head: signedHead(record),
    receipt,
    previous,
  });
}

const sender = ({ worker }: SignedBy) => ({ queryId: 0n, worker: BigInt(`0x${worker}`) });
const signedHead = ({ head, signature }: SignedBy) => headCell({ ...head, signature });
const toNumber = (hash: Uint8Array) => BigInt(`0x${Buffer.from(hash).toString("hex")}`);
