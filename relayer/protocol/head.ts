import { createReader, createWriter, tagBytes } from "./bytes";
import * as primitives from "./crypto";
import { ADDRESS_BYTES, addressFromBytes, addressToBytes, type JobAddress, toJobAddress } from "./ids";

const HEAD_TAG = tagBytes("cocoon/head/v1");
const COSIGN_TAG = tagBytes("cocoon/cosign/v1");

/** Bytes of an encoded tree head. */
export const HEAD_BYTES = 108;
/** Bytes of the statement that the session key co-signs. */
export const COSIGN_BYTES = 81;
/** Bytes of every signature here. */
export const SIGNATURE_BYTES = 64;

/** A worker's claim about its lane: both the payment claim and the commitment to the results. */
export interface TreeHead {
  readonly networkId: number;
  readonly job: JobAddress;
  /** Leaves in the log. */
  readonly size: number;
  /** [32] */
  readonly root: Uint8Array;
  /** Nanoton, cumulative over the lane. */
  readonly amount: bigint;
  /** Unix seconds. */
  readonly issuedAt: number;
}

/**
 * The head's 108 bytes. Throws `BAD_REQUEST` for a field out of range.
 *
 * @example
 * import { cosignHead, decodeHead, encodeCosign, encodeHead, hashHead, primitives, signHead, toHex, toJobAddress, verifyCosign, verifyHead } from "cocoon/protocol";
 *
 * const receiptSeed = new Uint8Array(32).fill(1);
 * const sessionSeed = new Uint8Array(32).fill(2);
 * const workerPublicKey = primitives.ed25519PublicKey(receiptSeed);
 * const sessionPublicKey = primitives.ed25519PublicKey(sessionSeed);
 * const job = toJobAddress(`0:${"ab".repeat(32)}`);
 * const head = { networkId: -239, job, size: 3, root: new Uint8Array(32).fill(8), amount: 5_200n, issuedAt: 1_800_000_000 };
 * console.log(encodeHead(head).length, decodeHead(encodeHead(head)).amount); // 108 5200
 * console.log(toHex(hashHead(head))); // 0116bd297886437c78ca32c019c4b91c5aa4d6e585a5dfceab956f62d2be3faf
 * // The worker claims the amount; the developer agrees to it.
 * console.log(verifyHead(workerPublicKey, head, signHead(receiptSeed, head))); // true
 * const cosignature = cosignHead(sessionSeed, workerPublicKey, head);
 * console.log(verifyCosign({ sessionPublicKey, workerPublicKey, head, cosignature }), encodeCosign(workerPublicKey, head).length); // true 81
 */
export function encodeHead(head: TreeHead): Uint8Array {
  return createWriter(HEAD_BYTES)
    .bytes(HEAD_TAG, HEAD_TAG.length)
    .i32(head.networkId)
    .bytes(addressToBytes(head.job), ADDRESS_BYTES)
    .u64(head.size)
    .bytes(head.root, 32)
    .u64(head.amount)
    .u64(head.issuedAt)
    .finish();
}

/** Parses a head. Throws `HEAD_INVALID`. */
export function decodeHead(bytes: Uint8Array): TreeHead {
  const reader = createReader(bytes, "HEAD_INVALID", "The tree head");
  reader.literal(HEAD_TAG, "tag");
  const head: TreeHead = {
    networkId: reader.i32(),
    job: toJobAddress(addressFromBytes(reader.bytes(ADDRESS_BYTES))),
    size: reader.safeU64(),
    root: reader.bytes(32),
    amount: reader.u64(),
    issuedAt: reader.safeU64(),
  };
  reader.end();
  return head;
}

/** `H(head)` [32]. */
export function hashHead(head: TreeHead): Uint8Array {
  return primitives.sha256(encodeHead(head));
}

/** The worker's signature [64], with the seed [32] of its receipt key. */
export function signHead(receiptSeed: Uint8Array, head: TreeHead): Uint8Array {
  return primitives.ed25519Sign(receiptSeed, encodeHead(head));
}

/** True when the worker's receipt key [32] signed this head. */
export function verifyHead(workerPublicKey: Uint8Array, head: TreeHead, signature: Uint8Array): boolean {
  return primitives.ed25519Verify(workerPublicKey, encodeHead(head), signature);
}

/** The 81 bytes that the job's session key co-signs: they name the worker, since two workers may sign equal heads. */
export function encodeCosign(workerPublicKey: Uint8Array, head: TreeHead): Uint8Array {
  return createWriter(COSIGN_BYTES)
    .bytes(COSIGN_TAG, COSIGN_TAG.length)
    .bytes(workerPublicKey, 32)
    .bytes(hashHead(head), 32)
    .finish();
}

/** The developer's co-signature [64], with the seed [32] of the session key: the amount is paid at once. */
export function cosignHead(sessionSeed: Uint8Array, workerPublicKey: Uint8Array, head: TreeHead): Uint8Array {
  return primitives.ed25519Sign(sessionSeed, encodeCosign(workerPublicKey, head));
}

/** True when the session key [32] co-signed this worker's head. */
export function verifyCosign(claim: {
  readonly sessionPublicKey: Uint8Array;
  readonly workerPublicKey: Uint8Array;
  readonly head: TreeHead;
  readonly cosignature: Uint8Array;
}): boolean {
  const statement = encodeCosign(claim.workerPublicKey, claim.head);
  return primitives.ed25519Verify(claim.sessionPublicKey, statement, claim.cosignature);
}
