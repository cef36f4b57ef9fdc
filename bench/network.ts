import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { request } from "undici";
import { runScript } from "../relayer/cli/up/blueprint";
import { childEnvironments } from "../relayer/cli/up/children";
import { makePlan, type UpPlan } from "../relayer/cli/up/plan";
import { createProcesses } from "../relayer/cli/up/processes";
import { devWallet } from "../relayer/localnet/devWallets";
import { contractCodes } from "../wrappers/codes";
import { readDeployment } from "../wrappers/deployments";
import { providerStake } from "../wrappers/ProviderStake";
import type { BenchContext } from "./benchmark";
import { startScriptedBackend } from "./scriptedBackend";

const STAKE_TON = "100";
const READY_MS = 90_000;

/** The processes on the path of a request. */
export const HOPS = ["gateway", "relayer", "worker"] as const;
export type Hop = (typeof HOPS)[number];

export interface BenchNetwork {
  readonly backendUrl: string;
  readonly gatewayUrl: string;
  readonly apiKey: string;
  readonly pids: Readonly<Record<Hop, number>>;
  stop(): Promise<void>;
}

/**
 * A whole network of processes as `cocoon up` starts it, with two differences: the worker's model is the scripted
 * backend, and the relayer settles by its own defaults. Nothing in the request path is left out or shortened.
 */
export async function startNetwork(context: BenchContext): Promise<BenchNetwork> {
  const { root, dir, note } = context;
  const plan = await makePlan({ dir, root, gatewayPort: 0 });
  const processes = createProcesses({ root, logDir: dir });
  const backend = await startScriptedBackend(root);
  const stop = async () => {
    await processes.stop();
    await backend.stop();
  };
  const start = (hop: Hop, env: Readonly<Record<string, string>>) =>
    processes.start(hop, { ...env, ...profiling(context, hop) });
  const env = childEnvironments(plan, { dir, logLevel: "info" });
  const url = (port: number) => `http://127.0.0.1:${port}`;
  try {
    note("starting a network ...");
    const worker = start("worker", {
      ...env.worker(),
      COCOON_BACKEND_URL: backend.url,
      COCOON_MODEL_HASH: plan.modelHash,
    });
    await processes.start("localnet", env.localnet()).ready(`${url(plan.ports.localnet)}/healthz`);
    const scripts = { root, plan, processes };
    await runScript(scripts, { script: "deployNetwork", as: "deployer" });
    const registries = readRegistries(plan);
    const provider = await providerStake({
      registry: readDeployment({ COCOON_DEPLOYMENT: plan.deploymentFile }).networkRegistry,
      owner: devWallet("provider").v5,
      index: 0,
      jobCode: (await contractCodes()).job,
    });
    const register = {
      script: "registerProvider",
      as: "provider",
      args: [plan.catalogFile, STAKE_TON],
    } as const;
    await runScript(scripts, register);
    await worker.ready(`${url(plan.ports.worker)}/healthz`);
    const relayer = start("relayer", {
      ...env.relayer(registries, provider.address.toString()),
      COCOON_SETTLE_MIN_NANO: "",
    });
    await relayer.ready(`${url(plan.ports.relayer)}/healthz`);
    const gateway = start("gateway", { ...env.gateway(registries), COCOON_KEEP_TEXTS: "false" });
    await gateway.ready(`${url(plan.ports.gateway)}/healthz`);
    await untilModel(`${url(plan.ports.gateway)}/v1`, plan.apiKey);
    return {
      backendUrl: backend.url,
      gatewayUrl: `${url(plan.ports.gateway)}/v1`,
      apiKey: plan.apiKey,
      pids: { gateway: pidOf(gateway), relayer: pidOf(relayer), worker: pidOf(worker) },
      stop,
    };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

function profiling({ root, profileDir }: BenchContext, hop: Hop): Readonly<Record<string, string>> {
  return profileDir === undefined
    ? {}
    : {
        NODE_OPTIONS: `--require=${join(root, "bench", "profile.cjs")}`,
        BENCH_PROFILE_DIR: resolve(profileDir),
        BENCH_PROFILE_NAME: hop,
      };
}

function readRegistries(plan: UpPlan) {
  const deployment = readDeployment({ COCOON_DEPLOYMENT: plan.deploymentFile });
  return {
    networkRegistry: deployment.networkRegistry.toString(),
    attestationRegistry: deployment.attestationRegistry.toString(),
  };
}

function pidOf({ role, pid }: { readonly role: string; readonly pid: number | undefined }): number {
  if (pid === undefined) {
    throw new Error(`The ${role} has no process.`);
  }
  return pid;
}

async function untilModel(baseUrl: string, apiKey: string): Promise<void> {
  const end = Date.now() + READY_MS;
  while (Date.now() < end) {
    const { body } = await request(`${baseUrl}/models`, { headers: { authorization: `Bearer ${apiKey}` } });
    if ((await body.text()).includes("cocoon-tiny")) {
      return;
    }
    await pause(200);
  }
  throw new Error(`The gateway found no attested worker within ${READY_MS / 1000} s.`);
}
