import { setTimeout as pause } from "node:timers/promises";
import { FinalError, RetryableError, toCocoonError } from "../../errors";
import { enqueueIntent, findIntent, type Intent, type NewIntent } from "../../store";
import type { OutboxDeps } from "./deps";
import { type StepResult, step } from "./step";

const DEFAULT_POLL_MS = 500;
const RETRY = { minDelayMs: 500, maxDelayMs: 15_000, multiplier: 2 } as const;

type IntentWithoutWallet = Omit<NewIntent, "wallet">;

export interface Outbox {
  /** Queues once per key, durably. To queue inside a transaction, use the store's `enqueueIntent`. */
  enqueue(intent: IntentWithoutWallet): Promise<"queued" | "known">;
  /** One round by hand. */
  step(): Promise<StepResult>;
  /** Rounds until `signal`; failures of the chain are logged and waited out. */
  run(signal: AbortSignal): Promise<void>;
  /** Queues and works until the intent is sent: for the command line. A skipped one is `CHAIN_REJECTED`. */
  sendAndWait(intent: IntentWithoutWallet, limit: { readonly timeoutMs: number }): Promise<Intent>;
  /** Gives the wallet free for another process. */
  close(): Promise<void>;
}

/** The one sender of a wallet. A second one, here or in another process on the same store, is refused. */
export async function createOutbox(
  deps: OutboxDeps,
  options: { readonly pollMs?: number } = {},
): Promise<Outbox> {
  const wallet = deps.wallet.address.toRawString();
  const pollMs = options.pollMs ?? DEFAULT_POLL_MS;
  const lock = await deps.store.lock(`wallet ${wallet}`);
  let turn: Promise<unknown> = Promise.resolve();

  const guardedStep = (): Promise<StepResult> => {
    const mine = turn.then(async () => {
      if (!lock.held()) {
        throw new FinalError("STORE_FAILED", "The lock on the wallet is lost: restart the process.", {
          wallet,
        });
      }
      return await step(deps);
    });
    turn = mine.catch(() => undefined);
    return mine;
  };
  const enqueue = (intent: IntentWithoutWallet) =>
    enqueueIntent(deps.store, { intent: { ...intent, wallet } });

  const run = async (signal: AbortSignal) => {
    let retryMs: number = RETRY.minDelayMs;
    while (!signal.aborted) {
      try {
        await guardedStep();
        retryMs = RETRY.minDelayMs;
        await pause(pollMs, undefined, { signal }).catch(() => undefined);
      } catch (error) {
        if (!(error instanceof RetryableError) && !lock.held()) {
          throw error;
        }
        const { code, message } = toCocoonError(error);
        deps.log.error({ msg: "outbox round failed", wallet, code, detail: message });
        await pause(retryMs, undefined, { signal }).catch(() => undefined);
        retryMs = Math.min(retryMs * RETRY.multiplier, RETRY.maxDelayMs);
      }
    }
  };

  const sendAndWait = async (intent: IntentWithoutWallet, limit: { readonly timeoutMs: number }) => {
    await enqueue(intent);
    const stop = AbortSignal.timeout(limit.timeoutMs);
    while (!stop.aborted) {
      await guardedStep().catch((error: unknown) => {
        if (!(error instanceof RetryableError)) {
          throw error;
        }
      });
      const now = await findIntent(deps.store, { key: intent.key });
      if (now?.status === "sent" || now?.status === "bounced") {
        return now;
      }
      if (now?.status === "skipped") {
        throw new FinalError("CHAIN_REJECTED", "The wallet could not pay for the message and left it out.", {
          key: intent.key,
        });
      }
      await pause(pollMs, undefined, { signal: stop }).catch(() => undefined);
    }
    throw new RetryableError(
      "CHAIN_TIMEOUT",
      "The message is signed and stored but not yet in the chain: run the same command again to go on waiting.",
      { key: intent.key, timeoutMs: limit.timeoutMs },
    );
  };

  return { enqueue, step: guardedStep, run, sendAndWait, close: () => turn.then(() => lock.release()) };
}
