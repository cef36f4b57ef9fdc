import { existsSync } from "node:fs";
import path from "node:path";
import { CocoonError, type ErrorCode } from "../../../relayer/errors";
import {
  type BindStatement,
  concatBytes,
  createMerkleLog,
  encodeLeaf,
  encodeRecord,
  type OpenedRequest,
  openRequest,
  primitives,
  type ReceiptLeaf,
  type ReceiptRecord,
  type SealedRequest,
  sealRequest,
  signHead,
  type Terms,
  type TreeHead,
  toJobAddress,
  toRawAddress,
  toWorkerKey,
  utf8ToBytes,
} from "../../../relayer/protocol";

export const NETWORK = -239;
export const JOB = toJobAddress(`0:${"ab".repeat(32)}`);
export const NOW = 1_800_000_000;

/** Deterministic bytes: `seed, seed + 1, …` modulo 256. */
export function bytes(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (seed + i) & 0xff);
}

export const HPKE_PRIVATE = bytes(32, 0x10);
export const HPKE_PUBLIC = new Uint8Array(primitives.x25519KeyPair(HPKE_PRIVATE).publicKey);
export const RECEIPT_SEED = bytes(32, 0x40);
export const WORKER = new Uint8Array(primitives.ed25519PublicKey(RECEIPT_SEED));
export const SESSION_SEED = bytes(32, 0x60);
export const SESSION = new Uint8Array(primitives.ed25519PublicKey(SESSION_SEED));
export const BIND_HASH = bytes(32, 0x80);
export const SALT = bytes(32, 0xa0);

export const BIND: BindStatement = {
  tee: "tdx",
  networkId: NETWORK,
  registry: toRawAddress(`-1:${"01".repeat(32)}`),
  hpkePublicKey: HPKE_PUBLIC,
  receiptPublicKey: WORKER,
  provider: toRawAddress(`0:${"02".repeat(32)}`),
  modelHash: bytes(32, 3),
  gpuDigest: bytes(32, 4),
  configHash: bytes(32, 5),
  notBefore: NOW,
  notAfter: NOW + 86_400,
};

export const TERMS: Terms = {
  networkId: NETWORK,
  job: JOB,
  provider: BIND.provider,
  modelHash: BIND.modelHash,
  sessionPublicKey: SESSION,
  promptPrice: 50_000_000n,
  cachedPrice: 5_000_000n,
  completionPrice: 200_000_000n,
  reasoningPrice: 150_000_001n,
};

export const LEAF: ReceiptLeaf = {
  status: "ok",
  index: 0,
  requestHash: bytes(32, 6),
  responseHash: bytes(32, 7),
  promptTokens: 1000n,
  cachedTokens: 24n,
  completionTokens: 333n,
  reasoningTokens: 7n,
  amount: 117_770n,
  finishedAt: NOW * 1000 + 5,
};

export const HEAD: TreeHead = {
  networkId: NETWORK,
  job: JOB,
  size: 3,
  root: bytes(32, 8),
  amount: 123_456_789n,
  issuedAt: NOW + 7,
};

/** A true record of a lane that holds `count` leaves, for its last one. */
export function recordOf(count: number, overrides: Partial<TreeHead> = {}): ReceiptRecord {
  const log = createMerkleLog();
  let leaf = LEAF;
  for (let index = 0; index < count; index += 1) {
    leaf = { ...LEAF, index };
    log.append(encodeLeaf(leaf));
  }
  const head: TreeHead = {
    networkId: NETWORK,
    job: JOB,
    size: count,
    root: log.root(),
    amount: leaf.amount,
    issuedAt: NOW,
    ...overrides,
  };
  return {
    leaf,
    proof: log.inclusionProof(count - 1),
    head: { size: head.size, root: head.root, amount: head.amount, issuedAt: head.issuedAt },
    signature: signHead(RECEIPT_SEED, head),
    worker: toWorkerKey(WORKER),
  };
}

export function seal(overrides: Partial<Parameters<typeof sealRequest>[0]> = {}): SealedRequest {
  return sealRequest({
    hpkePublicKey: HPKE_PUBLIC,
    bindHash: BIND_HASH,
    requestId: bytes(16, 0xc0),
    expiresAt: NOW + 60,
    salt: SALT,
    body: utf8ToBytes('{"model":"m","messages":[]}'),
    ...overrides,
  });
}

export function open(
  sealed: Uint8Array,
  overrides: Partial<Parameters<typeof openRequest>[0]> = {},
): OpenedRequest {
  return openRequest({
    hpkePrivateKey: HPKE_PRIVATE,
    hpkePublicKey: HPKE_PUBLIC,
    bindHash: BIND_HASH,
    bytes: sealed,
    nowSeconds: NOW,
    ...overrides,
  });
}

/** The pieces of a whole response, each as the sealer returned it. */
export function responsePieces(request: OpenedRequest, payloads: readonly Uint8Array[]): Uint8Array[] {
  const sealer = request.responseSealer;
  return [
    sealer.start(),
    sealer.meta({ status: 200, contentType: "text/event-stream" }),
    ...payloads.map((payload) => sealer.data(payload)),
    sealer.record(encodeRecord(recordOf(3))),
    sealer.final(),
  ];
}

/** A plain array, so that Buffers and typed arrays compare by content. */
export function plain(value: Uint8Array): Uint8Array {
  return new Uint8Array(value);
}

export function flipped(value: Uint8Array, at: number, mask = 1): Uint8Array {
  const copy = new Uint8Array(value);
  copy[at] = (copy[at] ?? 0) ^ mask;
  return copy;
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  return concatBytes(...parts);
}

/** The code of the error that the call throws; fails the test when it throws none or another kind. */
export function codeOf(call: () => unknown): ErrorCode {
  try {
    call();
  } catch (thrown) {
    if (thrown instanceof CocoonError) {
      return thrown.code;
    }
    throw thrown;
  }
  throw new Error("the call did not fail");
}

/** Published vectors of other projects lie beside the checkout, never in it. */
export function externalVectors(folder: string): string | undefined {
  const root = process.env.COCOON_VECTORS ?? path.resolve(__dirname, "../../../../shared/vectors");
  const found = path.join(root, folder);
  if (existsSync(found)) {
    return found;
  }
  process.stderr.write(`skipped: no vectors in ${folder} (set COCOON_VECTORS)\n`);
  return undefined;
}
