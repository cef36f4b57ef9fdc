import { FinalError } from "../errors";
import { createReader, createWriter, tagBytes } from "./bytes";
import * as primitives from "./crypto";
import {
  ADDRESS_BYTES,
  addressFromBytes,
  addressToBytes,
  type JobAddress,
  type RawAddress,
  toJobAddress,
} from "./ids";

const TAG = tagBytes("cocoon/terms/v1");

/** Bytes of encoded terms. */
export const TERMS_BYTES = TAG.length + 4 + 2 * ADDRESS_BYTES + 2 * 32 + 4 * 8;

/** Nanoton per 1,000,000 tokens of each kind. */
export interface Prices {
  readonly promptPrice: bigint;
  readonly cachedPrice: bigint;
  readonly completionPrice: bigint;
  readonly reasoningPrice: bigint;
}

/** What a job pays for. */
export interface Terms extends Prices {
  readonly networkId: number;
  readonly job: JobAddress;
  /** The ProviderStake. */
  readonly provider: RawAddress;
  /** [32] */
  readonly modelHash: Uint8Array;
  /** The developer's Ed25519 session key [32]. */
  readonly sessionPublicKey: Uint8Array;
}

/**
 * The terms' bytes. Throws `BAD_REQUEST` for a field out of range.
 *
 * @example
 * import { checkTermsBelong, decodeTerms, encodeTerms, hashTerms, toHex, toJobAddress, toRawAddress } from "cocoon/protocol";
 *
 * const job = toJobAddress(`0:${"ab".repeat(32)}`);
 * const terms = {
 *   networkId: -239,
 *   job,
 *   provider: toRawAddress(`0:${"02".repeat(32)}`),
 *   modelHash: new Uint8Array(32).fill(3),
 *   sessionPublicKey: new Uint8Array(32).fill(4),
 *   promptPrice: 200_000_000n,
 *   cachedPrice: 20_000_000n,
 *   completionPrice: 800_000_000n,
 *   reasoningPrice: 800_000_000n,
 * };
 * console.log(decodeTerms(encodeTerms(terms)).completionPrice); // 800000000
 * console.log(toHex(hashTerms(terms))); // 5aabb22f9a5f23ba9e216e2ae782f384d4f3454663d6d327498737e157e04f15
 * // Throws WRONG_NETWORK or WRONG_JOB.
 * checkTermsBelong(terms, { networkId: -239, job });
 */
export function encodeTerms(terms: Terms): Uint8Array {
  return createWriter(TERMS_BYTES)
    .bytes(TAG, TAG.length)
    .i32(terms.networkId)
    .bytes(addressToBytes(terms.job), ADDRESS_BYTES)
    .bytes(addressToBytes(terms.provider), ADDRESS_BYTES)
    .bytes(terms.modelHash, 32)
    .bytes(terms.sessionPublicKey, 32)
    .u64(terms.promptPrice)
    .u64(terms.cachedPrice)
    .u64(terms.completionPrice)
    .u64(terms.reasoningPrice)
    .finish();
}

/** Parses terms. Throws `BAD_REQUEST`. */
export function decodeTerms(bytes: Uint8Array): Terms {
  const reader = createReader(bytes, "BAD_REQUEST", "The terms");
  reader.literal(TAG, "tag");
  const terms: Terms = {
    networkId: reader.i32(),
    job: toJobAddress(addressFromBytes(reader.bytes(ADDRESS_BYTES))),
    provider: addressFromBytes(reader.bytes(ADDRESS_BYTES)),
    modelHash: reader.bytes(32),
    sessionPublicKey: reader.bytes(32),
    promptPrice: reader.u64(),
    cachedPrice: reader.u64(),
    completionPrice: reader.u64(),
    reasoningPrice: reader.u64(),
  };
  reader.end();
  return terms;
}

/** `termsHash = H(terms)` [32]. */
export function hashTerms(terms: Terms): Uint8Array {
  return primitives.sha256(encodeTerms(terms));
}

/** Throws `WRONG_NETWORK` or `WRONG_JOB` when the terms are another network's or job's. */
export function checkTermsBelong(
  terms: Terms,
  expected: { readonly networkId: number; readonly job: JobAddress },
): void {
  if (terms.networkId !== expected.networkId) {
    throw new FinalError("WRONG_NETWORK", "The terms are of another network.", {
      networkId: terms.networkId,
    });
  }
  if (terms.job !== expected.job) {
    throw new FinalError("WRONG_JOB", "The terms are of another job.", { job: terms.job });
  }
}
