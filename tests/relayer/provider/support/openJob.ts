import { type OpenedContract, toNano } from "@ton/core";
import type { Localnet } from "../../../../relayer/localnet/startLocalnet";
import {
  primitives,
  type Terms,
  toJobAddress,
  toRawAddress,
  toRequestId,
} from "../../../../relayer/protocol";
import type { Provider } from "../../../../relayer/provider";
import type { RunningWorker } from "../../../../relayer/worker/startWorker";
import type { JobEscrow } from "../../../../wrappers";
import { type DeployedNetwork, MODEL_HASH, named, PRICES, toUint } from "../../support/deployNetwork";
import { until } from "../../support/until";
import { type Answer, ask, type Call, type ListedWorker } from "./developer";

/** What opening and using a job needs of the test world. */
export interface JobPlace {
  readonly net: Pick<Localnet, "chain">;
  readonly network: Pick<DeployedNetwork, "openJob" | "provider">;
  readonly worker: Pick<RunningWorker, "receiptPublicKey">;
  readonly provider: Pick<Provider, "url">;
  listed(): Promise<readonly ListedWorker[]>;
}

export const SESSION_SEED = named("session");
export const BUDGET = toNano("2");

export interface OpenJob {
  readonly contract: OpenedContract<JobEscrow>;
  readonly terms: Terms;
  call(overrides?: Partial<Call>): Promise<Call>;
  ask(overrides?: Partial<Call>): Promise<Answer>;
}

/** What a developer has while no worker is listed. */
const NOBODY: Answer = {
  status: 0,
  requestId: toRequestId("00".repeat(16)),
  code: "NO_WORKER",
  text: "",
  record: undefined,
  complete: false,
};

export async function openJob(
  world: JobPlace,
  nonce: bigint,
  order: { readonly budgetNano?: bigint; readonly deadline?: number },
): Promise<OpenJob> {
  await until("the worker is attested", async () => (await world.listed())[0]);
  const contract = await world.network.openJob({
    nonce,
    budgetNano: order.budgetNano ?? BUDGET,
    worker: toUint(Buffer.from(world.worker.receiptPublicKey, "hex")),
    sessionPublicKey: primitives.ed25519PublicKey(SESSION_SEED),
    deadline: order.deadline,
  });
  const terms: Terms = {
    networkId: world.net.chain.globalId,
    job: toJobAddress(contract.address.toRawString()),
    provider: toRawAddress(world.network.provider.address.toRawString()),
    modelHash: MODEL_HASH,
    sessionPublicKey: primitives.ed25519PublicKey(SESSION_SEED),
    promptPrice: PRICES.prompt,
    cachedPrice: PRICES.cached,
    completionPrice: PRICES.completion,
    reasoningPrice: PRICES.reasoning,
  };
  const call = async (overrides: Partial<Call> = {}): Promise<Call> => {
    const [worker] = overrides.worker === undefined ? await world.listed() : [overrides.worker];
    if (worker === undefined) {
      throw new Error("No worker is listed.");
    }
    return {
      url: world.provider.url,
      worker,
      terms,
      sessionSeed: SESSION_SEED,
      nowSeconds: world.net.chain.now(),
      ...overrides,
    };
  };
  const job: OpenJob = {
    contract,
    terms,
    call,
    ask: async (overrides) => {
      const [worker] = overrides?.worker === undefined ? await world.listed() : [overrides.worker];
      return worker === undefined ? NOBODY : ask(await call({ worker, ...overrides }));
    },
  };
  await until("the job is served", async () => {
    const refused = await job.ask({
      maxCostNano: 0n,
      headers: { "cocoon-authorization": Buffer.alloc(64).toString("base64") },
    });
    return refused.code === "BAD_AUTHORIZATION" ? true : undefined;
  });
  return job;
}
