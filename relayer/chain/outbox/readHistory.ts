import { advanceCursor, findCursor } from "../../store";
import { catchUp } from "../catchUp";
import type { AccountState } from "../reader";
import { applyTransaction } from "./applyTransaction";
import { cursorName, type OutboxDeps } from "./deps";

/**
 * Reads the wallet's history up to now and settles what it shows. Answers the account of the same block, so that
 * "expired" and "not in the history" are judged from one view; undefined while the endpoint is behind the cursor.
 */
export async function readHistory(deps: OutboxDeps): Promise<AccountState | undefined> {
  const account = cursorName(deps.wallet);
  const cursor = await findCursor(deps.store, { account });
  if (cursor === undefined) {
    // Nothing was ever sent from this store: what the wallet did before is none of its business.
    const now = await deps.reader.account(deps.wallet.address);
    await advanceCursor(deps.store, { account, from: undefined, to: now.last });
    return now;
  }
  const steps = catchUp(deps, { account: deps.wallet.address, cursor });
  let lt = cursor.lt;
  for (;;) {
    const next = await steps.next();
    if (next.done === true) {
      return next.value.last.lt < lt ? undefined : next.value;
    }
    lt = next.value.to.lt;
    for (const intent of await applyTransaction(deps, next.value)) {
      deps.onResult?.(intent);
    }
  }
}
