import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { request } from "undici";
import { type ChainReader, createToncenterClient, walletFromMnemonic } from "../../chain";
import { type Config, readConfig } from "../../config";
import { silentLog } from "../../observe/log";
import { formatTon } from "../../protocol";
import { type Check, checked, printChecks } from "./checks";
import { gatewayAnswers } from "./gatewayCommands";
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
  ["gateway", 8000],
  ["relayer", 8080],
  ["worker", 8090],
] as const;
const TEE_DEVICES = [
  ["/dev/tdx_guest", "Intel TDX"],
  ["/dev/sev-guest", "AMD SEV-SNP"],
] as const;

/** Looks at everything that the parts on this machine need, and says what to do. */
export async function doctor(io: Io, options: { readonly json?: boolean }): Promise<number> {
  const config = readConfig("manage", io.env);
  const work = Promise.all([
    ...config.COCOON_ENDPOINTS.map((endpoint) => checkEndpoint(endpoint)),
    checkClock(config),
    ...WALLETS.flatMap(([role, name]) =>
      config[name] === undefined ? [] : [checkWallet(config, role, name)],
    ),
    checked("gateway", "Start `cocoon gateway` here, or set COCOON_GATEWAY_URL and COCOON_API_KEYS.", () =>
      gatewayAnswers(io),
    ),
    ...(config.COCOON_BACKEND_URL === undefined ? [] : [checkBackend(config.COCOON_BACKEND_URL)]),
    Promise.resolve(checkTee()),
    ...PORTS.map(([name, port]) => checkPort(name, port)),
  ]);
  return printChecks(io, options, await withProgress(io, "Looking", work));
}

async function withReader<T>(endpoint: string, work: (reader: ChainReader) => Promise<T>): Promise<T> {
  const reader = createToncenterClient({ endpoint, timeoutMs: ASK_MS, log: silentLog });
  try {
    return await work(reader);
  } finally {
    await reader.close();
  }
}

function checkEndpoint(endpoint: string): Promise<Check> {
  const fix = "Name one that answers in COCOON_ENDPOINTS; for a network on this machine: `cocoon localnet`.";
  return checked("endpoint", fix, async () => {
    const started = performance.now();
    const { seqno } = await withReader(endpoint, (reader) => reader.head()).catch((thrown: unknown) => {
      throw new Error(`${endpoint} does not answer.`, { cause: thrown });
    });
    return `${endpoint}: block ${seqno}, ${Math.round(performance.now() - started)} ms`;
  });
}

function checkClock({ COCOON_ENDPOINTS: [endpoint = ""] }: ManageConfig): Promise<Check> {
  return checked("clock", "It is compared with the chain's: see `endpoint`.", async () => {
    const { utime } = await withReader(endpoint, (reader) => reader.head()).catch((thrown: unknown) => {
      throw new Error("No chain to compare with.", { cause: thrown });
    });
    const skew = Math.round(Date.now() / 1000) - utime;
    // The newest final block is some seconds old, so that a clock that is right is always ahead.
    return Math.abs(skew) <= MAX_SKEW_SECONDS
      ? `${skew} s ahead of the chain's newest block`
      : {
          name: "clock",
          outcome: "failed",
          detail: `${Math.abs(skew)} s ${skew > 0 ? "ahead of" : "behind"} the chain`,
          fix: "Switch time synchronisation on (systemd-timesyncd, chrony).",
        };
  });
}

function checkWallet(config: ManageConfig, role: string, name: (typeof WALLETS)[number][1]): Promise<Check> {
  return checked(`wallet`, `Check the words in ${name}.`, async () => {
    const { address } = await walletFromMnemonic({
      words: (config[name] ?? "").trim().split(/\s+/),
      networkGlobalId: config.COCOON_WALLET_NETWORK_ID,
    });
    const shown = address.toString({ bounceable: false });
    const [endpoint = ""] = config.COCOON_ENDPOINTS;
    const { balanceNano } = await withReader(endpoint, (reader) => reader.account(address));
    return balanceNano >= LOW_WALLET_NANO
      ? `${role}: ${formatTon(balanceNano)} TON at ${shown}`
      : {
          name: "wallet",
          outcome: "failed",
          detail: `${role}: only ${formatTon(balanceNano)} TON at ${shown}`,
          fix: `Send it at least ${formatTon(LOW_WALLET_NANO - balanceNano)} TON.`,
        };
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

function checkTee(): Check {
  const found = TEE_DEVICES.find(([device]) => existsSync(device));
  return found === undefined
    ? {
        name: "TEE",
        outcome: "note",
        detail: "no TEE device here",
        fix: "A worker for others needs a TDX or SEV-SNP guest; on a network of your own, the development platform.",
      }
    : { name: "TEE", outcome: "ok", detail: `${found[1]} (${found[0]})` };
}

/** Free, or taken: by what, only its owner knows. */
function checkPort(name: string, port: number): Promise<Check> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () =>
      resolve({
        name: "port",
        outcome: "note",
        detail: `${port} (${name}) is in use`,
        fix: `If not by this ${name} already, give it another port.`,
      }),
    );
    server.listen(port, "127.0.0.1", () =>
      server.close(() => resolve({ name: "port", outcome: "ok", detail: `${port} (${name}) is free` })),
    );
  });
}
