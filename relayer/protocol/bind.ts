import { FinalError } from "../errors";
import { createReader, createWriter, tagBytes } from "./bytes";
import * as primitives from "./crypto";
import { HPKE_SUITE } from "./hpke";
import { ADDRESS_BYTES, addressFromBytes, addressToBytes, type RawAddress } from "./ids";

const TAG = tagBytes("cocoon/bind/v1");
const FLAG_GPU = 1;

/** Bytes of an encoded bind statement. */
export const BIND_BYTES = TAG.length + 2 + 4 + 2 * ADDRESS_BYTES + 5 * 32 + 6 + 16;

/** Keys live at most a day, so that a stolen one is soon worth nothing. */
export const MAX_BIND_SECONDS = 24 * 60 * 60;

/** Numbers of the `tee` field. */
export const TEE_KINDS = { development: 0, tdx: 1, sevSnp: 2 } as const;
export type TeeKind = keyof typeof TEE_KINDS;

/** What a worker's quote commits to: its keys, whose they are and what it serves. Keys and hashes have 32 bytes. */
export interface BindStatement {
  readonly tee: TeeKind;
  readonly networkId: number;
  /** The AttestationRegistry. */
  readonly registry: RawAddress;
  readonly hpkePublicKey: Uint8Array;
  readonly receiptPublicKey: Uint8Array;
  /** The ProviderStake. */
  readonly provider: RawAddress;
  readonly modelHash: Uint8Array;
  /** Digest of the GPU evidence; undefined without GPU. */
  readonly gpuDigest: Uint8Array | undefined;
  readonly configHash: Uint8Array;
  /** Unix seconds. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/**
 * The statement's bytes. Throws `BAD_REQUEST` for a field out of range or a life above `MAX_BIND_SECONDS`.
 *
 * @example
 * import { decodeBind, encodeBind, gpuNonce, hashBind, hashHpkeKey, reportData, toHex, toRawAddress } from "cocoon/protocol";
 *
 * const keys = { hpkePublicKey: new Uint8Array(32).fill(1), receiptPublicKey: new Uint8Array(32).fill(2) };
 * const encoded = encodeBind({
 *   tee: "tdx",
 *   networkId: -239,
 *   registry: toRawAddress(`-1:${"01".repeat(32)}`),
 *   ...keys,
 *   provider: toRawAddress(`0:${"02".repeat(32)}`),
 *   modelHash: new Uint8Array(32).fill(3),
 *   gpuDigest: undefined,
 *   configHash: new Uint8Array(32).fill(5),
 *   notBefore: 1_800_000_000,
 *   notAfter: 1_800_086_400,
 * });
 * console.log(encoded.length, decodeBind(encoded).tee); // 269 tdx
 * console.log(toHex(hashBind(encoded))); // 121511f838d9e6703fbad6bb3044d84fd989064f03b77d92b059b39e620c5371
 * // What a quote carries: the statement, and whatever shows that it is fresh.
 * const fresh = new Uint8Array(32).fill(9);
 * console.log(reportData(hashBind(encoded), fresh).length, gpuNonce({ ...keys, fresh }).length); // 64 32
 * console.log(toHex(hashHpkeKey(keys.hpkePublicKey)).slice(0, 16)); // 72cd6e8422c407fb
 */
export function encodeBind(bind: BindStatement): Uint8Array {
  const problem = lifeProblem(bind);
  if (problem !== undefined) {
    throw new FinalError("BAD_REQUEST", problem);
  }
  return createWriter(BIND_BYTES)
    .bytes(TAG, TAG.length)
    .u8(TEE_KINDS[bind.tee])
    .u8(bind.gpuDigest === undefined ? 0 : FLAG_GPU)
    .i32(bind.networkId)
    .bytes(addressToBytes(bind.registry), ADDRESS_BYTES)
    .bytes(bind.hpkePublicKey, 32)
    .u16(HPKE_SUITE.kem)
    .u16(HPKE_SUITE.kdf)
    .u16(HPKE_SUITE.aead)
    .bytes(bind.receiptPublicKey, 32)
    .bytes(addressToBytes(bind.provider), ADDRESS_BYTES)
    .bytes(bind.modelHash, 32)
    .bytes(bind.gpuDigest ?? new Uint8Array(32), 32)
    .bytes(bind.configHash, 32)
    .u64(bind.notBefore)
    .u64(bind.notAfter)
    .finish();
}

/** Parses and checks a statement. Throws `ATTESTATION_REFUSED`; the caller still compares keys, network and dates. */
export function decodeBind(bytes: Uint8Array): BindStatement {
  const reader = createReader(bytes, "ATTESTATION_REFUSED", "The bind statement");
  reader.literal(TAG, "tag");
  const tee = teeKindOf(reader.u8());
  const flags = reader.u8();
  const networkId = reader.i32();
  const registry = addressFromBytes(reader.bytes(ADDRESS_BYTES));
  const hpkePublicKey = reader.bytes(32);
  const suite = [reader.u16(), reader.u16(), reader.u16()];
  const receiptPublicKey = reader.bytes(32);
  const provider = addressFromBytes(reader.bytes(ADDRESS_BYTES));
  const modelHash = reader.bytes(32);
  const gpuDigest = reader.bytes(32);
  const configHash = reader.bytes(32);
  const notBefore = reader.safeU64();
  const notAfter = reader.safeU64();
  reader.end();
  if (suite[0] !== HPKE_SUITE.kem || suite[1] !== HPKE_SUITE.kdf || suite[2] !== HPKE_SUITE.aead) {
    throw refused("The bind statement names another HPKE suite.");
  }
  if (flags > FLAG_GPU || (flags === 0 && gpuDigest.some((byte) => byte !== 0))) {
    throw refused("The flags and the GPU digest of the bind statement contradict each other.");
  }
  const problem = lifeProblem({ notBefore, notAfter });
  if (problem !== undefined) {
    throw refused(problem);
  }
  return {
    tee,
    networkId,
    registry,
    hpkePublicKey,
    receiptPublicKey,
    provider,
    modelHash,
    gpuDigest: flags === FLAG_GPU ? gpuDigest : undefined,
    configHash,
    notBefore,
    notAfter,
  };
}

/** `H(bind)` [32]: the first half of the quote's report data, and part of each request's HPKE `info`. */
export function hashBind(encoded: Uint8Array): Uint8Array {
  return primitives.sha256(encoded);
}

/** The quote's report data [64]: `H(bind) ‖ fresh[32]`. Throws `BAD_REQUEST` for another length of `fresh`. */
export function reportData(bindHash: Uint8Array, fresh: Uint8Array): Uint8Array {
  return createWriter(64).bytes(bindHash, 32).bytes(fresh, 32).finish();
}

/** `H(hpkePublicKey)` [32], which stands in the worker's record on chain. */
export function hashHpkeKey(hpkePublicKey: Uint8Array): Uint8Array {
  return primitives.sha256(hpkePublicKey);
}

const GPU_NONCE_TAG = tagBytes("cocoon/gpu/v1");

/** The SPDM nonce [32] of every GPU: it ties the GPU's report to this worker's keys and freshness. */
export function gpuNonce(keys: {
  readonly hpkePublicKey: Uint8Array;
  readonly receiptPublicKey: Uint8Array;
  readonly fresh: Uint8Array;
}): Uint8Array {
  return primitives.sha256(GPU_NONCE_TAG, keys.hpkePublicKey, keys.receiptPublicKey, keys.fresh);
}

function teeKindOf(value: number): TeeKind {
  switch (value) {
    case TEE_KINDS.development:
      return "development";
    case TEE_KINDS.tdx:
      return "tdx";
    case TEE_KINDS.sevSnp:
      return "sevSnp";
    default:
      throw refused("The bind statement names an unknown kind of TEE.");
  }
}

function lifeProblem(life: { readonly notBefore: number; readonly notAfter: number }): string | undefined {
  const seconds = life.notAfter - life.notBefore;
  return seconds > 0 && seconds <= MAX_BIND_SECONDS
    ? undefined
    : "A bind statement must end after it begins, and within 24 hours.";
}

function refused(message: string): FinalError {
  return new FinalError("ATTESTATION_REFUSED", message);
}
