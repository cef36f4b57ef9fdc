import { Agent, type Dispatcher } from "undici";
import { z } from "zod";
import { evidenceSchema, type TdxEvidence } from "../../attestation/evidence";
import { FinalError, RetryableError, toCocoonError } from "../../errors";
import type { Log } from "../../observe/log";
import type { RawAddress } from "../../protocol";
import type { Policy } from "../policy";
import { callJson } from "./callJson";
import { type Identity, identitySchema, parseIdentity } from "./identity";
import { createSlots, type Slots } from "./slots";
import { toWorkerUrl } from "./workerUrl";

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
  /** Called when the worker is found dead: requests that it has not begun to answer are handed back. */
  readonly onDead: Set<() => void>;
  /** It ends what it runs, gets nothing new, and is then forgotten. */
  draining: boolean;
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
  close(): Promise<void>;
}

/** True while new requests may go to the worker, attested or not. */
export function takesRequests({ alive, draining, identity }: WorkerEntry): boolean {
  return alive && !draining && identity?.ready === true;
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
    if (before?.ready !== identity.ready && (before !== undefined || !identity.ready)) {
      const msg = identity.ready ? "worker's backend answers again" : "worker's backend does not answer";
      log.warn({ msg, url: entry.url });
    }
    entry.identity = identity;
    byKey.set(identity.receiptKey, entry);
  };
  const refresh = async (entry: WorkerEntry) => {
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
        if (entry.identity !== undefined && byKey.get(entry.identity.receiptKey) === entry) {
          byKey.delete(entry.identity.receiptKey);
        }
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
      const path = `/v1/attestation/report?nonce=${fresh}`;
      const { evidence } = await call(entry, { method: "GET", path }, reportSchema);
      if (evidence.kind !== "tdx") {
        throw new RetryableError("ATTESTATION_MISSING", "The worker shows another evidence than before.", {
          url: entry.url,
        });
      }
      return evidence;
    },
    async putLane(entry, { job, terms, budgetNano, deadlineAt }) {
      const body = { terms, budget: budgetNano.toString(), deadlineAt };
      const path = `/v1/lanes/${encodeURIComponent(job)}`;
      await call(entry, { method: "PUT", path, body }, z.unknown());
      entry.lanes.set(job, budgetNano);
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
  };
  return entry;
}
