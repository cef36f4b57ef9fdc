import { spawn } from "node:child_process";
import { join } from "node:path";
import { z } from "zod";
import type { Benchmark } from "./benchmark";
import { median } from "./stats";

const RUNS = 3;
const RUN_MS = 180_000;
const answerSchema = z.looseObject({ secondsToFirstAnswer: z.number(), conserved: z.literal(true) });

/** From nothing to a paid answer, as a person starts it; the model is the one in this repository. */
export const startTime: Benchmark = {
  names: ["start.first-answer.s"],
  async run({ root, note }) {
    const seconds: number[] = [];
    for (let run = 1; run <= RUNS; run += 1) {
      seconds.push(await startOnce(root));
      note(`start ${run} of ${RUNS}: ${seconds.at(-1)} s`);
    }
    return [{ name: "start.first-answer.s", value: median(seconds), unit: "s" }];
  },
};

function startOnce(root: string): Promise<number> {
  const cli = join(root, "relayer", "cli", "cocoon.cjs");
  const child = spawn(process.execPath, [cli, "up", "--once", "--json", "--port", "0"], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const timer = setTimeout(() => child.kill("SIGTERM"), RUN_MS);
  let out = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString("utf8");
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(timer);
      if (code !== 0 || out.trim() === "") {
        reject(new Error(`cocoon up ended with status ${code} and no answer.`));
        return;
      }
      resolve(answerSchema.parse(JSON.parse(out)).secondsToFirstAnswer);
    });
  });
}
