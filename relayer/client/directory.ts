import { setTimeout as pause } from "node:timers/promises";
import { toCocoonError } from "../errors";
import { type TeeKind, toRawAddress } from "../protocol";
import type { VerifiedBy } from "./attestationLog";
import { type Allowed, checkWorker, servedWorkersSchema, type VerifiedWorker } from "./checkWorker";
import { type ClientDeps, nowSeconds } from "./deps";
import { listProviders } from "./listProviders";
import { createModelFacts, type MarketInfo, type ModelFacts } from "./modelFacts";
import { readAllowed } from "./readAllowed";
import { type ProviderOnChain, readProvider } from "./readProvider";

/** What `GET /v1/models` tells about one model. */
export interface ModelInfo {
  readonly name: string;
  readonly modelHash: string;
  readonly contextLength: number;
  readonly providers: number;
  readonly workers: number;
  /** Kinds of TEE that its workers run in. */
  readonly tees: readonly TeeKind[];
  /** The same with who verified them, and how many workers each has. */
  readonly levels: readonly AttestationLevel[];
  readonly cheapest: VerifiedWorker;
  /** Undefined where the model has none. */
  readonly market: MarketInfo | undefined;
}

export interface AttestationLevel {
  readonly tee: TeeKind;
  /** Undefined while it has not been read. */
  readonly verifiedBy: VerifiedBy | undefined;
  readonly workers: number;
}

/** Verified workers, kept fresh in the background. */
export interface Directory {
  /** Reads everything again; a reading under way is shared. */
  refresh(): Promise<void>;
  /** The same for one provider: its keys may have changed. */
  refreshProvider(address: string): Promise<void>;
  /** Workers that serve this model and may be used now. */
  workersOf(model: string): readonly VerifiedWorker[];
  models(): readonly ModelInfo[];
  worker(provider: string, key: string): VerifiedWorker | undefined;
  providerCount(): number;
  /** Refreshes until `signal`. */
  run(signal: AbortSignal): Promise<void>;
}

export function createDirectory(deps: ClientDeps): Directory {
  const byProvider = new Map<string, readonly VerifiedWorker[]>();
  const facts = createModelFacts(deps);
  let allowed: Allowed | undefined;
  let reading: Promise<void> | undefined;

  const readOne = async (address: string, lists: Allowed): Promise<void> => {
    try {
      const provider = await readProvider(deps, { address });
      if (provider.weakness !== undefined) {
        deps.log.warn({ msg: "provider's rules refused", provider: address, reason: provider.weakness });
      }
      byProvider.set(address, await verifiedWorkers(deps, provider, lists));
    } catch (thrown) {
      // Fail closed: what cannot be verified now is not used now.
      byProvider.delete(address);
      const { code, message } = toCocoonError(thrown);
      deps.log.warn({ msg: "provider not usable", provider: address, code, reason: message });
    }
  };
  const readAll = async (): Promise<void> => {
    const [addresses, lists] = await Promise.all([listProviders(deps), readAllowed(deps)]);
    allowed = lists;
    for (const known of [...byProvider.keys()].filter((address) => !addresses.includes(address))) {
      byProvider.delete(known);
    }
    await Promise.all(addresses.map((address) => readOne(address, lists)));
    await facts.refresh(usable());
  };
  const refresh = (): Promise<void> => {
    reading ??= readAll().finally(() => {
      reading = undefined;
    });
    return reading;
  };
  const usable = (): readonly VerifiedWorker[] => {
    const now = nowSeconds(deps);
    return [...byProvider.values()].flat().filter((worker) => worker.expiresAt > now);
  };
  const directory: Directory = {
    refresh,
    refreshProvider: async (address) => {
      const lists = allowed ?? (await readAllowed(deps));
      await readOne(address, lists);
    },
    workersOf: (model) => {
      const named = usable().filter((worker) => worker.model === model);
      // Without a list of ours, a name that means two models means none.
      return new Set(named.map((worker) => worker.modelHash)).size > 1 ? [] : named;
    },
    models: () => modelsOf(usable(), facts),
    worker: (provider, key) =>
      byProvider.get(provider)?.find((worker) => worker.key === key && worker.expiresAt > nowSeconds(deps)),
    providerCount: () => [...byProvider.values()].filter((workers) => workers.length > 0).length,
    run: async (signal) => {
      while (!signal.aborted) {
        // A client that knows no worker cannot serve: it looks often until the first one is attested.
        const { refreshMs, searchMs } = deps.policy;
        await pause(usable().length === 0 ? searchMs : refreshMs, undefined, { signal }).catch(
          () => undefined,
        );
        if (!signal.aborted) {
          await refresh().catch((thrown: unknown) => {
            const { code, message } = toCocoonError(thrown);
            deps.log.error({ msg: "network not refreshed", code, detail: message });
          });
        }
      }
    },
  };
  return directory;
}

