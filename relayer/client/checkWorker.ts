import type { Address } from "@ton/core";
import * as z from "zod/mini";
import { FinalError } from "../errors";
import {
  type BindStatement,
  decodeBind,
  equalBytes,
  fromBase64,
  fromHex,
  hashBind,
  hashHpkeKey,
  type Prices,
  type RawAddress,
  type TeeKind,
  toHex,
  toRawAddress,
  toWorkerKey,
  type WorkerKey,
} from "../protocol";
import type { Policy } from "./policy";
import type { AttestedWorker, ProviderOnChain } from "./readProvider";

const MAX_WORKERS = 64;
const hex32 = z.string().check(z.length(64));

const count = z.int().check(z.minimum(0));

/** `GET /v1/workers`. */
export const servedWorkersSchema = z
  .array(
    z.object({
      receiptPublicKey: hex32,
      hpkePublicKey: hex32,
      bind: z.string().check(z.maxLength(1024)),
      evidence: z.optional(z.unknown()),
      modelHash: hex32,
      model: z.string().check(z.minLength(1), z.maxLength(200)),
      contextLength: z.int().check(z.minimum(1)),
      inFlight: z.catch(count, 0),
      capacity: z.catch(count, 1),
    }),
  )
  .check(z.maxLength(MAX_WORKERS));
export type ServedWorker = z.infer<typeof servedWorkersSchema>[number];

/** What the AttestationRegistry allows now. Hashes are hex. */
export interface Allowed {
  readonly epoch: number;
  /** Image hash -> unix seconds until which it is allowed. */
  readonly images: ReadonlyMap<string, number>;
  readonly models: ReadonlySet<string>;
  /** Image hash -> its tier, for policies that name tiers. */
  readonly tiers?: ReadonlyMap<string, number>;
}

/** A worker that may be sent a prompt. */
export interface VerifiedWorker {
  readonly key: WorkerKey;
  readonly publicKey: Uint8Array;
  readonly hpkePublicKey: Uint8Array;
  readonly bindHash: Uint8Array;
  /** The statement's bytes, base64. */
  readonly bind: string;
  readonly provider: RawAddress;
  readonly owner: Address;
  readonly ownerIndex: number;
  readonly endpoint: string;
  readonly hasRoom: boolean;
  /** As its provider's. */
  readonly weakness?: string | undefined;
  readonly model: string;
  readonly modelHash: string;
  readonly imageHash: string;
  readonly tee: TeeKind;
  readonly contextLength: number;
  readonly prices: Prices;
  /** Unix seconds: the earlier of attestation, statement and image. */
  readonly expiresAt: number;
  readonly inFlight: number;
  readonly capacity: number;
}

export interface WorkerClaim {
  readonly served: ServedWorker;
  readonly provider: ProviderOnChain;
  readonly allowed: Allowed;
  readonly network: { readonly globalId: number; readonly attestationRegistry: string };
  readonly policy: Policy;
  readonly nowSeconds: number;
}

/**
 * Everything that must hold before a prompt is sealed to this worker. Throws `ATTESTATION_REFUSED` with the reason.
 *
 * @example
 * import { Address } from "@ton/core";
 * import * as cocoon from "cocoon/browser";
 *
 * const { toHex, toRawAddress } = cocoon;
 * const [hpkePublicKey, receiptPublicKey, model] = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte));
 * const [registry, provider] = ["04", "05"].map((byte) => toRawAddress(`0:${byte.repeat(32)}`));
 * const nowSeconds = 1_800_000_000;
 * const dates = { notBefore: nowSeconds, notAfter: nowSeconds + 3_600 };
 * const keys = { hpkePublicKey, receiptPublicKey, modelHash: model, configHash: new Uint8Array(32) };
 * const bind = cocoon.encodeBind({ tee: "tdx", networkId: -239, registry, provider, gpuDigest: undefined, ...keys, ...dates });
 * // From GET /v1/workers of the provider, after servedWorkersSchema has read it:
 * const shown = { receiptPublicKey: toHex(receiptPublicKey), hpkePublicKey: toHex(hpkePublicKey), modelHash: toHex(model) };
 * const served = { ...shown, bind: cocoon.toBase64(bind), model: "llama", contextLength: 8_192, inFlight: 0, capacity: 4 };
 * // From getters of ProviderStake and AttestationRegistry, at an endpoint that the page trusts:
 * const hashes = { hpkeKeyHash: toHex(cocoon.hashHpkeKey(hpkePublicKey)), imageHash: "06".repeat(32), modelHash: toHex(model) };
 * const prices = { promptPrice: 2n, cachedPrice: 1n, completionPrice: 8n, reasoningPrice: 8n };
 * const onChain = {
 *   address: provider,
 *   owner: Address.parse(provider),
 *   index: 0,
 *   endpoint: "https://provider.example",
 *   offers: new Map([[hashes.modelHash, { ...prices, contextLength: 4_096, concurrency: 4 }]]),
 *   workers: new Map([[served.receiptPublicKey, { ...hashes, expiresAt: nowSeconds + 7_200, epoch: 1 }]]),
 *   hasRoom: true,
 * };
 * const images = new Map([[hashes.imageHash, nowSeconds + 1_800]]);
 * const allowed = { epoch: 1, images, models: new Set([hashes.modelHash]) };
 *
 * const network = { globalId: -239, attestationRegistry: registry };
 * const claim = { served, provider: onChain, allowed, network, policy: cocoon.DEFAULT_POLICY, nowSeconds };
 * const worker = cocoon.checkWorker(claim);
 * console.log(worker.model, worker.contextLength, worker.expiresAt - nowSeconds); // llama 4096 1800
 */
