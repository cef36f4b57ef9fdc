import { Address } from "@ton/core";
import { z } from "zod";
import { FinalError } from "./errors";

/**
 * The only reader of the environment. Every variable, its default and its meaning stand here;
 * a wrong value is refused with the variable's name before anything starts.
 */

const port = z.coerce.number().int().min(0).max(65_535);
const list = z.string().transform((text) =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== ""),
);
const hex32 = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 hex digits");
const nano = z
  .string()
  .regex(/^\d{1,19}$/, "must be an amount in nanoton")
  .transform(BigInt);
const address = z.string().transform((text, context) => {
  try {
    return Address.parse(text);
  } catch {
    context.addIssue({ code: "custom", message: "must be a TON address" });
    return z.NEVER;
  }
});
const handedJob = z
  .string()
  .regex(/^.+:[0-9a-f]{64}$/, "must be a job's address and its session key's seed, as address:seed")
  .transform((text, context) => {
    const end = text.lastIndexOf(":");
    const parsed = address.safeParse(text.slice(0, end));
    if (!parsed.success) {
      context.addIssue({ code: "custom", message: "must begin with the job's address" });
      return z.NEVER;
    }
    return { address: parsed.data, seed: text.slice(end + 1) };
  });
const prices = z
  .string()
  .regex(/^\d{1,19}(,\d{1,19}){3}$/, "must be four prices in nanoton: prompt,cached,completion,reasoning")
  .transform((text) => {
    const [promptPrice = 0n, cachedPrice = 0n, completionPrice = 0n, reasoningPrice = 0n] = text
      .split(",")
      .map(BigInt);
    return { promptPrice, cachedPrice, completionPrice, reasoningPrice };
  });
/** A day at most: a timer that cannot run out is no limit. */
const limitMs = z.coerce.number().int().min(1).max(86_400_000);
const stopMs = z.coerce.number().int().min(0).max(3_600_000);
const flag = z.enum(["true", "false"]).transform((text) => text === "true");

const common = {
  COCOON_LOG_LEVEL: z.enum(["debug", "info", "warn", "error", "silent"]).default("info"),
  COCOON_HOST: z.string().default("127.0.0.1"),
};

const chain = {
  /** Full JSON-RPC URLs of toncenter-shaped endpoints; the first that answers is used. */
  COCOON_ENDPOINTS: list.default(["http://127.0.0.1:8081/api/v2/jsonRPC"]),
  /** -239 mainnet, -3 testnet, -23911 localnet. */
  COCOON_GLOBAL_ID: z.coerce.number().int().default(-23_911),
  COCOON_NETWORK_REGISTRY: address,
  COCOON_ATTESTATION_REGISTRY: address,
  /** Network id that enters a V5R1 wallet's address. */
  COCOON_WALLET_NETWORK_ID: z.coerce.number().int().default(-239),
};

const store = {
  /** PostgreSQL when set; otherwise an embedded database in COCOON_DATA_DIR. */
  DATABASE_URL: z.string().optional(),
  COCOON_DATA_DIR: z.string().default(".cocoon/data"),
};

/** Where what Intel publishes about machines is had. */
const collateral = {
  /** Intel's collateral in the file form of DCAP tools; read anew for each verification. */
  COCOON_COLLATERAL_FILE: z.string().optional(),
  /** A PCCS or Intel's own service, asked where no file is given. */
  COCOON_PCCS_URL: z.url().optional(),
};

/** Who is told what an operator must know: a URL that takes JSON, a Telegram bot and its chat. */
const alerts = {
  COCOON_ALERT_WEBHOOK: z.url().optional(),
  COCOON_ALERT_TELEGRAM_TOKEN: z.string().min(1).optional(),
  COCOON_ALERT_TELEGRAM_CHAT: z.string().min(1).optional(),
  COCOON_ALERT_TELEGRAM_API: z.url().default("https://api.telegram.org"),
};

