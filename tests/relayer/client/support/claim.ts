import { Address } from "@ton/core";
import type { WorkerClaim } from "../../../../relayer/client/checkWorker";
import { DEFAULT_POLICY } from "../../../../relayer/client/policy";
import {
  type BindStatement,
  encodeBind,
  hashHpkeKey,
  primitives,
  toBase64,
  toHex,
  toRawAddress,
} from "../../../../relayer/protocol";

export const NOW = 1_790_000_000;
export const NETWORK_ID = -23911;
export const named = (name: string) => new Uint8Array(primitives.sha256(Buffer.from(name)));
const hex = (name: string) => toHex(named(name));
const REGISTRY = toRawAddress(`0:${hex("registry")}`);
const PROVIDER = toRawAddress(`0:${hex("provider")}`);
export const RECEIPT_KEY = hex("receipt");
const PRICES = { promptPrice: 2n, cachedPrice: 1n, completionPrice: 8n, reasoningPrice: 8n };

/** What a sound worker shows; each part may be replaced. */
export interface ClaimParts {
  readonly bind?: Partial<BindStatement>;
  readonly served?: Partial<WorkerClaim["served"]>;
  readonly attested?: Partial<{
    hpkeKeyHash: string;
    imageHash: string;
    modelHash: string;
    expiresAt: number;
    epoch: number;
  }>;
  readonly allowed?: Partial<WorkerClaim["allowed"]>;
  readonly policy?: Partial<WorkerClaim["policy"]>;
  /** False: the chain has no such worker, or the provider no such offer. */
  readonly isAttested?: boolean;
  readonly isOffered?: boolean;
}

export function claimOf(parts: ClaimParts = {}): WorkerClaim {
  const hpkePublicKey = named("hpke");
  const bind: BindStatement = {
    tee: "tdx",
    networkId: NETWORK_ID,
    registry: REGISTRY,
    hpkePublicKey,
    receiptPublicKey: named("receipt"),
    provider: PROVIDER,
    modelHash: named("model"),
    gpuDigest: undefined,
    configHash: named("config"),
    notBefore: NOW - 10,
    notAfter: NOW + 3_600,
    ...parts.bind,
  };
  const attested = {
    hpkeKeyHash: toHex(hashHpkeKey(hpkePublicKey)),
    imageHash: hex("image"),
    modelHash: hex("model"),
    expiresAt: NOW + 7_200,
    epoch: 3,
    ...parts.attested,
  };
  return {
    served: {
      receiptPublicKey: RECEIPT_KEY,
      hpkePublicKey: toHex(hpkePublicKey),
      bind: toBase64(encodeBind(bind)),
      modelHash: hex("model"),
      model: "m",
      contextLength: 8_192,
      inFlight: 0,
      capacity: 4,
      ...parts.served,
    },
    provider: {
      address: PROVIDER,
      owner: Address.parseRaw(`0:${hex("owner")}`),
      index: 0,
      endpoint: "https://provider.example",
      offers: new Map(
        parts.isOffered === false
          ? []
          : [[hex("model"), { ...PRICES, contextLength: 4_096, concurrency: 4 }]],
      ),
      workers: new Map(parts.isAttested === false ? [] : [[RECEIPT_KEY, attested]]),
      hasRoom: true,
    },
    allowed: {
      epoch: 3,
      images: new Map([[hex("image"), NOW + 1_800]]),
      models: new Set([hex("model")]),
      ...parts.allowed,
    },
    network: { globalId: NETWORK_ID, attestationRegistry: REGISTRY },
    policy: { ...DEFAULT_POLICY, ...parts.policy },
    nowSeconds: NOW,
  };
}
