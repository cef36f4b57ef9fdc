import { Address } from "@ton/core";
import { request } from "undici";
import { readDeployment } from "../../../wrappers/deployments";
import {
  type NetworkView,
  type Opener,
  type ProviderView,
  viewNetwork,
  viewProvider,
} from "../../../wrappers/views";
import { openContract } from "../../chain";
import { formatTon } from "../../protocol";
import { type ProviderOptions, providerOf } from "./chainCommands";
import { type Check, checked, printChecks } from "./checks";
import { type MarketDeps, viewMarket } from "./market";
import type { Io } from "./output";
import { withProgress } from "./output";
import { withChain } from "./session";

const ASK_MS = 10_000;
const BPS = 10_000n;
/** A job of the gateway's default budget should find a bond. */
const USUAL_JOB_NANO = 1_000_000_000n;

/** Why a provider gets no jobs: everything that a gateway looks at before it opens one. */
export async function providerWhy(io: Io, options: ProviderOptions): Promise<number> {
  return await withChain(io, async ({ config, reader }) => {
    const deployment = readDeployment(io.env);
    const chain: Opener = { open: (contract) => openContract(reader, contract) };
    const address = Address.parse(providerOf(config, options));
    const work = async () => {
      const [provider, network] = await Promise.all([
        viewProvider(chain, address),
        viewNetwork(chain, deployment),
      ]);
      const nowSeconds = (await reader.head()).utime;
      return [
        ...chainChecks(provider, network, nowSeconds),
        await checked("endpoint", "Start the relayer, and let its port be reached from outside.", () =>
          askEndpoint(provider),
        ),
        await checked("price", "The other providers could not be read: try again.", () =>
          comparePrices({ chain, reader, deployment }, provider),
        ),
      ];
    };
    return printChecks(io, options, await withProgress(io, "Looking", work()));
  });
}

/** What the contracts alone tell. */
export function chainChecks(
  provider: ProviderView,
  network: NetworkView,
  nowSeconds: number,
): readonly Check[] {
  const free = provider.stakeNano - provider.bondedNano;
  const largestJob = network.bondBps === 0 ? free : (free * BPS) / BigInt(network.bondBps);
  const usable = provider.workers.filter(
    ({ expiresAt, epoch, image, model }) =>
      expiresAt > nowSeconds &&
      epoch === network.epoch &&
      network.images.some(({ hash, expiresAt: until }) => hash === image && until > nowSeconds) &&
      network.models.includes(model) &&
      provider.offers.some((offer) => offer.model === model),
  );
  return [
    verdict("registered", provider.registered && !provider.paused && !network.paused, {
      good: "the network knows the provider",
      bad: provider.registered ? "the provider or the network is paused" : "the provider is not registered",
      fix: provider.registered
        ? "Wait for the guardian, or ask why."
        : "cocoon provider register CATALOG.json STAKE",
    }),
    verdict("stake", largestJob >= USUAL_JOB_NANO, {
      good: `${formatTon(free)} TON free: bonds jobs of ${formatTon(largestJob)} TON in all`,
      bad: `${formatTon(free)} TON free bonds no job of ${formatTon(USUAL_JOB_NANO)} TON`,
      fix: "cocoon provider stake AMOUNT",
    }),
    verdict("capacity", provider.openJobs < provider.maxOpenJobs, {
      good: `${provider.openJobs} of ${provider.maxOpenJobs} jobs are open`,
      bad: `all ${provider.maxOpenJobs} jobs are open`,
      fix: "Raise maxOpenJobs in the catalog: cocoon provider offers CATALOG.json",
    }),
    verdict("offers", provider.offers.length > 0, {
      good: `${provider.offers.length} models have a price`,
      bad: "no model has a price",
      fix: "cocoon provider offers CATALOG.json",
    }),
    verdict("attestation", usable.length > 0, {
      good: `${usable.length} of ${provider.workers.length} workers may get prompts`,
      bad: `none of ${provider.workers.length} workers may: an attestation ended, or the policy has moved on`,
      fix: "See that the relayer reaches its workers and attestors; it attests by itself.",
    }),
  ];
}

function verdict(
  name: string,
  holds: boolean,
  words: { readonly good: string; readonly bad: string; readonly fix: string },
): Check {
  return holds
    ? { name, outcome: "ok", detail: words.good }
    : { name, outcome: "failed", detail: words.bad, fix: words.fix };
}

async function askEndpoint({ endpoint }: ProviderView): Promise<Check | string> {
  if (endpoint === undefined || !URL.canParse(endpoint)) {
    throw new Error("The catalog names no address that can be reached.");
  }
  const { statusCode, body } = await request(`${endpoint}/v1/workers`, {
    headersTimeout: ASK_MS,
    bodyTimeout: ASK_MS,
  }).catch((thrown: unknown) => {
    throw new Error(`${endpoint} does not answer.`, { cause: thrown });
  });
  const served: unknown = await body.json().catch(() => undefined);
  if (statusCode !== 200 || !Array.isArray(served) || served.length === 0) {
    throw new Error(`${endpoint} answers ${statusCode} and serves no worker.`);
  }
  return endpoint.startsWith("https:")
    ? `${endpoint} serves ${served.length} workers`
    : {
        name: "endpoint",
        outcome: "note",
        detail: `${endpoint} serves ${served.length} workers, without TLS`,
        fix: "Put TLS in front: gateways ask for https unless they are told otherwise.",
      };
}

async function comparePrices(deps: MarketDeps, own: ProviderView): Promise<Check | string> {
  const all = await viewMarket(deps);
  const dearer = own.offers.flatMap((offer) => {
    const rivals = all
      .filter(({ address }) => address !== own.address)
      .flatMap(({ offers }) => offers.filter(({ model }) => model === offer.model).map(priceOf));
    const cheaper = rivals.filter((price) => price < priceOf(offer)).length;
    return cheaper === 0
      ? []
      : [`${offer.model.slice(0, 8)}…: ${cheaper} of ${rivals.length} others are cheaper`];
  });
  return dearer.length === 0
    ? `none of ${all.length - 1} other providers is cheaper`
    : {
        name: "price",
        outcome: "note",
        detail: dearer.join("; "),
        fix: "Gateways try the cheapest first: cocoon provider offers CATALOG.json",
      };
}

/** As gateways compare: a chat reads some three tokens for each that it writes. */
function priceOf(offer: { readonly promptNano: bigint; readonly completionNano: bigint }): bigint {
  return 3n * offer.promptNano + offer.completionNano;
}
