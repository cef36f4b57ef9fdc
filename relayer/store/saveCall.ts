import type { Call } from "./records";
import type { Store } from "./store";
import { toU64Text } from "./u64";

type NewCall = Pick<
  Call,
  "requestId" | "salt" | "apiKeyId" | "job" | "worker" | "model" | "status" | "maxCostNano"
>;

/** Notes a call before it leaves, with the salt that later proves its receipt. The same request again changes nothing. */
export async function saveCall(store: Store, { call }: { readonly call: NewCall }): Promise<void> {
  await store.db
    .insertInto("calls")
    .values({
      requestId: call.requestId,
      salt: call.salt,
      apiKeyId: call.apiKeyId ?? null,
      job: call.job,
      worker: call.worker,
      model: call.model,
      status: call.status,
      maxCost: toU64Text(call.maxCostNano),
      createdAt: store.clock.nowMs(),
    })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