/** The provider's workers that pass every check; the others are logged with the reason. */
async function verifiedWorkers(
  deps: ClientDeps,
  provider: ProviderOnChain,
  allowed: Allowed,
): Promise<readonly VerifiedWorker[]> {
  const list = await deps.http.json(provider.endpoint, {
    method: "GET",
    path: "/v1/workers",
    schema: servedWorkersSchema,
  });
  const network = {
    globalId: deps.network.globalId,
    attestationRegistry: toRawAddress(deps.network.attestationRegistry.toRawString()),
  };
  const verified: VerifiedWorker[] = [];
  for (const served of list) {
    try {
      const worker = checkWorker({
        served,
        provider,
        allowed,
        network,
        policy: deps.policy,
        nowSeconds: nowSeconds(deps),
      });
      await deps.verifyEvidence?.({ worker, evidence: served.evidence });
      verified.push(worker);
    } catch (thrown) {
      const { code, message } = toCocoonError(thrown);
      deps.log.warn({
        msg: "worker refused",
        provider: provider.address,
        worker: served.receiptPublicKey,
        code,
        reason: message,
      });
    }
  }
  return verified;
}

function modelsOf(workers: readonly VerifiedWorker[], facts: ModelFacts): readonly ModelInfo[] {
  const groups = new Map<string, VerifiedWorker[]>();
  for (const worker of workers) {
    groups.set(worker.model, [...(groups.get(worker.model) ?? []), worker]);
  }
  return [...groups].flatMap(([name, group]) => {
    const cheapest = group.reduce((best, next) => (priceOf(next) < priceOf(best) ? next : best));
    const isOneModel = group.every((worker) => worker.modelHash === cheapest.modelHash);
    return isOneModel
      ? [
          {
            name,
            modelHash: cheapest.modelHash,
            contextLength: Math.max(...group.map((worker) => worker.contextLength)),
            providers: new Set(group.map((worker) => worker.provider)).size,
            workers: group.length,
            tees: [...new Set(group.map((worker) => worker.tee))].sort(),
            levels: levelsOf(group, facts),
            cheapest,
            market: facts.market(cheapest.modelHash),
          },
        ]
      : [];
  });
}

function levelsOf(workers: readonly VerifiedWorker[], facts: ModelFacts): readonly AttestationLevel[] {
  const levels = new Map<string, AttestationLevel>();
  for (const worker of workers) {
    const { tee } = worker;
    const verifiedBy = facts.verifiedBy(worker);
    const name = `${tee} ${verifiedBy ?? ""}`;
    levels.set(name, { tee, verifiedBy, workers: (levels.get(name)?.workers ?? 0) + 1 });
  }
  return [...levels].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, level]) => level);
}

/** One number to compare offers by: a chat reads some three tokens for each that it writes. */
export function priceOf(worker: Pick<VerifiedWorker, "prices">): bigint {
  return 3n * worker.prices.promptPrice + worker.prices.completionPrice;
}
