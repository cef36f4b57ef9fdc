import { join } from "node:path";
import { LOCALNET_GLOBAL_ID } from "../../localnet/config";
import { devWallet } from "../../localnet/devWallets";
import { TDX_DEVELOPMENT_IMAGE, type UpPlan } from "./plan";

type Env = Readonly<Record<string, string>>;

/** What each child process is told. Only development wallets and keys that this start has drawn appear here. */
export function childEnvironments(
  plan: UpPlan,
  options: { readonly dir: string; readonly logLevel: string },
) {
  const chain = (registries: { networkRegistry: string; attestationRegistry: string }): Env => ({
    COCOON_ENDPOINTS: plan.endpoint,
    COCOON_GLOBAL_ID: String(LOCALNET_GLOBAL_ID),
    COCOON_NETWORK_REGISTRY: registries.networkRegistry,
    COCOON_ATTESTATION_REGISTRY: registries.attestationRegistry,
  });
  const common: Env = { COCOON_LOG_LEVEL: options.logLevel, COCOON_HOST: "127.0.0.1", DATABASE_URL: "" };
  // What Intel's root and publications are elsewhere.
  const quotes: Env = {
    COCOON_TDX_ROOT_KEY: plan.tdxRootKey,
    COCOON_COLLATERAL_FILE: plan.collateralFile,
  };
  return {
    localnet: (): Env => ({
      ...common,
      COCOON_LOCALNET_PORT: String(plan.ports.localnet),
      COCOON_LOCALNET_DATA_DIR: join(options.dir, "localnet"),
    }),
    worker: (): Env => ({
      ...common,
      COCOON_WORKER_PORT: String(plan.ports.worker),
      COCOON_MODEL_FILE: plan.modelFile,
      COCOON_MODEL_NAME: "cocoon-tiny",
      COCOON_QUOTE_SOURCE: "tdx-development",
      COCOON_TDX_DEV_ROOT_SEED: plan.tdxRootSeed,
      COCOON_TDX_DEV_IMAGE: TDX_DEVELOPMENT_IMAGE,
    }),
    relayer: (registries: Registries, provider: string): Env => ({
      ...common,
      ...chain(registries),
      COCOON_DATA_DIR: join(options.dir, "relayer"),
      COCOON_PROVIDER_PORT: String(plan.ports.relayer),
      COCOON_PROVIDER: provider,
      COCOON_OPERATOR_MNEMONIC: devWallet("operator").mnemonic,
      COCOON_WORKERS: `http://127.0.0.1:${plan.ports.worker}`,
      // Settle every co-signed answer at once, so that a person sees it happen; real networks let them add up.
      COCOON_SETTLE_MIN_NANO: "1",
    }),
    gateway: (registries: Registries): Env => ({
      ...common,
      ...chain(registries),
      COCOON_DATA_DIR: join(options.dir, "gateway"),
      COCOON_GATEWAY_PORT: String(plan.ports.gateway),
      COCOON_DEVELOPER_MNEMONIC: devWallet("developer").mnemonic,
      COCOON_API_KEYS: plan.apiKey,
      COCOON_STORE_KEY: plan.storeKey,
      COCOON_TEES: "tdx",
      ...quotes,
      COCOON_ALLOW_HTTP: "true",
      COCOON_KEEP_TEXTS: "true",
    }),
  };
}

export interface Registries {
  readonly networkRegistry: string;
  readonly attestationRegistry: string;
}
