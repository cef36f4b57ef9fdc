import type { Address, Transaction } from "@ton/core";
import { RetryableError, toCocoonError } from "../errors";
import type { Log } from "../observe/log";
import type { AccountState, ChainReader, TransactionPoint } from "./reader";
import { pointOf, walk } from "./walk";

export interface FollowDeps {
  readonly reader: ChainReader;
  readonly log: Log;
}

/** A transaction with the cursor before and after it. */
export interface Step {
  readonly transaction: Transaction;
  readonly from: TransactionPoint;
  readonly to: TransactionPoint;
}

/**
 * Everything after the cursor that is final now, oldest first, each once. An endpoint that fails or shows a gap is left
 * for the next one, which goes on where the last left off; when all fail, the last failure is thrown.
 */
export async function* catchUp(
  deps: FollowDeps,
  { account, cursor }: { readonly account: Address; readonly cursor: TransactionPoint },
): AsyncGenerator<Step, AccountState> {
  let at = cursor;
  let last: unknown = new RetryableError("CHAIN_UNAVAILABLE", "No chain endpoint is configured.");
  for (const endpoint of deps.reader.endpoints()) {
    const transactions = walk(endpoint, account, at);
    for (;;) {
      const next = await transactions.next().catch((error: unknown) => {
        last = error;
        return undefined;
      });
      if (next === undefined) {
        const { code, message } = toCocoonError(last);
        deps.log.warn({ msg: "chain endpoint left", endpoint: endpoint.name, code, detail: message });
        break;
      }
      if (next.done === true) {
        return next.value;
      }
      const to = pointOf(next.value);
      yield { transaction: next.value, from: at, to };
      at = to;
    }
  }
  throw last;
}
