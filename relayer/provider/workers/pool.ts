import { Agent, type Dispatcher } from "undici";
import { z } from "zod";
import { evidenceSchema, type TdxEvidence } from "../../attestation/evidence";
import { FinalError, RetryableError, toCocoonError } from "../../errors";
import type { Log } from "../../observe/log";
import type { RawAddress } from "../../protocol";
import type { Policy } from "../policy";
import { callJson } from "./callJson";
import { type Identity, identitySchema, parseIdentity } from "./identity";
import { createSlots } from "./slots";
import { formerEntry, isStruck, type WorkerEntry } from "./workerEntry";
import { toWorkerUrl } from "./workerUrl";

export type { WorkerEntry } from "./workerEntry";

/** As many as a worker shows at once. */
const MAX_RECORDS = 64;
const recordsSchema = z.object({
  records: z.array(z.object({ requestId: z.string(), record: z.unknown() })).max(MAX_RECORDS),
});
const reportSchema = z.looseObject({ evidence: evidenceSchema });

export interface WorkerPool {
  readonly dispatcher: Dispatcher;
  all(): readonly WorkerEntry[];
  /** The worker that has this receipt key, as its newest or as a former one. */
  find(receiptKey: string): WorkerEntry | undefined;
  /** Takes a worker in; one that drains stays after all. */
  add(url: string): WorkerEntry;
  /** Resolves once nothing runs at the worker and it is forgotten, or was added again. Throws `NOT_FOUND`. */
  drain(url: string): Promise<void>;
  /** Asks whether the worker lives and who it is; what does not answer is asked again at once, then counts as dead. */
  check(entry: WorkerEntry): Promise<void>;
  /** Counts the worker as dead until it answers again. */
  bury(entry: WorkerEntry): void;
  /** Asks once; throws what `check` would count. */
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
  /** What the worker has signed in that lane under this key, from that index on. */
  records(
    entry: WorkerEntry,
    page: { readonly job: string; readonly from: number; readonly count: number },
  ): Promise<readonly LaneRecord[]>;
  close(): Promise<void>;
}

/** A record's fields as in its frame, unverified. */
export interface LaneRecord {
  readonly requestId: string;
  readonly record: unknown;
}

