import { setTimeout as pause } from "node:timers/promises";
import type { Address, Transaction } from "@ton/core";
import { decodeEvent, type ProtocolEvent } from "../../../wrappers";
import { BEFORE_FIRST, follow } from "../../chain";
import { toCocoonError } from "../../errors";
import { advanceCursor, findCursor, type Store, saveEvent } from "../../store";
import type { Context } from "../context";

/** After a failure of the store; the chain's own failures are waited out inside `follow`. */
const RETRY_MS = 1_000;

export interface Effects {
  /** In the transaction that moves the cursor: await nothing but `tx`. Called once per event, and per transaction last. */
  readonly onEvent: (tx: Store, event: ProtocolEvent) => Promise<void>;
  readonly onTransaction?: (tx: Store, transaction: Transaction) => Promise<void>;
  /** After the commit; true ends the following. */
  readonly after: (events: readonly ProtocolEvent[]) => Promise<boolean>;
}

/**
 * Follows an account until `signal` or its end. Unlike chain's `ingest` it shows whole transactions too, because a job
 * that the provider refused leaves no event there, and tells when a step is durable.
 */
export async function followAccount(
  context: Pick<Context, "store" | "reader" | "log" | "metrics" | "policy">,
  options: { readonly account: Address; readonly signal: AbortSignal; readonly effects: Effects },
): Promise<void> {
  const { account, signal, effects } = options;
  const name = account.toRawString();
  while (!signal.aborted) {
    try {
      const cursor = (await findCursor(context.store, { account: name })) ?? BEFORE_FIRST;
      for await (const step of follow(context, { account, cursor, signal, pollMs: context.policy.pollMs })) {
        const events = await context.store.transaction(async (tx) => {
          const known = await findCursor(tx, { account: name });
          await advanceCursor(tx, {
            account: name,
            from: known === undefined ? undefined : step.from,
            to: step.to,
          });
          const fresh = await saveEvents(context, tx, name, step.transaction);
          for (const event of fresh) {
            await effects.onEvent(tx, event);
          }
          await effects.onTransaction?.(tx, step.transaction);
          return fresh;
        });
        if (await effects.after(events)) {
          return;
        }
      }
    } catch (error) {
      const { code, message } = toCocoonError(error);
      context.log.error({ msg: "following interrupted", account: name, code, detail: message });
      await pause(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** The account's own events in this transaction that were not saved before. */
async function saveEvents(
  context: Pick<Context, "log" | "metrics">,
  tx: Store,
  account: string,
  transaction: Transaction,
): Promise<readonly ProtocolEvent[]> {
  const fresh: ProtocolEvent[] = [];
  for (const [index, message] of transaction.outMessages) {
    if (message.info.type !== "external-out") {
      continue;
    }
    const event = tryDecode(message.body);
    if (event === undefined) {
      context.log.warn({ msg: "unknown event passed over", account, lt: transaction.lt, index });
      context.metrics.unknownEvents.inc();
      continue;
    }
    const place = { account, lt: transaction.lt, index, utime: transaction.now };
    // The event as BoC: its addresses and cells have no JSON of their own.
    const body = message.body.toBoc().toString("base64");
    if (await saveEvent(tx, { event: { ...place, kind: event.$$type, body } })) {
      fresh.push(event);
    }
  }
  return fresh;
}

function tryDecode(body: Parameters<typeof decodeEvent>[0]): ProtocolEvent | undefined {
  try {
    return decodeEvent(body);
  } catch {
    return undefined;
  }
}
