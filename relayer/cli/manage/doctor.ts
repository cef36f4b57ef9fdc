import { request } from "undici";
import { jobCodeForm } from "../../../wrappers/codes";
import { readDeployment } from "../../../wrappers/deployments";
import { NetworkRegistry } from "../../../wrappers/NetworkRegistry";
import {
  type ChainReader,
  createToncenterClient,
  fallback,
  openContract,
  walletFromMnemonic,
} from "../../chain";
import { type Config, readConfig } from "../../config";
import { silentLog } from "../../observe/log";
import { formatTon } from "../../protocol";
import { type Check, checked, failed, printChecks } from "./checks";
import { gatewayAnswers } from "./gatewayCommands";
import { checkPort, checkSecrets, checkState, checkTee, checkVersion } from "./machineChecks";
import { type Io, withProgress } from "./output";

type ManageConfig = Config<"manage">;

/** Sealed requests live 120 s at most, signatures of wallets 60 s: a clock may be off by less than half of that. */
const MAX_SKEW_SECONDS = 20;
const ASK_MS = 5_000;
/** Below this a wallet cannot pay a day of attestations and settlements. */
const LOW_WALLET_NANO = 500_000_000n;
const WALLETS = [
  ["owner", "COCOON_OWNER_MNEMONIC"],
  ["operator", "COCOON_OPERATOR_MNEMONIC"],
  ["developer", "COCOON_DEVELOPER_MNEMONIC"],
] as const;
const PORTS = [
  ["gateway", "COCOON_GATEWAY_PORT"],
  ["relayer", "COCOON_PROVIDER_PORT"],
  ["worker", "COCOON_WORKER_PORT"],
] as const;

/** Looks at everything that the parts on this machine need, and says what to do. */
export async function doctor(io: Io, options: { readonly json?: boolean }): Promise<number> {
  const config = readConfig("manage", io.env);
  const work = Promise.all([
    Promise.resolve(checkVersion(process.versions.node)),
    ...config.COCOON_ENDPOINTS.map((endpoint) => checkEndpoint(endpoint)),
    checkClock(config),
    checkNetwork(io, config),
    ...WALLETS.flatMap(([role, name]) =>
      config[name] === undefined ? [] : [checkWallet(config, role, name)],
    ),
    checked("gateway", "Start `cocoon gateway` here, or set COCOON_GATEWAY_URL and COCOON_API_KEYS.", () =>
      gatewayAnswers(io),
    ),
    ...(config.COCOON_BACKEND_URL === undefined ? [] : [checkBackend(config.COCOON_BACKEND_URL)]),
    ...(config.DATABASE_URL === undefined ? [checkState(config.COCOON_DATA_DIR)] : []),
    checkSecrets(".env"),
    Promise.resolve(checkTee()),
    ...PORTS.map(([name, variable]) =>
      checkPort(name, { port: config[variable], variable, host: config.COCOON_HOST }),
    ),
  ]);
  return printChecks(io, options, await withProgress(io, "Looking", work));
}

/** Whatever endpoint answers. */
async function withReader<T>(
  endpoints: readonly string[],
  work: (reader: ChainReader) => Promise<T>,
): Promise<T> {
  const readers = endpoints.map((endpoint) =>
    createToncenterClient({ endpoint, timeoutMs: ASK_MS, log: silentLog }),
  );
  try {
    return await work(fallback(readers));
  } finally {
    await Promise.all(readers.map((reader) => reader.close()));
  }
}

function checkEndpoint(endpoint: string): Promise<Check> {
  const fix = "Name one that answers in COCOON_ENDPOINTS; for a network on this machine: `cocoon localnet`.";
  return checked("endpoint", fix, async () => {
    const started = performance.now();
    const { seqno } = await withReader([endpoint], (reader) => reader.head()).catch((thrown: unknown) => {
      throw new Error(`${endpoint} does not answer.`, { cause: thrown });
    });
    return `${endpoint}: block ${seqno}, ${Math.round(performance.now() - started)} ms`;
  });
}

