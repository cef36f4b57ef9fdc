import { FinalError } from "../errors";
import { createReader, createWriter, tagBytes } from "./bytes";
import * as primitives from "./crypto";
import { type Nano, toNano } from "./ids";
import type { Prices } from "./terms";

/** Bytes of a receipt leaf; with its prefix it fits one TVM slice for hashing. */
export const LEAF_BYTES = 122;

/** Tokens that the prices of the terms stand for. */
export const TOKENS_PER_PRICE = 1_000_000n;

const LEAF_VERSION = 1;
const MAX_U64 = (1n << 64n) - 1n;
const REQUEST_TAG = tagBytes("cocoon/request-hash/v1");
const RESPONSE_TAG = tagBytes("cocoon/response-hash/v1");

/** Numbers of the `status` field; a refused request adds nothing to the amount. */
export const LEAF_STATUS = { ok: 0, stopped: 1, refused: 2, failed: 3 } as const;
export type LeafStatus = keyof typeof LEAF_STATUS;

/** Token counts: `promptTokens` excludes cached, `completionTokens` excludes reasoning ones. */
export interface Usage {
  readonly promptTokens: bigint;
  readonly cachedTokens: bigint;
  readonly completionTokens: bigint;
  readonly reasoningTokens: bigint;
}

/** One entry of a lane's log. The four counters and the amount are cumulative over the lane. */
export interface ReceiptLeaf extends Usage {
  readonly status: LeafStatus;
  /** Position in the lane's log, from 0. */
  readonly index: number;
  readonly requestHash: Uint8Array;
  readonly responseHash: Uint8Array;
  /** Nanoton. */
  readonly amount: bigint;
  /** Unix milliseconds. */
  readonly finishedAt: number;
}

/**
 * The leaf's 122 bytes. Throws `BAD_REQUEST` for a field out of range.
 *
 * @example
 * import { amountFor, checkLeaf, createResponseHasher, decodeLeaf, encodeLeaf, hashRequest, hashResponse, toHex, utf8ToBytes } from "cocoon/protocol";
 *
 * const salt = new Uint8Array(32).fill(7);
 * const prices = { promptPrice: 200_000_000n, cachedPrice: 20_000_000n, completionPrice: 800_000_000n, reasoningPrice: 800_000_000n };
 * const usage = { promptTokens: 10n, cachedTokens: 0n, completionTokens: 4n, reasoningTokens: 0n };
 * const hasher = createResponseHasher(salt);
 * hasher.update(utf8ToBytes("an "));
 * hasher.update(utf8ToBytes("answer"));
 * const responseHash = hasher.digest();
 * console.log(toHex(responseHash) === toHex(hashResponse(salt, utf8ToBytes("an answer")))); // true
 * const leaf = {
 *   status: "ok",
 *   index: 0,
 *   requestHash: hashRequest(salt, utf8ToBytes("{}")),
 *   responseHash,
 *   ...usage,
 *   amount: amountFor(usage, prices),
 *   finishedAt: 1_800_000_000_000,
 * } as const;
 * // Throws RECEIPT_INVALID when the amount is not what the prices say.
 * checkLeaf(leaf, prices);
 * console.log(encodeLeaf(leaf).length, decodeLeaf(encodeLeaf(leaf)).amount); // 122 5200
 */
export function encodeLeaf(leaf: ReceiptLeaf): Uint8Array {
  return createWriter(LEAF_BYTES)
    .u8(LEAF_VERSION)
    .u8(LEAF_STATUS[leaf.status])
    .u64(leaf.index)
    .bytes(leaf.requestHash, 32)
    .bytes(leaf.responseHash, 32)
    .u64(leaf.promptTokens)
    .u64(leaf.cachedTokens)
    .u64(leaf.completionTokens)
    .u64(leaf.reasoningTokens)
    .u64(leaf.amount)
    .u64(leaf.finishedAt)
    .finish();
}

/** Parses a leaf. Throws `RECEIPT_INVALID`. */
export function decodeLeaf(bytes: Uint8Array): ReceiptLeaf {
  const reader = createReader(bytes, "RECEIPT_INVALID", "The receipt");
  reader.literal(Uint8Array.of(LEAF_VERSION), "version");
  const leaf: ReceiptLeaf = {
    status: leafStatusOf(reader.u8()),
    index: reader.safeU64(),
    requestHash: reader.bytes(32),
    responseHash: reader.bytes(32),
    promptTokens: reader.u64(),
    cachedTokens: reader.u64(),
    completionTokens: reader.u64(),
    reasoningTokens: reader.u64(),
    amount: reader.u64(),
    finishedAt: reader.safeU64(),
  };
  reader.end();
  return leaf;
}

