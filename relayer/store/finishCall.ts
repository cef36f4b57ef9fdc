import { prepared } from "./prepared";
import type { Store } from "./store";
import type { CallsTable } from "./tables";
import { toU64Text } from "./u64";

type CallEnd = Pick<CallsTable, "requestId" | "status" | "promptTokens" | "completionTokens"> & {
  readonly cost: string;
  readonly finishedAt: number;
};

const endCall = prepared<CallEnd, unknown>((db, field) =>
  db
    .updateTable("calls")
    .set({
      status: field("status"),
      cost: field("cost"),
      promptTokens: field("promptTokens"),
      completionTokens: field("completionTokens"),
      finishedAt: field("finishedAt"),
    })
    .where("requestId", "=", field("requestId"))
    .where("finishedAt", "is", null),
);

/** Notes how a call ended and what it cost. Only the first end counts. */
export async function finishCall(
  store: Store,
  end: {
    readonly requestId: string;
    readonly status: string;
    readonly costNano: bigint;
    readonly promptTokens?: number;
    readonly completionTokens?: number;
  },
): Promise<boolean> {
  const { numAffectedRows } = await endCall(store, {
    requestId: end.requestId,
    status: end.status,
    cost: toU64Text(end.costNano),
    promptTokens: end.promptTokens ?? null,
    completionTokens: end.completionTokens ?? null,
    finishedAt: store.clock.nowMs(),
  });
  return numAffectedRows === 1n;
}
