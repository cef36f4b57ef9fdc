import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { request } from "undici";
import { type ChainReader, createToncenterClient } from "../../../relayer/chain";
import { runScript } from "../../../relayer/cli/up/blueprint";
import { childEnvironments } from "../../../relayer/cli/up/children";
import { type Audit, auditChain, conserved } from "../../../relayer/cli/up/money";
import { freePort, makePlan, type UpPlan } from "../../../relayer/cli/up/plan";
import { type Child, createProcesses } from "../../../relayer/cli/up/processes";
import { devWallet } from "../../../relayer/localnet/devWallets";
import { silentLog } from "../../../relayer/observe/log";
import { contractCodes } from "../../../wrappers/codes";
import { readDeployment } from "../../../wrappers/deployments";
import { providerStake } from "../../../wrappers/ProviderStake";
import { freshDir, ROOT } from "./paths";
import { isAlive, killHard } from "./pids";
import { until } from "./until";

const STAKE_TON = "100";
const CHAIN_MS = 10_000;
const READY_MS = 120_000;

export const ROLES = ["localnet", "worker", "relayer", "gateway"] as const;
export type RoleName = (typeof ROLES)[number];
type Env = Readonly<Record<string, string>>;

/** A whole network of real processes, on ports and in a directory of its own. */
export interface Network {
  readonly plan: UpPlan;
  readonly reader: ChainReader;
  /** Of the gateway, with `/v1`. */
  readonly baseUrl: string;
  url(role: RoleName): string;
  /** Starts a process again, with the data and the port that it had, and waits until it answers. */
  start(role: RoleName | "backend"): Promise<void>;
  /** SIGKILL: nothing is flushed, nobody is told. */
  kill(role: RoleName | "backend"): Promise<void>;
  /** The same in order, as at a shutdown: what it had under way is finished. */
  stopOne(role: RoleName): Promise<void>;
  untilModels(): Promise<void>;
  /** Everything that the processes have logged, by file. */
  logs(): ReadonlyMap<string, string>;
  dataDir(role: "relayer" | "gateway"): string;
  /** The change since the start of what must not change: always 0. */
  drift(): Promise<bigint>;
  audit(): Promise<Audit>;
  stop(): Promise<void>;
}

export interface NetworkOptions {
  /** Names its directory, `.cocoon/e2e/NAME-PID`; the logs stay there until the next run. */
  readonly name: string;
  /** More variables, or other values, for each process. */
  readonly env?: Partial<Record<RoleName, Env>>;
  /** Pause before each word of the scripted backend. */
  readonly wordMs?: number;
}

/** Boots localnet, contracts, worker, relayer and gateway, with a scripted model behind the worker. */
export async function startNetwork(options: NetworkOptions): Promise<Network> {
  const dir = freshDir(options.name);
  const plan = await makePlan({ dir, root: ROOT, gatewayPort: 0 });
  const backendPort = await freePort(0);
  const processes = createProcesses({ root: ROOT, logDir: dir });
  const reader = createToncenterClient({ endpoint: plan.endpoint, timeoutMs: CHAIN_MS, log: silentLog });
  const envs = childEnvironments(plan, { dir, logLevel: "debug" });
  const url = (role: RoleName) => `http://127.0.0.1:${plan.ports[role]}`;
  const running = new Map<RoleName, Child>();
  let backend: ChildProcess | undefined;
  const environments = new Map<RoleName, Env>([
    ["localnet", envs.localnet()],
    [
      "worker",
      {
        ...envs.worker(),
        COCOON_BACKEND_URL: `http://127.0.0.1:${backendPort}/v1`,
        COCOON_MODEL_HASH: plan.modelHash,
      },
    ],
  ]);
  const launch = (role: RoleName): Child => {
    const child = processes.start(role, { ...environments.get(role), ...options.env?.[role] });
    running.set(role, child);
    return child;
  };
  const startBackend = () => {
    const script = join(__dirname, "scriptedBackend.cjs");
    const args = [script, String(backendPort), String(options.wordMs ?? 0)];
    backend = spawn(process.execPath, args, { stdio: "ignore" });
  };
  const start = async (role: RoleName | "backend") => {
    if (role === "backend") {
      startBackend();
      return;
    }
    await launch(role).ready(`${url(role)}/healthz`);
  };
  const stop = async () => {
    await processes.stop();
    backend?.kill("SIGKILL");
    await reader.close();
  };
  const baseUrl = `${url("gateway")}/v1`;
  const untilModels = async () => {
    await until("the gateway has a verified worker", () => hasModel(baseUrl, plan.apiKey), READY_MS);
  };

  try {
    startBackend();
    launch("worker");
    await start("localnet");
    const first = await auditChain(url("localnet"));
    const scripts = { root: ROOT, plan, processes };
    await runScript(scripts, { script: "deployNetwork", as: "deployer" });
    const deployment = readDeployment({ COCOON_DEPLOYMENT: plan.deploymentFile });
    const registries = {
      networkRegistry: deployment.networkRegistry.toString(),
      attestationRegistry: deployment.attestationRegistry.toString(),
    };
    const provider = await providerStake({
      registry: deployment.networkRegistry,
      owner: devWallet("provider").v5,
      index: 0,
      jobCode: (await contractCodes()).job,
    });
    environments.set("relayer", envs.relayer(registries, provider.address.toString()));
    environments.set("gateway", envs.gateway(registries));
    await runScript(scripts, {
      script: "registerProvider",
      as: "provider",
      args: [plan.catalogFile, STAKE_TON],
    });
    await start("relayer");
    await start("gateway");
    await untilModels();
    return {
      plan,
      reader,
      baseUrl,
      url,
      start,
      untilModels,
      stop,
      kill: async (role) => {
        const pid = role === "backend" ? backend?.pid : running.get(role)?.pid;
        await killHard(pid ?? 0);
      },
      stopOne: async (role) => {
        const pid = running.get(role)?.pid ?? 0;
        process.kill(pid, "SIGTERM");
        await until(`the ${role} has stopped`, async () => (isAlive(pid) ? undefined : true));
      },
      logs: () => readLogs(dir),
      dataDir: (role) => join(dir, role),
      audit: () => auditChain(url("localnet")),
      drift: async () => conserved(await auditChain(url("localnet"))) - conserved(first),
    };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

async function hasModel(baseUrl: string, apiKey: string): Promise<true | undefined> {
  const { body } = await request(`${baseUrl}/models`, { headers: { authorization: `Bearer ${apiKey}` } });
  return (await body.text()).includes("cocoon-tiny") ? true : undefined;
}

function readLogs(dir: string): ReadonlyMap<string, string> {
  const files = readdirSync(dir).filter((file) => file.endsWith(".log"));
  return new Map(files.map((file) => [file, readFileSync(join(dir, file), "utf8")]));
}