/**
 * Nanoton due for cumulative usage: `floor(Σ tokens · price / 1,000,000)`, rounded once over the whole lane.
 * Throws `RECEIPT_INVALID` when a number is negative or the amount exceeds 64 bits.
 */
export function amountFor(usage: Usage, prices: Prices): Nano {
  const counts = [usage.promptTokens, usage.cachedTokens, usage.completionTokens, usage.reasoningTokens];
  const rates = [prices.promptPrice, prices.cachedPrice, prices.completionPrice, prices.reasoningPrice];
  let sum = 0n;
  for (const [kind, count] of counts.entries()) {
    const rate = rates[kind] ?? 0n;
    if (count < 0n || rate < 0n) {
      throw invalid("Token counts and prices cannot be negative.");
    }
    sum += count * rate;
  }
  const amount = sum / TOKENS_PER_PRICE;
  if (amount > MAX_U64) {
    throw invalid("The amount of the usage exceeds 64 bits.");
  }
  return toNano(amount);
}

/**
 * Checks that a leaf charges what the prices say, and where the one before it is known, that it follows it:
 * next index, no counter that goes back. Throws `RECEIPT_INVALID`.
 */
export function checkLeaf(leaf: ReceiptLeaf, prices: Prices, previous?: ReceiptLeaf): void {
  const due = amountFor(leaf, prices);
  if (leaf.amount !== due) {
    throw invalid("The receipt charges another amount than its usage costs.", leaf, due);
  }
  if (previous === undefined) {
    return;
  }
  const goesBack =
    leaf.promptTokens < previous.promptTokens ||
    leaf.cachedTokens < previous.cachedTokens ||
    leaf.completionTokens < previous.completionTokens ||
    leaf.reasoningTokens < previous.reasoningTokens;
  if (leaf.index !== previous.index + 1 || goesBack) {
    throw invalid("The receipt does not follow the one before it.", leaf, due);
  }
  if (leaf.status === "refused" && leaf.amount !== previous.amount) {
    throw invalid("A refused request was charged.", leaf, previous.amount);
  }
}

/** `requestHash` [32] of a JSON body as sealed, under the developer's salt [32]. */
export function hashRequest(salt: Uint8Array, body: Uint8Array): Uint8Array {
  return primitives.sha256(REQUEST_TAG, checkedSalt(salt), body);
}

/** `responseHash` [32] of a whole transcript: the payloads of all data frames, without the first (its status). */
export function hashResponse(salt: Uint8Array, transcript: Uint8Array): Uint8Array {
  return primitives.sha256(RESPONSE_TAG, checkedSalt(salt), transcript);
}

/** Hashes a response while it passes: `update` for each payload, `digest` [32] once. */
export interface ResponseHasher {
  update(payload: Uint8Array): void;
  digest(): Uint8Array;
}

/** A hasher that answers as `hashResponse` of the concatenated payloads. */
export function createResponseHasher(salt: Uint8Array): ResponseHasher {
  const hash = primitives.createSha256();
  hash.update(RESPONSE_TAG);
  hash.update(checkedSalt(salt));
  return hash;
}

function checkedSalt(salt: Uint8Array): Uint8Array {
  if (salt.length !== 32) {
    throw new FinalError("BAD_REQUEST", "A salt has 32 bytes.", { length: salt.length });
  }
  return salt;
}

function leafStatusOf(value: number): LeafStatus {
  switch (value) {
    case LEAF_STATUS.ok:
      return "ok";
    case LEAF_STATUS.stopped:
      return "stopped";
    case LEAF_STATUS.refused:
      return "refused";
    case LEAF_STATUS.failed:
      return "failed";
    default:
      throw invalid("The receipt has an unknown status.");
  }
}

function invalid(message: string, leaf?: ReceiptLeaf, due?: bigint): FinalError {
  return new FinalError("RECEIPT_INVALID", message, { index: leaf?.index, amount: leaf?.amount, due });
}
