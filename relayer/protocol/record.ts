import * as z from "zod/mini";
import { FinalError } from "../errors";
import { bytesToUtf8, equalBytes, utf8ToBytes } from "./bytes";
import { SIGNATURE_BYTES, type TreeHead, verifyHead } from "./head";
import { type JobAddress, toWorkerKey, type WorkerKey, workerKeyToBytes } from "./ids";
import { hashLeaf, verifyInclusion } from "./merkle";
import { checkLeaf, decodeLeaf, encodeLeaf, LEAF_BYTES, type ReceiptLeaf } from "./receipt";
import type { Prices } from "./terms";
import { fromBase64, toBase64 } from "./text";

/** Hashes in an inclusion proof: a log of 2^53 leaves has no more. */
const MAX_PROOF_HASHES = 53;
/** Digits of the largest 64-bit number. */
const MAX_AMOUNT_DIGITS = 20;

const recordSchema = z.strictObject({
  leaf: z.string(),
  index: z.int().check(z.minimum(0)),
  size: z.int().check(z.minimum(1)),
  proof: z.array(z.string()).check(z.maxLength(MAX_PROOF_HASHES)),
  root: z.string(),
  amount: z.string().check(z.maxLength(MAX_AMOUNT_DIGITS)),
  issuedAt: z.int().check(z.minimum(0)),
  signature: z.string(),
  worker: z.string(),
});

/** A receipt with what proves it: the parts that record frame, store and explorer pass on. */
export interface ReceiptRecord {
  readonly leaf: ReceiptLeaf;
  /** Hashes [32] from the leaf to the root of `head`. */
  readonly proof: readonly Uint8Array[];
  readonly head: Pick<TreeHead, "size" | "root" | "amount" | "issuedAt">;
  /** The worker's signature [64] over the head. */
  readonly signature: Uint8Array;
  readonly worker: WorkerKey;
}

/** Whose record it must be; hashes and prices are compared where they are given. */
export interface ExpectedRecord {
  readonly networkId: number;
  readonly job: JobAddress;
  /** The receipt key [32] of the worker that was asked. */
  readonly workerPublicKey: Uint8Array;
  readonly requestHash?: Uint8Array;
  readonly responseHash?: Uint8Array;
  readonly prices?: Prices;
  /** The leaf right before it in the lane, where known. */
  readonly previous?: ReceiptLeaf;
}

/**
 * The JSON bytes of a record frame.
 *
 * @example
 * import { createMerkleLog, encodeLeaf, encodeRecord, parseRecord, primitives, signHead, toJobAddress, toWorkerKey, verifyRecord } from "cocoon/protocol";
 *
 * const receiptSeed = new Uint8Array(32).fill(1);
 * const workerPublicKey = primitives.ed25519PublicKey(receiptSeed);
 * const job = toJobAddress(`0:${"ab".repeat(32)}`);
 * const hash = new Uint8Array(32);
 * const usage = { promptTokens: 10n, cachedTokens: 0n, completionTokens: 4n, reasoningTokens: 0n };
 * const leaf = { status: "ok", index: 0, requestHash: hash, responseHash: hash, ...usage, amount: 5_200n, finishedAt: 1_800_000_000_000 } as const;
 * const log = createMerkleLog();
 * log.append(encodeLeaf(leaf));
 * const head = { networkId: -239, job, size: 1, root: log.root(), amount: 5_200n, issuedAt: 1_800_000_000 };
 * const frame = encodeRecord({
 *   leaf,
 *   proof: log.inclusionProof(0),
 *   head: { size: head.size, root: head.root, amount: head.amount, issuedAt: head.issuedAt },
 *   signature: signHead(receiptSeed, head),
 *   worker: toWorkerKey(workerPublicKey),
 * });
 * // Throws HEAD_INVALID or RECEIPT_INVALID.
 * const verified = verifyRecord(parseRecord(frame), { networkId: -239, job, workerPublicKey, requestHash: hash, responseHash: hash });
 * console.log(verified.amount); // 5200
 */
