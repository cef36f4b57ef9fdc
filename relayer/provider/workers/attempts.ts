import type { Address } from "@ton/core";
import { type Outcome, readOutcome } from "../../attestation/submit";
import { primitives } from "../../protocol";
import { findIntent, type Intent, requeueIntent } from "../../store";
import { type Context, nowSeconds } from "../context";

/** Messages for one statement under one policy, whatever happens to them. */
const MAX_ATTEMPTS = 8;
/** Without any answer for so long after it was sent, a message is lost: its value stays where it failed. */
const LOST_SECONDS = 300;

/** What to do now about an attestation that the provider's contract does not show. */
export type NextStep =
  | { readonly do: "send"; readonly key: string; readonly queryId: bigint }
  | { readonly do: "wait" }
  /** The chain's last word under this policy. */
  | { readonly do: "stop"; readonly code: number | undefined };

export interface Attempts {
  /**
   * Looks at what was sent under this name, in the store and on the chain, so that a restart sends nothing twice.
   * `isPassing` says which exit codes another attempt may overcome.
   */
  next(name: string, isPassing: (code: number) => boolean): Promise<NextStep>;
}

/** Remembers nothing that a restart may not forget: which acceptances it has seen, and what has ended for good. */
export function createAttempts(
  context: Pick<Context, "store" | "reader" | "wallet" | "clock" | "provider">,
  registry: () => Address,
): Attempts {
  const seen = new Set<string>();
  const stopped = new Map<string, NextStep>();

  const outcomeOf = async (intent: Intent): Promise<Outcome> =>
    intent.txLt === undefined
      ? { kind: "pending", sentAt: undefined }
      : await readOutcome(context.reader, {
          wallet: context.wallet.address,
          txLt: intent.txLt,
          queryId: queryIdOf(intent.key),
          registry: registry(),
          provider: context.provider,
        });
  const isOver = async (intent: Intent, isPassing: (code: number) => boolean): Promise<NextStep | "over"> => {
    const outcome = await outcomeOf(intent);
    switch (outcome.kind) {
      case "refused":
        return isPassing(outcome.code) ? "over" : { do: "stop", code: outcome.code };
      case "accepted":
        // What the contract showed was read before: the worker that is missing then may be there by now.
        if (seen.has(intent.key)) {
          return "over";
        }
        seen.add(intent.key);
        return { do: "wait" };
      case "bounced": // the outbox tells of those, once it has seen them
      case "pending":
        return nowSeconds(context.clock) >= (sentAtOf(outcome) ?? intent.createdAt / 1_000) + LOST_SECONDS
          ? "over"
          : { do: "wait" };
    }
  };

  const look = async (name: string, isPassing: (code: number) => boolean): Promise<NextStep> => {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const key = attempt === 0 ? name : `${name}#${attempt}`;
      const intent = await findIntent(context.store, { key });
      const step = intent === undefined ? sendAs(key) : await after(intent, isPassing);
      if (step !== "over") {
        return step;
      }
    }
    return { do: "stop", code: undefined };
  };
  const after = async (intent: Intent, isPassing: (code: number) => boolean): Promise<NextStep | "over"> => {
    switch (intent.status) {
      case "queued":
      case "batched":
        return { do: "wait" };
      case "skipped":
        await requeueIntent(context.store, { key: intent.key });
        return { do: "wait" };
      case "bounced":
        return intent.exitCode === undefined || isPassing(intent.exitCode)
          ? "over"
          : { do: "stop", code: intent.exitCode };
      case "sent":
        return await isOver(intent, isPassing);
    }
  };

  return {
    async next(name, isPassing) {
      const step = stopped.get(name) ?? (await look(name, isPassing));
      if (step.do === "stop") {
        stopped.set(name, step);
      }
      return step;
    },
  };
}

function sentAtOf(outcome: Outcome): number | undefined {
  return outcome.kind === "pending" ? outcome.sentAt : undefined;
}

function sendAs(key: string): NextStep {
  return { do: "send", key, queryId: queryIdOf(key) };
}

/** By the message's key, so that its answer is found again after a restart. */
function queryIdOf(key: string): bigint {
  return Buffer.from(primitives.sha256(Buffer.from(key))).readBigUInt64BE(0);
}
