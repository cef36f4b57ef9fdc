import {
  type ChainReader,
  createOutbox,
  createToncenterClient,
  walletFromSeed,
} from "../../../../relayer/chain";
import { silentLog } from "../../../../relayer/observe/log";
import { openStore } from "../../../../relayer/store";

/** An outbox that works until it is idle, or kills itself right before or after it passes a message on. */
async function main(endpoint: string, url: string, seedHex: string, kill: string): Promise<void> {
  const client = createToncenterClient({ endpoint });
  const die = () => process.kill(process.pid, "SIGKILL");
  const reader: ChainReader = {
    ...client,
    sendBoc: async (boc) => {
      if (kill === "before-send") {
        die();
      }
      await client.sendBoc(boc);
      if (kill === "after-send") {
        die();
      }
    },
  };
  const store = await openStore({ url, log: silentLog });
  const wallet = walletFromSeed({ seed: Buffer.from(seedHex, "hex") });
  const outbox = await createOutbox({ store, reader, wallet, log: silentLog });
  while ((await outbox.step()) !== "idle") {
    // The next round settles what this one sent.
  }
  await outbox.close();
  await store.close();
  await client.close();
}

const [, , endpoint, url, seed, kill] = process.argv;
void main(endpoint ?? "", url ?? "", seed ?? "", kill ?? "");
