import type { NewIntent } from "./records";
import type { Store } from "./store";
import { toU64Text } from "./u64";

/** Queues a message for the wallet. A key that was queued before, in whatever state it is now, answers "known". */
export async function enqueueIntent(
  store: Store,
  { intent }: { readonly intent: NewIntent },
): Promise<"queued" | "known"> {
  const now = store.clock.nowMs();
  const result = await store.db
    .insertInto("intents")
    .values({
      key: intent.key,
      wallet: intent.wallet,
      destination: intent.destination,
      value: toU64Text(intent.valueNano),
      bounce: intent.bounce ? 1 : 0,
      body: intent.body ?? null,
      init: intent.init ?? null,
      note: intent.note ?? null,
      status: "queued",
      attempts: 0,
      createdAt: now,
      updatedAt: now,
    })
    .onConflict((conflict) => conflict.column("key").doNothing())
    .executeTakeFirst();
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n ? "queued" : "known";
}
