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
  equalBytes,
  hashLeaf,
  type JobAddress,
  LEAF_STATUS,
  type Prices,
  verifyHead,
  verifyInclusion,
  workerKeyToBytes,
} from "../protocol";
import { type Charged, chargedBy, type PlacedReceipt, type SignedBy } from "./placedReceipt";
import { proofBefore } from "./proofBefore";

/** What a worker has signed in a job, as this developer knows it. */
export interface Evidence {
  readonly networkId: number;
  readonly job: JobAddress;
  readonly prices: Prices;
  readonly receipt: PlacedReceipt;
  /** Verified ones of the same lane. */
  readonly known: readonly PlacedReceipt[];
}

/** A lie that the job's contract can see, and the message that shows it. */
export interface Lie {
  readonly name: "overcharge" | "false total" | "equivocation" | "rewritten log" | "counters back";
  readonly body: (builder: Builder) => void;
}

/** The lie in a receipt, by itself or beside the known ones; undefined where nothing of it can be proved. */
export function findLie(evidence: Evidence): Lie | undefined {
  const { receipt, known } = evidence;
  if (!isSigned(evidence, receipt) || !isIncluded(receipt)) {
    return undefined;
  }
  return (
    overcharge(evidence) ??
    falseTotal(receipt) ??
    first(known, (other) => equivocation(receipt, other)) ??
    first(known, (other) => rewrittenLog(receipt, other)) ??
    countersBack(receipt, known)
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

function isSigned({ networkId, job }: Evidence, { worker, head, signature }: SignedBy): boolean {
  return verifyHead(workerKeyToBytes(worker), { networkId, job, ...head }, signature);
}

function isIncluded({ leaf, place, proof, head }: PlacedReceipt): boolean {
  return verifyInclusion({ leafHash: hashLeaf(leaf), index: place, size: head.size, proof, root: head.root });
}

function overcharge({ receipt, prices }: Evidence): Lie | undefined {
  const { leaf, proof } = receipt;
  return costsItsPrice(chargedBy(leaf), prices)
    ? undefined
    : { name: "overcharge", body: chargeBody(receipt, receiptCell(leaf, proof), null) };
}

function costsItsPrice(charged: Charged, prices: Prices): boolean {
  try {
    return charged.amount === amountFor(charged, prices);
  } catch {
    return false; // it comes to more than an amount can say
  }
}

function falseTotal(receipt: PlacedReceipt): Lie | undefined {
  const { leaf, place, proof, head } = receipt;
  return place !== head.size - 1 || chargedBy(leaf).amount === head.amount
    ? undefined
    : totalLie(receipt, receiptCell(leaf, proof));
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

function equivocation(one: SignedBy, other: SignedBy): Lie | undefined {
  const [small, large] = one.head.size <= other.head.size ? [one, other] : [other, one];
  const isLie =
    small.head.size === large.head.size
      ? small.head.amount !== large.head.amount || !equalBytes(small.head.root, large.head.root)
      : small.head.amount > large.head.amount;
  return isLie
    ? {
        name: "equivocation",
        body: storeProveEquivocation({
          $$type: "ProveEquivocation",
          ...sender(one),
          first: signedHead(small),
          second: signedHead(large),
        }),
      }
    : undefined;
}

function rewrittenLog(receipt: PlacedReceipt, other: PlacedReceipt): Lie | undefined {
  const [mine, theirs] = [hashLeaf(receipt.leaf), hashLeaf(other.leaf)];
  if (receipt.place !== other.place || equalBytes(mine, theirs)) {
    return undefined;
  }
  return {
    name: "rewritten log",
    body: storeProveShrunkLog({
      $$type: "ProveShrunkLog",
      ...sender(receipt),
      index: BigInt(receipt.place),
      firstLeaf: toNumber(theirs),
      secondLeaf: toNumber(mine),
      first: signedHead(other),
      firstProof: proofCell(other.proof),
      second: signedHead(receipt),
      secondProof: proofCell(receipt.proof),
    }),
  };
}

/** The receipt before this one must be shown under the same head: its proof is made of this one's and of what is known. */
function countersBack(receipt: PlacedReceipt, known: readonly PlacedReceipt[]): Lie | undefined {
  const { leaf, place, proof, head } = receipt;
  const leaves = new Map(known.map((other) => [other.place, other.leaf]));
  const before = leaves.get(place - 1);
  if (before === undefined || !contradicts(chargedBy(before), chargedBy(leaf))) {
    return undefined;
  }
  const way = proofBefore({ place, size: head.size, leaf, proof }, (at) => leaves.get(at));
  if (way === undefined || !isIncluded({ ...receipt, place: place - 1, leaf: before, proof: way })) {
    return undefined;
  }
  const body = chargeBody(receipt, receiptCell(leaf, proof), receiptCell(before, way));
  return { name: "counters back", body };
}

/** True when the second cannot come right after the first. */
function contradicts(before: Charged, after: Charged): boolean {
  return (
    after.promptTokens < before.promptTokens ||
    after.cachedTokens < before.cachedTokens ||
    after.completionTokens < before.completionTokens ||
    after.reasoningTokens < before.reasoningTokens ||
    (after.status === LEAF_STATUS.refused && after.amount !== before.amount)
  );
}

function chargeBody(
  shown: PlacedReceipt,
  receipt: ReturnType<typeof receiptCell>,
  previous: ReturnType<typeof receiptCell> | null,
): Lie["body"] {
  return storeProveOvercharge({
    $$type: "ProveOvercharge",
    ...sender(shown),
    index: BigInt(shown.place),
    head: signedHead(shown),
    receipt,
    previous,
  });
}

const sender = ({ worker }: SignedBy) => ({ queryId: 0n, worker: BigInt(`0x${worker}`) });
const signedHead = ({ head, signature }: SignedBy) => headCell({ ...head, signature });
const toNumber = (hash: Uint8Array) => BigInt(`0x${Buffer.from(hash).toString("hex")}`);
