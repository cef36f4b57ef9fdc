import type { Clock } from "../../observe/clock";
import { findIntent, type Store } from "../../store";

/** A settlement that was sent and does not show on the chain after so long is not waited for any more. */
const PATIENCE_MS = 120_000;

interface Sent {
  readonly key: string;
  readonly amountNano: bigint;
  readonly atMs: number;
}

/**
 * Co-signed amounts on their way to the chain, by lane. While one is, what it carries is not due again: a head that was
 * signed meanwhile would bounce when it is no larger, and cost a second message when it is hardly larger.
 */
export interface Underway {
  note(lane: string, sent: { readonly key: string; readonly amountNano: bigint }): void;
  /** What the chain will show beyond `settledNano`; undefined when nothing is on its way. */
  amountNano(lane: string, settledNano: bigint): Promise<bigint | undefined>;
}

export function createUnderway({ store, clock }: { readonly store: Store; readonly clock: Clock }): Underway {
  const lanes = new Map<string, Sent>();
  return {
    note: (lane, { key, amountNano }) => {
      if (lanes.get(lane)?.key !== key) {
        lanes.set(lane, { key, amountNano, atMs: clock.nowMs() });
      }
    },
    amountNano: async (lane, settledNano) => {
      const sent = lanes.get(lane);
      if (sent === undefined) {
        return undefined;
      }
      const status = (await findIntent(store, { key: sent.key }))?.status;
      const isWaiting = status === "queued" || status === "batched";
      const isTravelling = status === "sent" && clock.nowMs() - sent.atMs < PATIENCE_MS;
      if (sent.amountNano > settledNano && (isWaiting || isTravelling)) {
        return sent.amountNano;
      }
      lanes.delete(lane);
      return undefined;
    },
  };
}
