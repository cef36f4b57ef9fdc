import { Address, type OpenedContract } from "@ton/core";
import { loadProviderCatalog, loadProviderProfile, type Worker } from "../../wrappers/messages";
import { ProviderStake } from "../../wrappers/ProviderStake";
import { type ChainReader, openContract } from "../chain";
import { FinalError } from "../errors";
import { fromHex, type Prices, type RawAddress, toRawAddress } from "../protocol";
import type { Policy } from "./policy";
import { readProviderRules, weaknessOf } from "./rules";

export interface Offer extends Prices {
  readonly contextLength: number;
  readonly concurrency: number;
}

/** One worker as the chain attests it. Hashes are lower-case hex. */
export interface AttestedWorker {
  readonly hpkeKeyHash: string;
  readonly imageHash: string;
  readonly modelHash: string;
  /** Unix seconds. */
  readonly expiresAt: number;
  readonly epoch: number;
}

/** A provider as its contract stands. */
export interface ProviderOnChain {
  readonly address: RawAddress;
  readonly owner: Address;
  readonly index: number;
  /** Without a slash at its end. */
  readonly endpoint: string;
  /** By model hash. */
  readonly offers: ReadonlyMap<string, Offer>;
  /** By receipt key. */
  readonly workers: ReadonlyMap<string, AttestedWorker>;
  readonly hasRoom: boolean;
  /** Why the policy opens no job under the rules that it has now; undefined where it may. */
  readonly weakness?: string | undefined;
}

/** Reads one provider. Throws `NO_PROVIDER` when it cannot take jobs. */
export async function readProvider(
  deps: { readonly reader: ChainReader; readonly policy: Policy },
  { address }: { readonly address: string },
): Promise<ProviderOnChain> {
  const stake: OpenedContract<ProviderStake> = openContract(
    deps.reader,
    ProviderStake.fromAddress(Address.parseRaw(address)),
  );
  const [state, catalogCell, workers, rules] = await Promise.all([
    stake.getProviderState(),
    stake.getCatalog(),
    stake.getWorkers(),
    readProviderRules(deps.reader, address),
  ]);
  if (!state.registered || state.paused || catalogCell === null) {
    throw new FinalError("NO_PROVIDER", "The provider is not registered or takes no jobs.", { address });
  }
  const catalog = loadProviderCatalog(catalogCell.beginParse());
  const profile = loadProviderProfile(catalog.profile.beginParse());
  return {
    address: toRawAddress(address),
    owner: state.owner,
    index: Number(state.index),
    endpoint: checkedEndpoint(profile.endpoint, deps.policy.allowHttp),
    offers: new Map(
      catalog.offers.keys().flatMap((hash) => {
        const offer = catalog.offers.get(hash);
        return offer === undefined
          ? []
          : [
              [
                hex256(hash),
                {
                  promptPrice: offer.prices.prompt,
                  cachedPrice: offer.prices.cached,
                  completionPrice: offer.prices.completion,
                  reasoningPrice: offer.prices.reasoning,
                  contextLength: Number(offer.contextLength),
                  concurrency: Number(offer.concurrency),
                },
              ] as const,
            ];
      }),
    ),
    workers: new Map(
      workers.keys().flatMap((key) => {
        const worker = workers.get(key);
        return worker === undefined ? [] : [[hex256(key), attested(worker)] as const];
      }),
    ),
    hasRoom: state.openJobs < catalog.maxOpenJobs,
    weakness: weaknessOf(deps.policy, rules),
  };
}

function attested(worker: Worker): AttestedWorker {
  return {
    hpkeKeyHash: hex256(worker.hpkeKeyHash),
    imageHash: hex256(worker.imageHash),
    modelHash: hex256(worker.modelHash),
    expiresAt: Number(worker.expiresAt),
    epoch: Number(worker.epoch),
  };
}

/** A 256-bit number as 64 lower-case hex digits. */
export function hex256(value: bigint): string {
  return value.toString(16).padStart(64, "0");
}

/** The number of 64 hex digits. Throws `BAD_REQUEST`. */
export function uint256(hex: string): bigint {
  fromHex(hex, 32);
  return BigInt(`0x${hex}`);
}

function checkedEndpoint(text: string, allowHttp: boolean): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isAllowed = url?.protocol === "https:" || (allowHttp && url?.protocol === "http:");
  if (url === undefined || !isAllowed || url.username !== "" || url.search !== "" || url.hash !== "") {
    throw new FinalError("NO_PROVIDER", "The provider's endpoint is not an address that may be used.");
  }
  return url.href.endsWith("/") ? url.href.slice(0, -1) : url.href;
}
