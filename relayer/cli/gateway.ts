import { readFile } from "node:fs/promises";
import { EMPTY_POLICY, parsePolicyFile } from "../client/policyFile";
import { loadEnvironment, readConfig, storeUrl } from "../config";
import { createEvidenceCheck, startGateway } from "../gateway";
import { systemClock } from "../observe/clock";
import { createLog } from "../observe/log";
import { fromHex, toRawAddress } from "../protocol";
import { quoteVerifierOf } from "./attestation";
import { runUntilSignal } from "./runUntilSignal";

export async function gateway(): Promise<void> {
  const config = readConfig("gateway", loadEnvironment());
  const { COCOON_JOB_BUDGET_NANO: jobBudgetNano, COCOON_MAX_COST_NANO: maxCostPerRequestNano } = config;
  const { COCOON_POLICY_FILE: policyFile } = config;
  const accepted =
    policyFile === undefined ? EMPTY_POLICY : parsePolicyFile(await readFile(policyFile, "utf8"));
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
    apiKeys: config.COCOON_API_KEYS.map((key, index) => ({ name: `key ${index + 1}`, key })),
    sessionSecret: config.COCOON_STORE_KEY === undefined ? undefined : fromHex(config.COCOON_STORE_KEY, 32),
    policy: {
      ...(jobBudgetNano === undefined ? {} : { jobBudgetNano }),
      ...(maxCostPerRequestNano === undefined ? {} : { maxCostPerRequestNano }),
      tees: config.COCOON_TEES,
      ...accepted.client,
      allowHttp: config.COCOON_ALLOW_HTTP,
      keepTexts: config.COCOON_KEEP_TEXTS,
    },
    verifyEvidence: createEvidenceCheck({
      networkId: config.COCOON_GLOBAL_ID,
      registry: toRawAddress(config.COCOON_ATTESTATION_REGISTRY.toRawString()),
      developmentPlatforms: config.COCOON_DEV_PLATFORM_KEYS.map((key) => fromHex(key, 32)),
      quotes: quoteVerifierOf(config, accepted),
      knownSites: accepted.knownSites,
      clock: systemClock,
    }),
    log: createLog({ name: "gateway", level: config.COCOON_LOG_LEVEL }),
  });
  await runUntilSignal(running);
}
