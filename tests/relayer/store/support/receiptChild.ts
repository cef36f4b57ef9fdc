import { writeSync } from "node:fs";
import { silentLog } from "../../../../relayer/observe/log";
import { openStore, saveReceipt } from "../../../../relayer/store";
import { aReceipt } from "./records";

/** Saves receipts with 32 in flight until it is killed; writes each index after its promise resolved. */
async function main(url: string, first: number): Promise<void> {
  const store = await openStore({ url, log: silentLog });
  let next = first;
  const lane = async () => {
    for (;;) {
      const index = next++;
      await saveReceipt(store, { receipt: aReceipt(BigInt(index)) });
      writeSync(1, `${index}\n`);
    }
  };
  await Promise.all(Array.from({ length: 32 }, lane));
}

const [, , url, first] = process.argv;
void main(url ?? "", Number(first));
