import { z } from "zod";
import { toCocoonError } from "../errors";
import { cosignHead, toBase64, type WorkerKey, workerKeyToBytes } from "../protocol";
import { saveCosignature } from "../store";
import type { ClientDeps } from "./deps";
import { laneOf, type Session } from "./session";

const RETRY = { minDelayMs: 1_000, maxDelayMs: 60_000, multiplier: 2 } as const;

/** Co-signs the newest checked head of each lane, a little later and one for many receipts, never on a request's path. */
export interface Cosigner {
  /** A lane has news. */
  touch(session: Session, worker: WorkerKey): void;
  /** Co-signs and sends everything that is due now. */
  flush(): Promise<void>;
  stop(): void;
}

interface Dirty {
  readonly session: Session;
  readonly worker: WorkerKey;
}

export function createCosigner(deps: ClientDeps): Cosigner {
  const dirty = new Map<string, Dirty>();
  const sentSize = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  let delayMs: number = RETRY.minDelayMs;
  let stopped = false;

  const schedule = (ms: number) => {
    if (!stopped && timer === undefined) {
      timer = setTimeout(() => {
        timer = undefined;
        void flush();
      }, ms);
      timer.unref();
    }
  };
  const flush = async (): Promise<void> => {
    const due = [...dirty];
    dirty.clear();
    const results = await Promise.all(due.map(([name, lane]) => attempt(name, lane)));
    if (results.includes(false)) {
      schedule(delayMs);
      delayMs = Math.min(delayMs * RETRY.multiplier, RETRY.maxDelayMs);
    } else {
      delayMs = RETRY.minDelayMs;
    }
  };
  const attempt = async (name: string, { session, worker }: Dirty): Promise<boolean> => {
    const signed = laneOf(session, worker).cosignable();
    if (signed === undefined || signed.head.size <= (sentSize.get(name) ?? 0)) {
      return true;
    }
    const { head, signature } = signed;
    const cosignature = toBase64(cosignHead(session.seed, workerKeyToBytes(worker), head));
    const { size, issuedAt, amount } = head;
    const job = session.address;
    const wire = { size, root: toBase64(head.root), issuedAt, signature: toBase64(signature) };
    try {
      await saveCosignature(deps.store, {
        head: {
          job,
          worker,
          size: BigInt(size),
          root: wire.root,
          amountNano: amount,
          issuedAtSeconds: issuedAt,
          signature: wire.signature,
        },
        cosignature,
      });
      await deps.http.json(session.endpoint, {
        method: "POST",
        path: "/v1/heads/cosign",
        body: { job, worker, ...wire, amount: amount.toString(), cosignature },
        schema: z.unknown(),
      });
      sentSize.set(name, Math.max(size, sentSize.get(name) ?? 0));
      return true;
    } catch (thrown) {
      const { code, message } = toCocoonError(thrown);
      deps.log.warn({ msg: "head not co-signed yet", job, worker, size, code, detail: message });
      if (!dirty.has(name)) {
        dirty.set(name, { session, worker });
      }
      return false;
    }
  };
  return {
    touch: (session, worker) => {
      dirty.set(`${session.address}/${worker}`, { session, worker });
      schedule(deps.policy.cosignDelayMs);
    },
    flush,
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
