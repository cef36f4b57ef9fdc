import type { ReceiptFile } from "../../../../relayer/client";
import { createSession, type Session } from "../../../../relayer/client/session";
import {
  amountFor,
  createMerkleLog,
  encodeBind,
  encodeLeaf,
  encodeTerms,
  hashRequest,
  hashResponse,
  primitives,
  type ReceiptLeaf,
  type ReceiptRecord,
  signHead,
  toBase64,
  toHex,
  toJobAddress,
  toRawAddress,
  toWorkerKey,
} from "../../../../relayer/protocol";

const named = (name: string) => new Uint8Array(primitives.sha256(Buffer.from(name)));
export const NETWORK_ID = -23911;
export const JOB = toJobAddress(`0:${"11".repeat(32)}`);
const PROVIDER = toRawAddress(`0:${"22".repeat(32)}`);
const REGISTRY = toRawAddress(`0:${"33".repeat(32)}`);
export const NOW = 1_790_000_000;
export const SALT = named("salt");
export const REQUEST = '{"model":"m","messages":[]}';
export const RESPONSE = '{"choices":[]}';
const WORKER_SEED = named("worker");
export const WORKER = primitives.ed25519PublicKey(WORKER_SEED);
export const WORKER_KEY = toWorkerKey(WORKER);
const SESSION_SEED = named("session");
export const PRICES = {
  promptPrice: 2_000_000n,
  cachedPrice: 1n,
  completionPrice: 8_000_000n,
  reasoningPrice: 8_000_000n,
};
const HASHES = {
  requestHash: hashRequest(SALT, Buffer.from(REQUEST)),
  responseHash: hashResponse(SALT, Buffer.from(RESPONSE)),
};

export function session(): Session {
  return createSession({
    address: JOB,
    terms: {
      networkId: NETWORK_ID,
      job: JOB,
      provider: PROVIDER,
      modelHash: named("model"),
      sessionPublicKey: primitives.ed25519PublicKey(SESSION_SEED),
      ...PRICES,
    },
    seed: SESSION_SEED,
    endpoint: "http://127.0.0.1:1",
    model: "m",
    modelHash: toHex(named("model")),
    nonce: 1n,
    developer: PROVIDER,
    acceptBySeconds: NOW,
    deadlineSeconds: NOW + 1_000,
    state: "active",
    budgetNano: 1_000_000n,
    lastUsedMs: 0,
  });
}

/** A worker's log; each `answer` costs 10 prompt and 5 completion tokens unless told otherwise. */
export function enclave() {
  const log = createMerkleLog();
  let last: ReceiptLeaf | undefined;
  return {
    answer(changes: Partial<ReceiptLeaf> = {}): ReceiptRecord {
      const usage = {
        promptTokens: (last?.promptTokens ?? 0n) + 10n,
        cachedTokens: 0n,
        completionTokens: (last?.completionTokens ?? 0n) + 5n,
        reasoningTokens: 0n,
      };
      const leaf: ReceiptLeaf = {
        status: "ok",
        index: log.size(),
        ...HASHES,
        ...usage,
        amount: amountFor({ ...usage, ...changes }, PRICES),
        finishedAt: (NOW + 10) * 1_000,
        ...changes,
      };
      last = leaf;
      log.append(encodeLeaf(leaf));
      const head = { size: log.size(), root: log.root(), amount: leaf.amount, issuedAt: NOW + 10 };
      const signature = signHead(WORKER_SEED, { networkId: NETWORK_ID, job: JOB, ...head });
      return { leaf, proof: log.inclusionProof(log.size() - 1), head, signature, worker: WORKER_KEY };
    },
  };
}

/** A self-contained receipt of the second answer of a log. */
export function receiptFile(): ReceiptFile {
  const worker = enclave();
  worker.answer();
  const { leaf, proof, head, signature } = worker.answer();
  const bind = encodeBind({
    tee: "development",
    networkId: NETWORK_ID,
    registry: REGISTRY,
    hpkePublicKey: named("hpke"),
    receiptPublicKey: WORKER,
    provider: PROVIDER,
    modelHash: named("model"),
    gpuDigest: undefined,
    configHash: named("config"),
    notBefore: NOW,
    notAfter: NOW + 3_600,
  });
  return {
    version: 1,
    network: { globalId: NETWORK_ID, registry: REGISTRY },
    job: JOB,
    provider: PROVIDER,
    worker: WORKER_KEY,
    terms: toBase64(encodeTerms(session().terms)),
    bind: toBase64(bind),
    salt: toHex(SALT),
    request: REQUEST,
    response: RESPONSE,
    leaf: toBase64(encodeLeaf(leaf)),
    proof: proof.map(toBase64),
    head: {
      size: head.size,
      root: toBase64(head.root),
      amount: head.amount.toString(),
      issuedAt: head.issuedAt,
    },
    signature: toBase64(signature),
  };
}