export function encodeRecord(record: ReceiptRecord): Uint8Array {
  return utf8ToBytes(
    JSON.stringify({
      leaf: toBase64(encodeLeaf(record.leaf)),
      index: record.leaf.index,
      size: record.head.size,
      proof: record.proof.map(toBase64),
      root: toBase64(record.head.root),
      amount: record.head.amount.toString(),
      issuedAt: record.head.issuedAt,
      signature: toBase64(record.signature),
      worker: record.worker,
    }),
  );
}

/** Parses a record frame: exactly these fields, canonical texts. Throws `RECEIPT_INVALID`. */
export function parseRecord(json: Uint8Array): ReceiptRecord {
  try {
    const fields = recordSchema.parse(JSON.parse(bytesToUtf8(json)));
    const leaf = decodeLeaf(fromBase64(fields.leaf, LEAF_BYTES));
    if (leaf.index !== fields.index) {
      throw invalid("The record names another index than its leaf.");
    }
    const worker = toWorkerKey(fields.worker);
    if (worker !== fields.worker) {
      throw invalid("The record's worker key is not in lower case.");
    }
    return {
      leaf,
      proof: fields.proof.map((hash) => fromBase64(hash, 32)),
      head: {
        size: fields.size,
        root: fromBase64(fields.root, 32),
        amount: parseAmount(fields.amount),
        issuedAt: fields.issuedAt,
      },
      signature: fromBase64(fields.signature, SIGNATURE_BYTES),
      worker,
    };
  } catch (cause) {
    if (cause instanceof FinalError && cause.code === "RECEIPT_INVALID") {
      throw cause;
    }
    throw new FinalError("RECEIPT_INVALID", "The record is not well formed.", {}, { cause });
  }
}

/**
 * Verifies a parsed record and returns its full head: the right worker, its signature over the head of this job and
 * network, the leaf in that head's tree, amounts that agree, and whatever else `expected` names.
 * Throws `HEAD_INVALID` (worker or signature) or `RECEIPT_INVALID`.
 */
export function verifyRecord(record: ReceiptRecord, expected: ExpectedRecord): TreeHead {
  const { leaf } = record;
  const head: TreeHead = { networkId: expected.networkId, job: expected.job, ...record.head };
  if (!equalBytes(workerKeyToBytes(record.worker), expected.workerPublicKey)) {
    throw new FinalError("HEAD_INVALID", "The record is of another worker.", { worker: record.worker });
  }
  if (!verifyHead(expected.workerPublicKey, head, record.signature)) {
    throw new FinalError("HEAD_INVALID", "The worker did not sign this head for this job.", {
      size: head.size,
    });
  }
  const claim = { leafHash: hashLeaf(encodeLeaf(leaf)), index: leaf.index, proof: record.proof };
  if (!verifyInclusion({ ...claim, size: head.size, root: head.root })) {
    throw invalid("The receipt is not in the tree of its head.");
  }
  const isLast = leaf.index === head.size - 1;
  if (isLast ? leaf.amount !== head.amount : leaf.amount > head.amount) {
    throw invalid("The receipt and its head disagree about the amount.");
  }
  if (expected.requestHash !== undefined && !equalBytes(leaf.requestHash, expected.requestHash)) {
    throw invalid("The receipt is for another request.");
  }
  if (expected.responseHash !== undefined && !equalBytes(leaf.responseHash, expected.responseHash)) {
    throw invalid("The receipt is for another response.");
  }
  if (expected.prices !== undefined) {
    checkLeaf(leaf, expected.prices, expected.previous);
  }
  return head;
}

function parseAmount(text: string): bigint {
  const isCanonical = [...text].every((char) => char >= "0" && char <= "9") && text.length > 0;
  if (!isCanonical || BigInt(text).toString() !== text) {
    throw invalid("The record's amount is not a decimal number.");
  }
  return BigInt(text);
}

function invalid(message: string): FinalError {
  return new FinalError("RECEIPT_INVALID", message);
}
