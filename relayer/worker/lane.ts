import { FinalError, RetryableError } from "../errors";
import {
  amountFor,
  createMerkleLog,
  decodeLeaf,
  encodeLeaf,
  hashTerms,
  LEAF_BYTES,
  type LeafStatus,
  REQUEST_ID_BYTES,
  type ReceiptLeaf,
  type ReceiptRecord,
  type RequestId,
  requestIdToBytes,
  signHead,
  type Terms,
  type TreeHead,
  toRequestId,
  toWorkerKey,
  type Usage,
} from "../protocol";
import { createByteRows } from "../protocol/byteRows";
import type { WorkerKeys } from "./keys";
import { larger } from "./planRequest";

export interface LaneLimits {
  /** Nanoton. */
  readonly budget: bigint;
  /** Unix seconds. */
  readonly deadlineAt: number;
}

/** What one finished request adds to its lane. */
export interface FinishedRequest {
  readonly requestId: RequestId;
  readonly status: LeafStatus;
  readonly usage: Usage;
  readonly requestHash: Uint8Array;
  readonly responseHash: Uint8Array;
  readonly nowMs: number;
}

/** One job's log under this worker's key. Its functions do not wait, so that appends cannot interleave. */
export interface Lane {
  readonly terms: Terms;
  readonly termsHash: Uint8Array;
  state(): LaneLimits & { readonly amount: bigint; readonly reserved: bigint; readonly size: number };
  /** Budget and deadline only grow. */
  raise(limits: LaneLimits): void;
  /** Throws `JOB_EXPIRED` or `INSUFFICIENT_FUNDS`. */
  check(maxCost: bigint, nowSeconds: number): void;
  /** Sets money aside until the answer's `release`, which may be called more than once. */
  reserve(maxCost: bigint): () => void;
  /** Appends the receipt and signs the head that includes it. */
  append(keys: WorkerKeys, finished: FinishedRequest): ReceiptRecord;
  /** Records from that index on, each as it was when it was appended: what its own answer may have lost on the way. */
  records(keys: WorkerKeys, page: { readonly from: number; readonly count: number }): readonly LaneRecord[];
}

export interface LaneRecord {
  readonly requestId: RequestId;
  readonly record: ReceiptRecord;
}

const NO_USAGE: Usage = { promptTokens: 0n, cachedTokens: 0n, completionTokens: 0n, reasoningTokens: 0n };

export function createLane(terms: Terms, first: LaneLimits): Lane {
  const log = createMerkleLog();
  // Of each receipt its request's id, then its leaf. They stay as long as the key lives.
  const kept = createByteRows(REQUEST_ID_BYTES + LEAF_BYTES);
  let limits: LaneLimits = { budget: first.budget, deadlineAt: first.deadlineAt };
  let total = NO_USAGE;
  let amount = 0n;
  let reserved = 0n;

  // The head of a receipt is the one right after it. Signatures are deterministic, so a record is the same whenever it is made.
  const sign = (keys: WorkerKeys, leaf: ReceiptLeaf): ReceiptRecord => {
    const size = leaf.index + 1;
    const head: TreeHead = {
      networkId: terms.networkId,
      job: terms.job,
      size,
      root: log.root(size),
      amount: leaf.amount,
      issuedAt: Math.floor(leaf.finishedAt / 1000),
    };
    return {
      leaf,
      proof: log.inclusionProof(leaf.index, size),
      head,
      signature: signHead(keys.receiptSeed, head),
      worker: toWorkerKey(keys.receiptPublicKey),
    };
  };

  return {
    terms,
    termsHash: hashTerms(terms),
    state: () => ({ ...limits, amount, reserved, size: log.size() }),
    raise(next) {
      limits = {
        budget: larger(next.budget, limits.budget),
        deadlineAt: Math.max(next.deadlineAt, limits.deadlineAt),
      };
    },
    check(maxCost, nowSeconds) {
      if (nowSeconds >= limits.deadlineAt) {
        throw new FinalError("JOB_EXPIRED", "The job is past its deadline.", {
          deadlineAt: limits.deadlineAt,
        });
      }
      if (amount + reserved + maxCost > limits.budget) {
        const facts = { budget: limits.budget, amount, reserved, maxCost };
        // What is only reserved comes back when the requests that run now have ended.
        throw amount + maxCost > limits.budget
          ? new FinalError("INSUFFICIENT_FUNDS", "The lane's budget does not cover the request.", facts)
          : new RetryableError("INSUFFICIENT_FUNDS", "Running requests hold the rest of the budget.", facts);
      }
    },
    reserve(maxCost) {
      reserved += maxCost;
      let isHeld = true;
      return () => {
        if (isHeld) {
          isHeld = false;
          reserved -= maxCost;
        }
      };
    },
    append(keys, finished) {
      const { usage } = finished;
      total = {
        promptTokens: total.promptTokens + usage.promptTokens,
        cachedTokens: total.cachedTokens + usage.cachedTokens,
        completionTokens: total.completionTokens + usage.completionTokens,
        reasoningTokens: total.reasoningTokens + usage.reasoningTokens,
      };
      amount = amountFor(total, terms);
      const leaf: ReceiptLeaf = {
        ...total,
        status: finished.status,
        index: log.size(),
        requestHash: finished.requestHash,
        responseHash: finished.responseHash,
        amount,
        finishedAt: finished.nowMs,
      };
      const encoded = encodeLeaf(leaf);
      log.append(encoded);
      kept.push(requestIdToBytes(finished.requestId), encoded);
      return sign(keys, leaf);
    },
    records(keys, { from, count }) {
      const found: LaneRecord[] = [];
      for (let index = from; index < from + count; index += 1) {
        const row = kept.at(index);
        if (row === undefined) {
          break;
        }
        found.push({
          requestId: toRequestId(row.subarray(0, REQUEST_ID_BYTES)),
          record: sign(keys, decodeLeaf(row.subarray(REQUEST_ID_BYTES))),
        });
      }
      return found;
    },
  };
}
