import { jobCodeForm } from "../../wrappers/codes";
import { modelMarket } from "../../wrappers/ModelMarket";
import { NetworkRegistry } from "../../wrappers/NetworkRegistry";
import { openContract } from "../chain";
import { toCocoonError } from "../errors";
import { createAttestationLog, type VerifiedBy } from "./attestationLog";
import type { VerifiedWorker } from "./checkWorker";
import type { ClientDeps } from "./deps";
import { uint256 } from "./readProvider";

/** What people want to know slowly changes: the chain is not asked for it at every refresh. */
const REREAD_MS = 5 * 60_000;

/** What a model's market has seen. Amounts in nanoton. */
export interface MarketInfo {
  readonly address: string;
  /** Per 1,000,000 tokens, three parts read and one written, as the last sales left it; undefined before the first. */
  readonly priceNano: bigint | undefined;
  /** Paid in all auctioned jobs that have ended. */
  readonly volumeNano: bigint;
  readonly sales: number;
  /** Declared yesterday and today. */
  readonly demandTokensPerDay: bigint;
}

/** What is told about models and decides nothing. What could not be read is undefined. */
export interface ModelFacts {
  refresh(workers: readonly VerifiedWorker[]): Promise<void>;
  verifiedBy(worker: VerifiedWorker): VerifiedBy | undefined;
  market(modelHash: string): MarketInfo | undefined;
}

type FactsDeps = Pick<ClientDeps, "reader" | "network" | "clock" | "log">;

export function createModelFacts(deps: FactsDeps): ModelFacts {
  const attestations = createAttestationLog(deps);
  const markets = new Map<string, MarketInfo | undefined>();
  let readAtMs = Number.NEGATIVE_INFINITY;
  const logged = (thrown: unknown) => {
    const { code, message } = toCocoonError(thrown);
    deps.log.warn({ msg: "model's facts not read", code, detail: message });
  };
  return {
    refresh: async (workers) => {
      const hashes = [...new Set(workers.map(({ modelHash }) => modelHash))];
      const isDue = deps.clock.nowMs() - readAtMs >= REREAD_MS;
      const isNew = workers.some((worker) => attestations.verifiedBy(worker) === undefined);
      const wanted = isDue ? hashes : hashes.filter((hash) => !markets.has(hash));
      if (isDue) {
        readAtMs = deps.clock.nowMs();
      }
      await Promise.all([
        isDue || isNew ? attestations.refresh().catch(logged) : undefined,
        ...wanted.map((hash) =>
          readMarket(deps, hash)
            .then((market) => markets.set(hash, market))
            .catch(logged),
        ),
      ]);
    },
    verifiedBy: (worker) => attestations.verifiedBy(worker),
    market: (modelHash) => markets.get(modelHash),
  };
}

/** Undefined where nobody has declared demand, so that the model has no market. */
async function readMarket(deps: FactsDeps, hash: string): Promise<MarketInfo | undefined> {
  const { registry } = deps.network;
  const network = openContract(deps.reader, NetworkRegistry.fromAddress(registry));
  const jobCode = await jobCodeForm((await network.getNetworkState()).jobCodeHash);
  const contract = await modelMarket({ registry, modelHash: uint256(hash), jobCode });
  if ((await deps.reader.account(contract.address)).state !== "active") {
    return undefined;
  }
  const fields = await openContract(deps.reader, contract).getMarket();
  return {
    address: contract.address.toRawString(),
    priceNano: fields.sales === 0n ? undefined : fields.price,
    volumeNano: fields.volume,
    sales: Number(fields.sales),
    demandTokensPerDay: fields.demandToday + fields.demandBefore,
  };
}
