import { loadEnvironment, readConfig } from "../config";
import { startLocalnet } from "../localnet/startLocalnet";
import { createLog } from "../observe/log";
import { runUntilSignal } from "./runUntilSignal";

export async function localnet(): Promise<void> {
  const config = readConfig("localnet", loadEnvironment());
  const log = createLog({ name: "localnet", level: config.COCOON_LOG_LEVEL });
  const running = await startLocalnet({
    port: config.COCOON_LOCALNET_PORT,
    blockMs: config.COCOON_LOCALNET_BLOCK_MS,
    hops: config.COCOON_LOCALNET_HOPS,
    dataDir: config.COCOON_LOCALNET_DATA_DIR,
    faultsEnabled: config.COCOON_LOCALNET_FAULTS,
    log,
  });
  process.stdout.write(`${running.endpoint}\n`);
  await runUntilSignal(running);
}