/** What a verifier of TDX quotes knows by itself. */
const quotes = {
  ...collateral,
  /** x and y of the root that Intel's chains must end in; a localnet pins one of its own. */
  COCOON_TDX_ROOT_KEY: z
    .string()
    .regex(/^[0-9a-f]{128}$/, "must be 128 hex digits")
    .optional(),
};

const localnet = z.object({
  ...common,
  COCOON_LOCALNET_PORT: port.default(8081),
  COCOON_LOCALNET_BLOCK_MS: z.coerce.number().int().min(0).max(60_000).default(400),
  COCOON_LOCALNET_DATA_DIR: z.string().optional(),
  COCOON_LOCALNET_HOPS: z.coerce.number().int().min(1).optional(),
  COCOON_LOCALNET_FAULTS: flag.default(false),
});

const worker = z.object({
  ...common,
  COCOON_WORKER_PORT: port.default(8090),
  /** An OpenAI-compatible server; absent: the model runs in this process. */
  COCOON_BACKEND_URL: z.string().optional(),
  COCOON_BACKEND_API_KEY: z.string().optional(),
  /** A GGUF file for the embedded backend; absent: the model in this repository. */
  COCOON_MODEL_FILE: z.string().optional(),
  COCOON_MODEL_NAME: z.string().default("cocoon-tiny"),
  /** SHA-256 of the weights; needed with COCOON_BACKEND_URL, computed from the file otherwise. */
  COCOON_MODEL_HASH: hex32.optional(),
  COCOON_CONTEXT_LENGTH: z.coerce.number().int().min(16).default(512),
  COCOON_MAX_OUTPUT_TOKENS: z.coerce.number().int().min(1).default(160),
  COCOON_MAX_CONCURRENT: z.coerce.number().int().min(1).max(1_024).default(4),
  /** Answers under way at a stop get so long to end. */
  COCOON_STOP_MS: stopMs.default(30_000),
  /** Development platform: whoever holds this seed vouches for any image. Refused by networks that do not pin its key. */
  COCOON_DEV_PLATFORM_SEED: hex32.optional(),
  COCOON_IMAGE_HASH: hex32.optional(),
  /** Where quotes come from; the first is a TDX machine of nobody's hardware, under a root made from the seed. */
  COCOON_QUOTE_SOURCE: z
    .enum(["tdx-development", "configfs-tsm", "dstack", "development"])
    .default("configfs-tsm"),
  COCOON_TDX_DEV_ROOT_SEED: hex32.optional(),
  COCOON_TDX_DEV_IMAGE: z.string().default("cocoon development image"),
  COCOON_DSTACK_SOCKET: z.string().default("/var/run/dstack.sock"),
});

const attestor = z.object({
  ...common,
  ...quotes,
  COCOON_ATTESTOR_PORT: port.default(8070),
  COCOON_GLOBAL_ID: chain.COCOON_GLOBAL_ID,
  COCOON_ATTESTATION_REGISTRY: address,
  /** index:seed pairs. */
  COCOON_ATTESTOR_SEEDS: list,
  /** hash:expiresAt pairs. */
  COCOON_ALLOWED_IMAGES: list,
  COCOON_ALLOWED_MODELS: list,
  COCOON_DEV_PLATFORM_KEYS: list.default([]),
});

