import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { z } from "zod";
import { add, nothingYet, type Portion, type Total } from "./portions";
import { sequenceSchema } from "./sequenceSchema";

const PROGRAM = join(__dirname, "run.cjs");

const answerSchema = z.object({
  sequences: z.int(),
  transactions: z.int(),
  carriedOut: z.array(z.tuple([z.string(), z.int()])).transform((entries) => new Map(entries)),
  violation: z.object({ sequence: sequenceSchema, rule: z.string() }).optional(),
});

/** Plays them in that many processes at once. A broken rule ends the giving out; what is being played is finished. */
export async function playInProcesses(
  portions: readonly Portion[],
  { jobs, onProgress }: { readonly jobs: number; readonly onProgress: (total: Total) => void },
): Promise<Total> {
  const total = nothingYet();
  const left = portions.values();
  const work = async (child: ChildProcess) => {
    for (const portion of left) {
      const { violation, ...ran } = answerSchema.parse(await ask(child, portion));
      add(total, violation === undefined ? ran : { ...ran, violation });
      onProgress(total);
      if (total.violations.length > 0) {
        break;
      }
    }
    child.disconnect();
  };
  const children = Array.from({ length: jobs }, () => fork(PROGRAM, ["--answer"]));
  try {
    await Promise.all(children.map(work));
  } finally {
    for (const child of children) {
      child.kill();
    }
  }
  return total;
}

function ask(child: ChildProcess, portion: Portion): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) =>
      reject(new Error(`A process that plays sequences ended with ${code}.`));
    child.once("exit", ended);
    child.once("message", (answer: unknown) => {
      child.off("exit", ended);
      resolve(answer);
    });
    child.send(portion);
  });
}
