import { FinalError } from "../errors";
import { createWriter, tagBytes } from "./bytes";
import * as primitives from "./crypto";
import { ADDRESS_BYTES, addressToBytes, type JobAddress, REQUEST_ID_BYTES } from "./ids";

const TAG = tagBytes("cocoon/request-auth/v1");

/** Bytes of the statement that authorises a request. */
export const AUTHORIZATION_BYTES = TAG.length + 4 + ADDRESS_BYTES + 2 * 32 + REQUEST_ID_BYTES + 32 + 8 + 8;

/** What the session key allows: one sealed request, at these terms, for at most this cost. */
export interface RequestAuthorization {
  readonly networkId: number;
  readonly job: JobAddress;
  /** The worker's receipt key [32]. */
  readonly workerPublicKey: Uint8Array;
  /** [32]; makes the developer vouch for the prices that the enclave is told. */
  readonly termsHash: Uint8Array;
  /** [16] */
  readonly requestId: Uint8Array;
  /** `hashSealedBody` of the request [32]. */
  readonly bodyHash: Uint8Array;
  /** Nanoton. */
  readonly maxCost: bigint;
  /** Unix seconds; from then on the authorisation is void. */
  readonly expiresAt: number;
}

/** `H(sealed request body)` [32]: over the whole HTTP body, header and frames. */
export function hashSealedBody(sealed: Uint8Array): Uint8Array {
  return primitives.sha256(sealed);
}

/** The statement's bytes. Throws `BAD_REQUEST` for a field out of range. */
export function encodeAuthorization(statement: RequestAuthorization): Uint8Array {
  return createWriter(AUTHORIZATION_BYTES)
    .bytes(TAG, TAG.length)
    .i32(statement.networkId)
    .bytes(addressToBytes(statement.job), ADDRESS_BYTES)
    .bytes(statement.workerPublicKey, 32)
    .bytes(statement.termsHash, 32)
    .bytes(statement.requestId, REQUEST_ID_BYTES)
    .bytes(statement.bodyHash, 32)
    .u64(statement.maxCost)
    .u64(statement.expiresAt)
    .finish();
}

/**
 * The signature [64], with the seed [32] of the session key.
 *
 * @example
 * import { checkAuthorization, encodeAuthorization, hashSealedBody, primitives, signAuthorization, toJobAddress } from "cocoon/protocol";
 *
 * const sessionSeed = new Uint8Array(32).fill(1);
 * const statement = {
 *   networkId: -239,
 *   job: toJobAddress(`0:${"ab".repeat(32)}`),
 *   workerPublicKey: new Uint8Array(32).fill(2),
 *   termsHash: new Uint8Array(32).fill(3),
 *   requestId: new Uint8Array(16).fill(4),
 *   bodyHash: hashSealedBody(new Uint8Array(100)),
 *   maxCost: 5_000n,
 *   expiresAt: 1_800_000_090,
 * };
 * const signature = signAuthorization(sessionSeed, statement);
 * const sessionPublicKey = primitives.ed25519PublicKey(sessionSeed);
 * // Throws BAD_AUTHORIZATION once a field, the key or the time is another.
 * checkAuthorization({ statement, sessionPublicKey, signature, nowSeconds: 1_800_000_000 });
 * console.log(encodeAuthorization(statement).length, signature.length); // 188 64
 */
export function signAuthorization(sessionSeed: Uint8Array, statement: RequestAuthorization): Uint8Array {
  return primitives.ed25519Sign(sessionSeed, encodeAuthorization(statement));
}

/** Throws `BAD_AUTHORIZATION` unless the session key [32] signed exactly this statement and it is still valid. */
export function checkAuthorization(claim: {
  readonly statement: RequestAuthorization;
  readonly sessionPublicKey: Uint8Array;
  readonly signature: Uint8Array;
  readonly nowSeconds: number;
}): void {
  if (claim.statement.expiresAt <= claim.nowSeconds) {
    throw new FinalError("BAD_AUTHORIZATION", "The authorisation of the request has expired.", {
      expiresAt: claim.statement.expiresAt,
    });
  }
  const bytes = encodeAuthorization(claim.statement);
  if (!primitives.ed25519Verify(claim.sessionPublicKey, bytes, claim.signature)) {
    throw new FinalError(
      "BAD_AUTHORIZATION",
      "The session key did not sign this request for this job, worker, terms and cost.",
    );
  }
}
