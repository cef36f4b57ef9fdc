import { startLocalnet } from "../../../relayer/localnet/startLocalnet";
import { silentLog } from "../../../relayer/observe/log";

/** A localnet in a process of its own, for tests that kill it. Prints its URL when it is ready. */
async function main(dataDir: string): Promise<void> {
  const net = await startLocalnet({
    port: 0,
    blockMs: 20,
    finalityBlocks: 1,
    hops: 1,
    dataDir,
    log: silentLog,
  });
  process.stdout.write(`${net.baseUrl}\n`);
}

void main(process.argv[2] ?? "");
