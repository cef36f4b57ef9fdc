import { prepared } from "./prepared";
import type { Call } from "./records";
import type { Store } from "./store";
import type { CallsTable } from "./tables";
import { toU64Text } from "./u64";

type NewCall = Pick<
  Call,
  "requestId" | "salt" | "requestHash" | "apiKeyId" | "job" | "worker" | "model" | "status" | "maxCostNano"
>;

type CallRow = Omit<CallsTable, "cost" | "promptTokens" | "completionTokens" | "finishedAt">;

const insertCall = prepared<CallRow, unknown>((db, field) =>
  db
    .insertInto("calls")
    .values({
      requestId: field("requestId"),
      salt: field("salt"),
      requestHash: field("requestHash"),
      apiKeyId: field("apiKeyId"),
      job: field("job"),
      worker: field("worker"),
      model: field("model"),
      status: field("status"),
      maxCost: field("maxCost"),
      createdAt: field("createdAt"),
    })
    .onConflict((conflict) => conflict.doNothing()),
);

/** Notes a call before it leaves, with the salt that later proves its receipt. The same request again changes nothing. */
export async function saveCall(store: Store, { call }: { readonly call: NewCall }): Promise<void> {
  const { maxCostNano, apiKeyId, requestHash, ...fields } = call;
  await insertCall(store, {
    ...fields,
    apiKeyId: apiKeyId ?? null,
    requestHash: requestHash ?? null,
    maxCost: toU64Text(maxCostNano),
    createdAt: store.clock.nowMs(),
  });
}