/** True while new requests may go to the worker, attested or not. */
export function takesRequests(entry: WorkerEntry): boolean {
  const { alive, draining, identity } = entry;
  return alive && !draining && identity?.ready === true && !isStruck(entry);
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
  const byUrl = new Map<string, WorkerEntry>();
  const add = (given: string): WorkerEntry => {
    const url = toWorkerUrl(given);
    const entry = byUrl.get(url) ?? createEntry(url, policy);
    if (!byUrl.has(url) || entry.draining) {
      log.info({ msg: "worker added", url });
    }
    entry.draining = false;
    byUrl.set(url, entry);
    return entry;
  };
  for (const url of deps.urls) {
    add(url);
  }
  const call = <T>(
    entry: WorkerEntry,
    request: {
      readonly method: "GET" | "POST" | "PUT";
      readonly path: string;
      readonly body?: unknown;
      readonly timeoutMs?: number;
    },
    schema: z.ZodType<T>,
  ) =>
    callJson(
      { dispatcher, timeoutMs: policy.callMs, ...request, url: `${entry.url}${request.path}` },
      schema,
    );

  const remember = (entry: WorkerEntry) => {
    if (entry.identity !== undefined) {
      byKey.set(entry.identity.receiptKey, entry);
    }
  };
  const forget = (entries: readonly WorkerEntry[]) => {
    for (const { identity, owner } of entries) {
      if (identity !== undefined && byKey.get(identity.receiptKey)?.owner === owner) {
        byKey.delete(identity.receiptKey);
      }
    }
  };
  const adopt = (entry: WorkerEntry, identity: Identity) => {
    const before = entry.identity;
    if (before !== undefined && before.receiptKey !== identity.receiptKey) {
      log.warn({
        msg: "worker has a new key",
        url: entry.url,
        worker: identity.receiptKey,
        before: before.receiptKey,
      });
      entry.former = [formerEntry(entry, before), ...entry.former];
      entry.onChain = undefined;
      entry.lanes.clear();
    }
    forget(entry.former.filter((former) => !isNamed(identity, former)));
    entry.former = entry.former.filter((former) => isNamed(identity, former));
    for (const former of entry.former) {
      remember(former);
    }
    if (before?.ready !== identity.ready && (before !== undefined || !identity.ready)) {
      const msg = identity.ready ? "worker's backend answers again" : "worker's backend does not answer";
      log.warn({ msg, url: entry.url });
    }
    entry.identity = identity;
    remember(entry);
  };
  const refresh = async ({ owner: entry }: WorkerEntry) => {
    const path = "/v1/identity";
    const asked = { method: "GET", path, timeoutMs: policy.healthTimeoutMs } as const;
    const identity = parseIdentity(await call(entry, asked, identitySchema));
    if (byUrl.get(entry.url) !== entry) {
      return; // forgotten meanwhile
    }
    adopt(entry, identity);
    entry.alive = true;
    entry.failures = 0;
  };

  const bury = (entry: WorkerEntry) => {
    entry.alive = false;
    for (const handBack of [...entry.onDead]) {
      handBack();
    }
  };

  return {
    dispatcher,
    bury,
    all: () => [...byUrl.values()],
    find: (receiptKey) => byKey.get(receiptKey),
    add,
    async drain(given) {
      const entry = byUrl.get(toWorkerUrl(given));
      if (entry === undefined) {
        throw new FinalError("NOT_FOUND", "No such worker is here: see the list of workers.", { url: given });
      }
      if (!entry.draining) {
        log.info({ msg: "worker drains", url: entry.url, inFlight: entry.slots.inUse() });
      }
      entry.draining = true;
      await entry.slots.idle();
      if (entry.draining && byUrl.get(entry.url) === entry) {
        byUrl.delete(entry.url);
        forget([entry, ...entry.former]);
        log.info({ msg: "worker drained", url: entry.url });
      }
    },
    async check(entry) {
      do {
        try {
          await refresh(entry);
          return;
        } catch (error) {
          entry.failures += 1;
          if (entry.failures === policy.failuresUntilDead) {
            const detail = toCocoonError(error).message;
            log.warn({ msg: "worker does not answer", url: entry.url, detail });
            bury(entry);
          }
        }
      } while (entry.failures < policy.failuresUntilDead);
    },
    refresh,
    async bind(entry, to) {
      await call(entry, { method: "POST", path: "/v1/bind", body: to }, z.unknown());
      await refresh(entry);
    },
    async quote(entry, fresh) {
      const path = `/v1/attestation/report?nonce=${fresh}&worker=${entry.identity?.receiptKey ?? ""}`;
      const { evidence } = await call(entry, { method: "GET", path }, reportSchema);
      if (evidence.kind !== "tdx") {
        throw new RetryableError("ATTESTATION_MISSING", "The worker shows another evidence than before.", {
          url: entry.url,
        });
      }
      return evidence;
    },
    async putLane(entry, { job, terms, budgetNano, deadlineAt }) {
      const worker = entry.identity?.receiptKey;
      const body = { terms, budget: budgetNano.toString(), deadlineAt, worker };
      const path = `/v1/lanes/${encodeURIComponent(job)}`;
      await call(entry, { method: "PUT", path, body }, z.unknown());
      entry.lanes.set(job, budgetNano);
    },
    async records(entry, { job, from, count }) {
      const query = new URLSearchParams({
        worker: entry.identity?.receiptKey ?? "",
        from: from.toString(),
        count: Math.min(count, MAX_RECORDS).toString(),
      });
      const path = `/v1/lanes/${encodeURIComponent(job)}/records?${query}`;
      return (await call(entry, { method: "GET", path }, recordsSchema)).records;
    },
    close: () => dispatcher.destroy(),
  };
}

function createEntry(url: string, policy: Policy): WorkerEntry {
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
    onDead: new Set(),
    draining: false,
    onChain: undefined,
    lanes: new Map(),
    former: [],
    get owner() {
      return entry;
    },
  };
  return entry;
}

/** A process that was started anew names none of the keys that were there before. */
function isNamed({ former }: Identity, { identity }: WorkerEntry): boolean {
  return identity !== undefined && former.includes(identity.receiptKey);
}
