import { z } from "zod";
import type { Job } from "../store";

/** What the relayer keeps with a job beside the common columns. */
const extraSchema = z.object({
  openedAt: z.int().default(0),
  acceptBy: z.int().default(0),
  /** 0: a session. 1: a task. 2: a session whose provider was found by auction. */
  kind: z.int().default(0),
  /** Attestation end by worker key, as the job knows it; 0 until it was read. */
  lanes: z.record(z.string(), z.int()).default({}),
  /** When its developer asked for the end, unix seconds: nothing more is served, and what is left is paid and released. */
  releaseAskedAt: z.int().optional(),
  /** The receipt that its developer demands on the chain, until somebody has shown it. */
  demand: z
    .object({
      worker: z.string(),
      /** Decimal, as are all numbers of 64 bits that somebody else chose. */
      index: z.string(),
      size: z.string(),
      /** Hex. */
      root: z.string(),
      /** Unix seconds: shown from then on, it is too late. */
      answerBy: z.int(),
    })
    .optional(),
});

export type JobFacts = z.infer<typeof extraSchema>;
export type DemandFacts = NonNullable<JobFacts["demand"]>;

/** `new` is a job whose opening was not read yet; `closed` one whose account is gone. */
export const LIVE_STATES = ["new", "open", "accepting", "active", "closing", "task"] as const;

export function factsOf(job: Job): JobFacts {
  return extraSchema.parse(job.extra);
}

/** A job that is known by its address alone. */
export function unreadJob(address: string, provider: string): Job {
  return {
    role: "provider",
    address,
    provider,
    developer: "",
    nonce: 0n,
    modelHash: "",
    sessionKey: "",
    terms: undefined,
    budgetNano: 0n,
    settledNano: 0n,
    pendingNano: 0n,
    state: "new",
    deadlineSeconds: 0,
    closeSeconds: undefined,
    extra: {},
  };
}
