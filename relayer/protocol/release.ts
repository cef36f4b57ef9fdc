import { FinalError } from "../errors";
import { createWriter, tagBytes } from "./bytes";
import * as primitives from "./crypto";
import { ADDRESS_BYTES, addressToBytes, type JobAddress } from "./ids";

const TAG = tagBytes("cocoon/release/v1");

/** Bytes of the statement that asks a provider to release a job. */
export const RELEASE_BYTES = TAG.length + 4 + ADDRESS_BYTES + 8;
/** Longest life of such a statement. */
export const MAX_RELEASE_SECONDS = 3_600;

/** The developer wants no more work in this job: its provider may end it as soon as everything is paid. */
export interface ReleaseAsk {
  readonly networkId: number;
  readonly job: JobAddress;
  /** Unix seconds; from then on the statement is void. */
  readonly expiresAt: number;
}

/** The statement's bytes. Throws `BAD_REQUEST` for a field out of range. */
export function encodeRelease(ask: ReleaseAsk): Uint8Array {
  return createWriter(RELEASE_BYTES)
    .bytes(TAG, TAG.length)
    .i32(ask.networkId)
    .bytes(addressToBytes(ask.job), ADDRESS_BYTES)
    .u64(ask.expiresAt)
    .finish();
}

/**
 * The signature [64], with the seed [32] of the session key.
 *
 * @example
 * import { checkRelease, encodeRelease, primitives, signRelease, toJobAddress } from "cocoon/protocol";
 *
 * const sessionSeed = new Uint8Array(32).fill(1);
 * const ask = { networkId: -239, job: toJobAddress(`0:${"ab".repeat(32)}`), expiresAt: 1_800_000_300 };
 * const signature = signRelease(sessionSeed, ask);
 * const sessionPublicKey = primitives.ed25519PublicKey(sessionSeed);
 * // Throws BAD_AUTHORIZATION once a field, the key or the time is another.
 * checkRelease({ ask, sessionPublicKey, signature, nowSeconds: 1_800_000_000 });
 * console.log(encodeRelease(ask).length, signature.length); // 63 64
 */
export function signRelease(sessionSeed: Uint8Array, ask: ReleaseAsk): Uint8Array {
  return primitives.ed25519Sign(sessionSeed, encodeRelease(ask));
}

/** Throws `BAD_AUTHORIZATION` unless the session key [32] signed exactly this statement and it is valid now. */
export function checkRelease(claim: {
  readonly ask: ReleaseAsk;
  readonly sessionPublicKey: Uint8Array;
  readonly signature: Uint8Array;
  readonly nowSeconds: number;
}): void {
  const { expiresAt } = claim.ask;
  if (expiresAt <= claim.nowSeconds || expiresAt > claim.nowSeconds + MAX_RELEASE_SECONDS) {
    throw new FinalError("BAD_AUTHORIZATION", "The request to release the job is not valid now.", {
      expiresAt,
    });
  }
  if (!primitives.ed25519Verify(claim.sessionPublicKey, encodeRelease(claim.ask), claim.signature)) {
    throw new FinalError("BAD_AUTHORIZATION", "The job's session key did not ask for its release.");
  }
}
