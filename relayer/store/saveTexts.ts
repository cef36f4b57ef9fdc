import { saveEvent } from "./saveEvent";
import type { Store } from "./store";

/** Where a call's texts lie among the events: one account of their own per call. */
export const textsAccount = (requestId: string): string => `texts:${requestId}`;

/**
 * Keeps what was said in a call, for a developer who asked for self-contained receipts, in the caller's sealed form. The
 * first texts stay.
 */
export async function saveTexts(
  store: Store,
  { requestId, sealed }: { readonly requestId: string; readonly sealed: string },
): Promise<void> {
  await saveEvent(store, {
    event: {
      account: textsAccount(requestId),
      lt: 0n,
      index: 0,
      kind: "texts",
      body: { sealed },
      utime: Math.floor(store.clock.nowMs() / 1000),
    },
  });
}
