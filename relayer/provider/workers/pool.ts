import { Agent, type Dispatcher } from "undici";
import { z } from "zod";
import { evidenceSchema, type TdxEvidence } from "../../attestation/evidence";
import { RetryableError, toCocoonError } from "../../errors";
import type { Log } from "../../observe/log";
import type { RawAddress } from "../../protocol";
import type { Policy } from "../policy";
import { callJson } from "./callJson";
import { type Identity, identitySchema, parseIdentity } from "./identity";
import { createSlots, type Slots } from "./slots";

const reportSchema = z.looseObject({ evidence: evidenceSchema });

/** What the provider's contract says about a worker key. */
export interface ChainWorker {
  readonly expiresAt: number;
  readonly epoch: number;
  readonly hpkeKeyHash: bigint;
  readonly imageHash: bigint;
}

export interface WorkerEntry {
  readonly url: string;
  /** Where sealed requests go. */
  readonly sealed: { readonly origin: string; readonly path: string };
  readonly slots: Slots;
  identity: Identity | undefined;
  alive: boolean;
  failures: number;
  /** Undefined while its key is not attested. */
  onChain: ChainWorker | undefined;
  /** Budget by job, as last told to this key's lanes. */
  readonly lanes: Map<string, bigint>;
}

export interface WorkerPool {
  readonly dispatcher: Dispatcher;
  all(): readonly WorkerEntry[];
  /** The worker that has this receipt key now. */
  find(receiptKey: string): WorkerEntry | undefined;
  /** Asks every worker whether it lives and who it is. */
  check(): Promise<void>;
  refresh(entry: WorkerEntry): Promise<void>;
  bind(
    entry: WorkerEntry,
    to: { networkId: number; registry: RawAddress; provider: RawAddress },
  ): Promise<void>;
  /** A TDX quote made now for the worker's present statement, over 32 bytes of hex. */
  quote(entry: WorkerEntry, fresh: string): Promise<TdxEvidence>;
  putLane(
    entry: WorkerEntry,
    lane: {
      readonly job: string;
      readonly terms: string;
      readonly budgetNano: bigint;
      readonly deadlineAt: number;
    },
  ): Promise<void>;
  close(): Promise<void>;
}

export function createWorkerPool(deps: {
  readonly urls: readonly string[];
  readonly policy: Policy;
  readonly log: Log;
}): WorkerPool {
  const { policy, log } = deps;
  // Places bound the requests; the connections follow them.
  const dispatcher = new Agent({
    headersTimeout: policy.firstByteMs,
    bodyTimeout: policy.idleMs,
    connect: { timeout: policy.callMs },
  });
  const byKey = new Map<string, WorkerEntry>();
  const entries = deps.urls.map((given): WorkerEntry => {
    const url = given.endsWith("/") ? given.slice(0, -1) : given;
    const { origin, pathname } = new URL(`${url}/v1/sealed`);
    const entry: WorkerEntry = {
      url,
      sealed: { origin, path: pathname },
      slots: createSlots({
        capacity: () => entry.identity?.capacity ?? 1,
        maxWaiting: policy.maxQueuedPerWorker,
        waitMs: policy.queueMs,
      }),
      identity: undefined,
      alive: false,
      failures: 0,
      onChain: undefined,
      lanes: new Map(),
    };
    return entry;
  });
  const call = <T>(
    entry: WorkerEntry,
    method: "GET" | "POST" | "PUT",
    path: string,
    body: unknown,
    schema: z.ZodType<T>,
  ) => callJson({ dispatcher, url: `${entry.url}${path}`, method, body, timeoutMs: policy.callMs }, schema);

  const adopt = (entry: WorkerEntry, identity: Identity) => {
    const before = entry.identity;
    if (before !== undefined && before.receiptKey !== identity.receiptKey) {
      log.warn({
        msg: "worker has a new key",
        url: entry.url,
        worker: identity.receiptKey,
        before: before.receiptKey,
      });
      byKey.delete(before.receiptKey);
      entry.onChain = undefined;
      entry.lanes.clear();
    }
    entry.identity = identity;
    byKey.set(identity.receiptKey, entry);
  };
  const refresh = async (entry: WorkerEntry) => {
    adopt(entry, parseIdentity(await call(entry, "GET", "/v1/identity", undefined, identitySchema)));
    entry.alive = true;
    entry.failures = 0;
  };
  const checkOne = async (entry: WorkerEntry) => {
    try {
      await refresh(entry);
    } catch (error) {
      entry.failures += 1;
      if (entry.failures === policy.failuresUntilDead) {
        entry.alive = false;
        log.warn({ msg: "worker does not answer", url: entry.url, detail: toCocoonError(error).message });
      }
    }
  };

  return {
    dispatcher,
    all: () => entries,
    find: (receiptKey) => byKey.get(receiptKey),
    check: async () => {
      await Promise.all(entries.map(checkOne));
    },
    refresh,
    async bind(entry, to) {
      await call(entry, "POST", "/v1/bind", to, z.unknown());
      await refresh(entry);
    },
    async quote(entry, fresh) {
      const path = `/v1/attestation/report?nonce=${fresh}`;
      const { evidence } = await call(entry, "GET", path, undefined, reportSchema);
      if (evidence.kind !== "tdx") {
        throw new RetryableError("ATTESTATION_MISSING", "The worker shows another evidence than before.", {
          url: entry.url,
        });
      }
      return evidence;
    },
    async putLane(entry, { job, terms, budgetNano, deadlineAt }) {
      const body = { terms, budget: budgetNano.toString(), deadlineAt };
      await call(entry, "PUT", `/v1/lanes/${encodeURIComponent(job)}`, body, z.unknown());
      entry.lanes.set(job, budgetNano);
    },
    close: () => dispatcher.destroy(),
  };
}
