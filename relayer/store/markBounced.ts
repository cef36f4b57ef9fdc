import type { Store } from "./store";
import { toU64Text } from "./u64";

/** Notes that an intent's message came back. False when it is not `sent`, for example because this is a repeat. */
export async function markBounced(
  store: Store,
  bounce: { readonly key: string; readonly bounceLt: bigint; readonly exitCode: number | undefined },
): Promise<boolean> {
  const result = await store.db
    .updateTable("intents")
    .set({
      status: "bounced",
      bounceLt: toU64Text(bounce.bounceLt),
      exitCode: bounce.exitCode ?? null,
      updatedAt: store.clock.nowMs(),
    })
    .where("key", "=", bounce.key)
    .where("status", "=", "sent")
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}