const provider = z.object({
  ...common,
  ...chain,
  ...store,
  ...collateral,
  ...alerts,
  COCOON_PROVIDER_PORT: port.default(8080),
  /** ProviderStake. */
  COCOON_PROVIDER: address,
  COCOON_OPERATOR_MNEMONIC: z.string().min(1),
  /** URLs of workers; or a file of them, one a line, which is followed while the relayer runs. */
  COCOON_WORKERS: list.default([]),
  COCOON_WORKERS_FILE: z.string().optional(),
  /** Loopback port of the admin routes; 0 takes a free one. */
  COCOON_ADMIN_PORT: port.default(0),
  /** Answers under way at a stop get so long to end; what waits is handed back at once. */
  COCOON_STOP_MS: stopMs.default(30_000),
  /** For workers that the chain cannot verify by itself. */
  COCOON_ATTESTORS: list.default([]),
  /** Settle a co-signed head from this amount on, or after this age. */
  COCOON_SETTLE_MIN_NANO: nano.optional(),
  COCOON_SETTLE_MAX_AGE_MS: z.coerce.number().int().min(0).optional(),
  /** Alerts begin below this balance of the operator's wallet, and above this unsettled amount. */
  COCOON_ALERT_WALLET_NANO: nano.optional(),
  COCOON_ALERT_UNSETTLED_NANO: nano.optional(),
  /** A job that the offers refused is accepted from these prices on: prompt,cached,completion,reasoning. */
  COCOON_FLOOR_PRICES: prices.optional(),
  /** JSON: which models to bid for in auctions, and from which prices on; see docs/operate.md. Without it, none. */
  COCOON_BID_POLICY_FILE: z.string().optional(),
  /** Tasks that pay less are left to their deadline. */
  COCOON_TASK_MIN_NANO: nano.optional(),
  /** Schemes of the addresses that a task's content is fetched from. */
  COCOON_TASK_SCHEMES: list.optional(),
});

const gateway = z.object({
  ...common,
  ...quotes,
  ...chain,
  ...store,
  ...alerts,
  COCOON_GATEWAY_PORT: port.default(8000),
  /** Words of the wallet that pays for jobs; without them, COCOON_JOBS are all there is. */
  COCOON_DEVELOPER_MNEMONIC: z.string().min(1).optional(),
  /** Jobs that a wallet elsewhere has opened: address:seed of the session key. */
  COCOON_JOBS: list.pipe(z.array(handedJob)).default([]),
  /** Keys that clients may send as Bearer tokens. */
  COCOON_API_KEYS: list.default([]),
  /** JSON: more keys, with limits; see docs/gateway.md. */
  COCOON_API_KEYS_FILE: z.string().optional(),
  /** US dollars for one TON, or a URL whose JSON answer has them in a field `usd`. */
  COCOON_USD_PER_TON: z.coerce.number().positive().optional(),
  COCOON_USD_PER_TON_URL: z.url().optional(),
  /** 64 hex digits: session keys, salts and texts are encrypted at rest with it. Behind it, earlier ones. */
  COCOON_STORE_KEY: list.pipe(z.array(hex32)).optional(),
  COCOON_JOB_BUDGET_NANO: nano.optional(),
  COCOON_MAX_COST_NANO: nano.optional(),
  /** Platforms that may see a prompt; "development" only on a network of your own. */
  COCOON_TEES: list.pipe(z.array(z.enum(["development", "tdx", "sevSnp"]))).default(["tdx", "sevSnp"]),
  /** Keys of development platforms whose workers may see a prompt: for networks of your own. */
  COCOON_DEV_PLATFORM_KEYS: list.default([]),
  /** JSON: images, models, TCB statuses and sites that the developer accepts; see docs/operate.md. */
  COCOON_POLICY_FILE: z.string().optional(),
  COCOON_ALLOW_HTTP: flag.default(false),
  /** Limits of one request, in milliseconds: connection, first token, between two tokens, everything. */
  COCOON_CONNECT_MS: limitMs.optional(),
  COCOON_FIRST_TOKEN_MS: limitMs.optional(),
  COCOON_NEXT_TOKEN_MS: limitMs.optional(),
  COCOON_TOTAL_MS: limitMs.optional(),
  /** A job that nobody used for so long is closed. */
  COCOON_IDLE_CLOSE_MS: limitMs.optional(),
  /** Models for which a job is open before the first request. */
  COCOON_PREWARM_MODELS: list.default([]),
  /** How long a provider may take to release a job before a message closes it; 0: closed at once. */
  COCOON_RELEASE_WAIT_MS: z.coerce.number().int().min(0).optional(),
  COCOON_KEEP_TEXTS: flag.default(false),
});

