import { setTimeout as pause } from "node:timers/promises";
import type { Client, HandedJob } from "../client";
import { type ErrorCode, toCocoonError } from "../errors";
import type { Log } from "../observe/log";

const RETRY_MS = 2_000;
/** Nothing that comes later makes these jobs usable. */
const HOPELESS: ReadonlySet<ErrorCode> = new Set(["BAD_REQUEST", "JOB_NOT_ACTIVE", "CONFIG_INVALID"]);

/** Takes up the jobs that were handed over, each as soon as a worker of its model is known. */
export async function takeUpJobs(
  deps: { readonly client: Pick<Client, "adoptJob">; readonly log: Log },
  { jobs, signal }: { readonly jobs: readonly HandedJob[]; readonly signal: AbortSignal },
): Promise<void> {
  await Promise.all(jobs.map((job) => takeUp(deps, job, signal)));
}

async function takeUp(
  { client, log }: Parameters<typeof takeUpJobs>[0],
  job: HandedJob,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await client.adoptJob(job);
      return;
    } catch (thrown) {
      const { code, message } = toCocoonError(thrown);
      log.warn({ msg: "job not taken up", job: job.address, code, detail: message });
      if (HOPELESS.has(code)) {
        return;
      }
    }
    await pause(RETRY_MS, undefined, { signal }).catch(() => undefined);
  }
}
