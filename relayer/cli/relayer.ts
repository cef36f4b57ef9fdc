import { readFileSync } from "node:fs";
import { loadEnvironment, readConfig, storeUrl } from "../config";
import { systemClock } from "../observe/clock";
import { createLog } from "../observe/log";
import { type Policy, parseBidPolicy, startProvider } from "../provider";
import { runUntilSignal } from "./runUntilSignal";

export async function relayer(): Promise<void> {
  const config = readConfig("provider", loadEnvironment());
  const policy: Partial<Policy> = {
    ...(config.COCOON_SETTLE_MIN_NANO === undefined ? {} : { settleMinNano: config.COCOON_SETTLE_MIN_NANO }),
    ...(config.COCOON_SETTLE_MAX_AGE_MS === undefined
      ? {}
      : { settleMaxAgeMs: config.COCOON_SETTLE_MAX_AGE_MS }),
    ...(config.COCOON_TASK_MIN_NANO === undefined ? {} : { taskMinNano: config.COCOON_TASK_MIN_NANO }),
    ...(config.COCOON_TASK_SCHEMES === undefined ? {} : { taskSchemes: config.COCOON_TASK_SCHEMES }),
    ...(config.COCOON_FLOOR_PRICES === undefined ? {} : { floorPrices: config.COCOON_FLOOR_PRICES }),
  };
  const running = await startProvider({
    host: config.COCOON_HOST,
    port: config.COCOON_PROVIDER_PORT,
    storeUrl: storeUrl(config),
    chainEndpoints: config.COCOON_ENDPOINTS.map((endpoint) => ({ endpoint })),
    network: { registry: config.COCOON_NETWORK_REGISTRY.toString(), globalId: config.COCOON_GLOBAL_ID },
    providerAddress: config.COCOON_PROVIDER.toString(),
    operator: {
      mnemonic: config.COCOON_OPERATOR_MNEMONIC.trim().split(/\s+/),
      walletNetworkId: config.COCOON_WALLET_NETWORK_ID,
    },
    workerUrls: config.COCOON_WORKERS,
    attestorUrls: config.COCOON_ATTESTORS,
    ...(config.COCOON_BID_POLICY_FILE === undefined
      ? {}
      : { bids: parseBidPolicy(readFileSync(config.COCOON_BID_POLICY_FILE, "utf8")) }),
    policy,
    log: createLog({ name: "relayer", level: config.COCOON_LOG_LEVEL }),
    clock: systemClock,
  });
  await runUntilSignal(running);
}