export function checkWorker(claim: WorkerClaim): VerifiedWorker {
  const { served, provider, allowed, policy, nowSeconds } = claim;
  const key = toWorkerKey(served.receiptPublicKey);
  const attested = provider.workers.get(key);
  require(attested !== undefined, "The chain knows no such worker of this provider.");
  const bindBytes = fromBase64(served.bind);
  const bind = decodeBind(bindBytes);
  checkKeys(served, attested, bind);
  require(bind.networkId === claim.network.globalId, "The bind statement is of another network.");
  require(bind.registry ===
    toRawAddress(claim.network.attestationRegistry), "The bind statement names another AttestationRegistry.");
  require(bind.provider === provider.address, "The bind statement names another provider.");
  require(bind.notBefore <= nowSeconds && nowSeconds < bind.notAfter, "The bind statement is not valid now.");
  require(attested.expiresAt > nowSeconds, "The worker's attestation has ended.");
  require(attested.epoch === allowed.epoch, "The worker was attested under an older policy.");
  const imageUntil = allowed.images.get(attested.imageHash);
  require(imageUntil !== undefined &&
    imageUntil > nowSeconds, "The network does not allow the worker's image.");
  require(allowed.models.has(attested.modelHash), "The network does not allow the worker's model.");
  require(policy.images?.some((hash) => hash.toLowerCase() === attested.imageHash) ??
    true, "The policy does not allow the worker's image.");
  require(policy.tiers?.includes(allowed.tiers?.get(attested.imageHash) ?? -1) ??
    true, "The policy does not allow the tier of the worker's image.");
  require(policy.tees.includes(bind.tee), "The policy does not allow this kind of TEE.");
  const named = policy.models?.[served.model];
  require(policy.models === undefined ||
    named?.toLowerCase() ===
      attested.modelHash, "The policy does not know this model by that name and hash.");
  const offer = provider.offers.get(attested.modelHash);
  require(offer !== undefined, "The provider offers no price for the model.");
  const { contextLength, concurrency: _, ...prices } = offer;
  require(Object.values(prices).every(
    (price) => policy.maxPriceNano === undefined || price <= policy.maxPriceNano,
  ), "The provider's price is above the policy's limit.");
  return {
    key,
    publicKey: fromHex(key, 32),
    hpkePublicKey: bind.hpkePublicKey,
    bindHash: hashBind(bindBytes),
    bind: served.bind,
    provider: provider.address,
    owner: provider.owner,
    ownerIndex: provider.index,
    endpoint: provider.endpoint,
    hasRoom: provider.hasRoom,
    weakness: provider.weakness,
    model: served.model,
    modelHash: attested.modelHash,
    imageHash: attested.imageHash,
    tee: bind.tee,
    contextLength: Math.min(contextLength, served.contextLength),
    prices,
    expiresAt: Math.min(attested.expiresAt, bind.notAfter, imageUntil),
    inFlight: served.inFlight,
    capacity: served.capacity,
  };
}

function checkKeys(served: ServedWorker, attested: AttestedWorker, bind: BindStatement): void {
  const hpkePublicKey = fromHex(served.hpkePublicKey, 32);
  require(equalBytes(bind.hpkePublicKey, hpkePublicKey), "The bind statement has another HPKE key.");
  require(toHex(bind.receiptPublicKey) ===
    served.receiptPublicKey.toLowerCase(), "The bind statement has another receipt key.");
  require(toHex(hashHpkeKey(hpkePublicKey)) === attested.hpkeKeyHash, "The chain attests another HPKE key.");
  require(toHex(bind.modelHash) === attested.modelHash, "The chain attests another model.");
  require(served.modelHash.toLowerCase() === attested.modelHash, "The provider names another model hash.");
}

function require(holds: boolean, reason: string): asserts holds {
  if (!holds) {
    throw new FinalError("ATTESTATION_REFUSED", reason);
  }
}