function checkClock({ COCOON_ENDPOINTS }: ManageConfig): Promise<Check> {
  return checked("clock", "It is compared with the chain's: see `endpoint`.", async () => {
    const { utime } = await withReader(COCOON_ENDPOINTS, (reader) => reader.head()).catch(
      (thrown: unknown) => {
        throw new Error("No chain to compare with.", { cause: thrown });
      },
    );
    const skew = Math.round(Date.now() / 1000) - utime;
    // The newest final block is some seconds old, so that a clock that is right is always ahead.
    return Math.abs(skew) <= MAX_SKEW_SECONDS
      ? `${skew} s ahead of the chain's newest block`
      : failed("clock", {
          detail: `${Math.abs(skew)} s ${skew > 0 ? "ahead of" : "behind"} the chain`,
          fix: "Switch time synchronisation on (systemd-timesyncd, chrony).",
        });
  });
}

/** The registry is where the configuration says, on the network it says, and its jobs run the code of this version. */
function checkNetwork(io: Io, config: ManageConfig): Promise<Check> {
  const fix =
    "Set COCOON_DEPLOYMENT to the network's deployment.json, or COCOON_NETWORK_REGISTRY to its address.";
  return checked("network", fix, async () => {
    const named = config.COCOON_NETWORK_REGISTRY;
    const deployment = named === undefined ? readDeployment(io.env) : undefined;
    const globalId = deployment?.globalId ?? config.COCOON_GLOBAL_ID;
    const address = named ?? deployment?.networkRegistry;
    if (globalId !== config.COCOON_GLOBAL_ID || address === undefined) {
      return failed("network", {
        detail: `the deployment is of network ${globalId}, the configuration of ${config.COCOON_GLOBAL_ID}`,
        fix: `Set COCOON_GLOBAL_ID=${globalId}, or name the deployment of the other network.`,
      });
    }
    const contract = NetworkRegistry.fromAddress(address);
    const shown = contract.address.toString();
    return await withReader(config.COCOON_ENDPOINTS, async (reader) => {
      if ((await reader.account(contract.address)).state !== "active") {
        throw new Error(`There is no contract at ${shown} on this chain.`);
      }
      const { jobCodeHash } = await openContract(reader, contract).getNetworkState();
      const form = await jobCodeForm(jobCodeHash);
      return form === undefined
        ? failed("network", {
            detail: `${shown} has jobs of code ${jobCodeHash.toString(16).slice(0, 16)}…, which this version does not know`,
            fix: "Install the version that the network was deployed with, or name another network.",
          })
        : `${shown}: jobs of this version's code (${form})`;
    });
  });
}

function checkWallet(config: ManageConfig, role: string, name: (typeof WALLETS)[number][1]): Promise<Check> {
  return checked(`wallet`, `Check the words in ${name}.`, async () => {
    const { address } = await walletFromMnemonic({
      words: (config[name] ?? "").trim().split(/\s+/),
      networkGlobalId: config.COCOON_WALLET_NETWORK_ID,
    });
    const shown = address.toString({ bounceable: false });
    const { balanceNano } = await withReader(config.COCOON_ENDPOINTS, (reader) => reader.account(address));
    return balanceNano >= LOW_WALLET_NANO
      ? `${role}: ${formatTon(balanceNano)} TON at ${shown}`
      : failed("wallet", {
          detail: `${role}: only ${formatTon(balanceNano)} TON at ${shown}`,
          fix: `Send it at least ${formatTon(LOW_WALLET_NANO - balanceNano)} TON.`,
        });
  });
}

function checkBackend(url: string): Promise<Check> {
  return checked(
    "backend",
    "Start the model's server, or mend COCOON_BACKEND_URL (up to and with /v1).",
    async () => {
      const { statusCode, body } = await request(`${url}/models`, {
        headersTimeout: ASK_MS,
        bodyTimeout: ASK_MS,
      }).catch((thrown: unknown) => {
        throw new Error(`${url} does not answer.`, { cause: thrown });
      });
      await body.dump();
      if (statusCode !== 200) {
        throw new Error(`${url}/models answers ${statusCode}.`);
      }
      return `${url} answers`;
    },
  );
}
