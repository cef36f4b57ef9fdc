import { callFromRow } from "./callRows";
import type { Call } from "./records";
import type { Store } from "./store";

export async function findCall(
  store: Store,
  { requestId }: { readonly requestId: string },
): Promise<Call | undefined> {
  const row = await store.db
    .selectFrom("calls")
    .selectAll()
    .where("requestId", "=", requestId)
    .executeTakeFirst();
  return row === undefined ? undefined : callFromRow(row);
}
