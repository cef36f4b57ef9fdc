import { readFile } from "node:fs/promises";
import { DEFAULT_POLICY, type Policy } from "../client";
import { EMPTY_POLICY, parsePolicyFile } from "../client/policyFile";
import { type Config, loadEnvironment, readConfig, storeUrl } from "../config";
import {
  type ApiKeyOption,
  createEvidenceCheck,
  type GatewayOptions,
  parseKeyFile,
  startGateway,
} from "../gateway";
import { systemClock } from "../observe/clock";
import { createLog } from "../observe/log";
import { fromHex, toRawAddress } from "../protocol";
import { alertSinksOf } from "./alertSinks";
import { quoteVerifierOf } from "./attestation";
import { compileEarly } from "./compileEarly";
import { runUntilSignal } from "./runUntilSignal";

export async function gateway(): Promise<void> {
  compileEarly();
  const config = readConfig("gateway", loadEnvironment());
  const { COCOON_POLICY_FILE: policyFile } = config;
  const accepted =
    policyFile === undefined ? EMPTY_POLICY : parsePolicyFile(await readFile(policyFile, "utf8"));
  const [sessionSecret, ...formerSecrets] = (config.COCOON_STORE_KEY ?? []).map((key) => fromHex(key, 32));
  const running = await startGateway({
    host: config.COCOON_HOST,
    port: config.COCOON_GATEWAY_PORT,
    store: storeUrl(config),
    endpoints: config.COCOON_ENDPOINTS,
    network: {
      globalId: config.COCOON_GLOBAL_ID,
      registry: config.COCOON_NETWORK_REGISTRY.toString(),
      attestationRegistry: config.COCOON_ATTESTATION_REGISTRY.toString(),
    },
    mnemonic: config.COCOON_DEVELOPER_MNEMONIC,
    walletNetworkId: config.COCOON_WALLET_NETWORK_ID,
    jobs: config.COCOON_JOBS.map(({ address, seed }) => ({
      address: address.toRawString(),
      seed: fromHex(seed, 32),
    })),
    apiKeys: await apiKeysOf(config),
    usd: usdOf(config),
    sessionSecret,
    formerSecrets,
    policy: { ...policyOf(config), ...accepted.client },
    verifyEvidence: createEvidenceCheck({
      networkId: config.COCOON_GLOBAL_ID,
      registry: toRawAddress(config.COCOON_ATTESTATION_REGISTRY.toRawString()),
      developmentPlatforms: config.COCOON_DEV_PLATFORM_KEYS.map((key) => fromHex(key, 32)),
      quotes: quoteVerifierOf(config, accepted),
      knownSites: accepted.knownSites,
      clock: systemClock,
    }),
    alertSinks: alertSinksOf("gateway", config),
    log: createLog({ name: "gateway", level: config.COCOON_LOG_LEVEL }),
  });
  await runUntilSignal(running);
}

async function apiKeysOf(config: Config<"gateway">): Promise<readonly ApiKeyOption[]> {
  const { COCOON_API_KEYS: plain, COCOON_API_KEYS_FILE: file } = config;
  const limited = file === undefined ? [] : parseKeyFile(await readFile(file, "utf8"));
  return [...plain.map((key, index) => ({ name: `key ${index + 1}`, key })), ...limited];
}

function usdOf({
  COCOON_USD_PER_TON: usdPerTon,
  COCOON_USD_PER_TON_URL: url,
}: Config<"gateway">): GatewayOptions["usd"] {
  return usdPerTon !== undefined ? { usdPerTon } : url !== undefined ? { url } : undefined;
}

/** What the environment says of the policy; what it does not say keeps its default. */
function policyOf(config: Config<"gateway">): Partial<Policy> {
  const {
    COCOON_JOB_BUDGET_NANO: jobBudgetNano = DEFAULT_POLICY.jobBudgetNano,
    COCOON_MAX_COST_NANO: maxCostPerRequestNano = DEFAULT_POLICY.maxCostPerRequestNano,
    COCOON_CONNECT_MS: connectMs = DEFAULT_POLICY.connectMs,
    COCOON_FIRST_TOKEN_MS: firstByteMs = DEFAULT_POLICY.firstByteMs,
    COCOON_NEXT_TOKEN_MS: interFrameMs = DEFAULT_POLICY.interFrameMs,
    COCOON_TOTAL_MS: totalMs = DEFAULT_POLICY.totalMs,
    COCOON_IDLE_CLOSE_MS: idleCloseMs = DEFAULT_POLICY.idleCloseMs,
    COCOON_RELEASE_WAIT_MS: releaseWaitMs = DEFAULT_POLICY.releaseWaitMs,
    COCOON_TEES: tees,
    COCOON_ALLOW_HTTP: allowHttp,
    COCOON_KEEP_TEXTS: keepTexts,
    COCOON_PREWARM_MODELS: prewarmModels,
  } = config;
  return {
    jobBudgetNano,
    maxCostPerRequestNano,
    connectMs,
    firstByteMs,
    interFrameMs,
    totalMs,
    idleCloseMs,
    releaseWaitMs,
    tees,
    allowHttp,
    keepTexts,
    prewarmModels,
  };
}
