import type { Store } from "./store";

/** Remembers that a worker signed something false. The first reason stays. */
export async function saveBan(
  store: Store,
  { worker, reason }: { readonly worker: string; readonly reason: string },
): Promise<void> {
  await store.db
    .insertInto("bans")
    .values({ worker, reason, createdAt: store.clock.nowMs() })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