/** The commands that look and send, of whichever role. */
const manage = z.object({
  ...common,
  COCOON_ENDPOINTS: chain.COCOON_ENDPOINTS,
  COCOON_GLOBAL_ID: chain.COCOON_GLOBAL_ID,
  COCOON_WALLET_NETWORK_ID: chain.COCOON_WALLET_NETWORK_ID,
  /** The provider that is meant where a command names none. */
  COCOON_PROVIDER: z.string().optional(),
  /** Words of the wallet that owns the provider. */
  COCOON_OWNER_MNEMONIC: z.string().min(1).optional(),
  COCOON_OPERATOR_MNEMONIC: z.string().min(1).optional(),
  COCOON_DEVELOPER_MNEMONIC: z.string().min(1).optional(),
  /** Blueprint's name; used where the role's own words are not set. */
  WALLET_MNEMONIC: z.string().min(1).optional(),
  /** A wallet app over TON Connect: the bridge, where it is not one of the list's. */
  COCOON_TONCONNECT_BRIDGE: z.url().optional(),
  /** The list of wallet apps, where it is not the public one. */
  COCOON_TONCONNECT_WALLETS: z.url().optional(),
  /** What an app shows about who asks. An app refuses a request whose manifest it cannot read. */
  COCOON_TONCONNECT_MANIFEST: z
    .url()
    .default("https://raw.githubusercontent.com/ton-org/blueprint/main/tonconnect/manifest.json"),
  /** Where `wallet connect` keeps a connection. */
  COCOON_TONCONNECT_FILE: z.string().min(1).default(".cocoon/tonconnect.json"),
  /** How long a person may take; wallet apps refuse what is valid for longer than five minutes. */
  COCOON_TONCONNECT_SECONDS: z.coerce.number().int().min(1).max(300).default(300),
  /** With `/v1`. */
  COCOON_GATEWAY_URL: z.url().default("http://127.0.0.1:8000/v1"),
  COCOON_API_KEYS: list.default([]),
  COCOON_BACKEND_URL: z.url().optional(),
  /** Of the relayer on this machine, whose admin routes are asked. */
  ...store,
  /** Of a gateway or relayer whose network stands in its configuration and not in a deployment's file. */
  COCOON_NETWORK_REGISTRY: address.optional(),
  COCOON_GATEWAY_PORT: port.default(8000),
  COCOON_PROVIDER_PORT: port.default(8080),
  COCOON_WORKER_PORT: port.default(8090),
});

/** As the command line has them. */
const NAMES: Partial<Record<string, string>> = { provider: "relayer", manage: "command" };

const SCHEMAS = { localnet, worker, attestor, provider, gateway, manage } as const;
export type Role = keyof typeof SCHEMAS;
export type Config<R extends Role> = Readonly<z.infer<(typeof SCHEMAS)[R]>>;

/**
 * The configuration of one process, frozen.
 * @throws CONFIG_INVALID naming every variable that is missing or wrong
 */
export function readConfig<R extends Role>(
  role: R,
  env: Readonly<Record<string, string | undefined>>,
): Config<R> {
  const schema: z.ZodType = SCHEMAS[role];
  const present = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ""),
  );
  const parsed = schema.safeParse(present);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => {
      const name = path.join(".");
      return path[0] === undefined || String(path[0]) in present
        ? `${name}: ${message}`
        : `${name} is not set`;
    });
    throw new FinalError(
      "CONFIG_INVALID",
      `The ${NAMES[role] ?? role} cannot start. ${faults.join("; ")}. docs/operate.md has all variables.`,
    );
  }
  // The schema was chosen by `role`, which TypeScript cannot follow through the lookup.
  return Object.freeze(parsed.data) as Config<R>;
}

/** Where a process keeps its state. */
export function storeUrl(config: {
  readonly DATABASE_URL?: string | undefined;
  readonly COCOON_DATA_DIR: string;
}): string {
  return config.DATABASE_URL ?? `file:${config.COCOON_DATA_DIR}`;
}

/** The environment with a `.env` file's values below it. */
export function loadEnvironment(): Readonly<Record<string, string | undefined>> {
  // Required here so that code that is given its configuration never loads it.
  const dotenv: typeof import("dotenv") = require("dotenv");
  dotenv.config({ quiet: true });
  return process.env;
}
