import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { findLane, findReceipt } from "../../../relayer/store";
import { type Engine, engines, openTestStore } from "./support/engines";
import { aReceipt, JOB, WORKER } from "./support/records";

const CHILD = join(__dirname, "support/receiptChild.ts");
const CRASHES = 3;
const RECEIPTS_PER_CRASH = 300;

function startChild(url: string, first: number): ChildProcess {
  return spawn(process.execPath, ["-r", "ts-node/register/transpile-only", CHILD, url, String(first)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

/** The indices that were acknowledged before the process was killed. */
async function runUntilKilled(url: string, first: number): Promise<readonly number[]> {
  const child = startChild(url, first);
  const exited = once(child, "exit");
  let text = "";
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    if (text.split("\n").length > RECEIPTS_PER_CRASH) {
      child.kill("SIGKILL");
    }
  });
  await exited;
  return text.split("\n").slice(0, -1).map(Number);
}

describe.each(engines().map((engine): [string, Engine] => [engine.name, engine]))(
  "a killed process, %s",
  (_, engine) => {
    beforeAll(() => engine.start());
    afterAll(() => engine.stop());

    it("leaves every acknowledged receipt in the store, and the store free for the next process", async () => {
      const url = await engine.freshUrl();
      const acknowledged: number[] = [];
      for (let crash = 0; crash < CRASHES; crash++) {
        acknowledged.push(...(await runUntilKilled(url, crash * 1_000_000)));
      }
      expect(acknowledged.length).toBeGreaterThanOrEqual(CRASHES * RECEIPTS_PER_CRASH);
      const store = await openTestStore(url);
      for (const index of acknowledged) {
        const { requestId, leaf } = aReceipt(BigInt(index));
        expect(await findReceipt(store, { requestId })).toMatchObject({
          requestId,
          leaf,
          index: BigInt(index),
        });
      }
      const lane = await findLane(store, { job: JOB, worker: WORKER });
      expect(lane?.head.size).toBeGreaterThan(BigInt(Math.max(...acknowledged)));
      await store.close();
    });
  },
);
