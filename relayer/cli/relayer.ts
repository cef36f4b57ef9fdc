import { readFileSync } from "node:fs";
import { type Config, loadEnvironment, readConfig, storeUrl } from "../config";
import { FinalError } from "../errors";
import { systemClock } from "../observe/clock";
import { createLog } from "../observe/log";
import {
  followWorkersFile,
  type Policy,
  parseBidPolicy,
  startAdmin,
  startProvider,
  workersFile,
} from "../provider";
import { alertSinksOf } from "./alertSinks";
import { collateralSourceOf } from "./attestation";
import { compileEarly } from "./compileEarly";
import { runUntilSignal } from "./runUntilSignal";

export async function relayer(): Promise<void> {
  compileEarly();
  const config = readConfig("provider", loadEnvironment());
  const log = createLog({ name: "relayer", level: config.COCOON_LOG_LEVEL });
  const file = fileOf(config);
  const policy: Partial<Policy> = {
    stopMs: config.COCOON_STOP_MS,
    ...(config.COCOON_SETTLE_MIN_NANO === undefined ? {} : { settleMinNano: config.COCOON_SETTLE_MIN_NANO }),
    ...(config.COCOON_SETTLE_MAX_AGE_MS === undefined
      ? {}
      : { settleMaxAgeMs: config.COCOON_SETTLE_MAX_AGE_MS }),
    ...(config.COCOON_TASK_MIN_NANO === undefined ? {} : { taskMinNano: config.COCOON_TASK_MIN_NANO }),
    ...(config.COCOON_TASK_SCHEMES === undefined ? {} : { taskSchemes: config.COCOON_TASK_SCHEMES }),
    ...(config.COCOON_ALERT_WALLET_NANO === undefined
      ? {}
      : { alertWalletNano: config.COCOON_ALERT_WALLET_NANO }),
    ...(config.COCOON_ALERT_UNSETTLED_NANO === undefined
      ? {}
      : { alertUnsettledNano: config.COCOON_ALERT_UNSETTLED_NANO }),
    ...(config.COCOON_FLOOR_PRICES === undefined ? {} : { floorPrices: config.COCOON_FLOOR_PRICES }),
  };
  const collateral = collateralSourceOf(config);
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
    workerUrls: file === undefined ? config.COCOON_WORKERS : await file.read(),
    attestorUrls: config.COCOON_ATTESTORS,
    ...(config.COCOON_BID_POLICY_FILE === undefined
      ? {}
      : { bids: parseBidPolicy(readFileSync(config.COCOON_BID_POLICY_FILE, "utf8")) }),
    ...(collateral === undefined ? {} : { collateral }),
    policy,
    alertSinks: alertSinksOf("provider", config),
    log,
    clock: systemClock,
  });
  const { workers } = running;
  const admin = await startAdmin({
    port: config.COCOON_ADMIN_PORT,
    dataDir: config.COCOON_DATA_DIR,
    workers,
    file,
    log,
  });
  const followed = file === undefined ? undefined : followWorkersFile(file, { workers, log });
  // Without a file there is nothing to read again, and a terminal that closes must not end the process.
  process.on("SIGHUP", () => followed?.reload());
  await runUntilSignal({
    close: async () => {
      await followed?.close();
      await admin.close();
      await running.close();
    },
  });
}

/** Where the workers stand: in a file or in the configuration, never in both. */
function fileOf({ COCOON_WORKERS: urls, COCOON_WORKERS_FILE: path }: Config<"provider">) {
  if ((path === undefined) === (urls.length === 0)) {
    throw new FinalError(
      "CONFIG_INVALID",
      "The provider cannot start. Give either COCOON_WORKERS or COCOON_WORKERS_FILE.",
    );
  }
  return path === undefined ? undefined : workersFile(path);
}
