import { NotConfirmedError, NotSeenError } from "../../../wrappers/scripting";
import { type ErrorCode, toCocoonError } from "../../errors";

/** What a command's exit code says; docs/cli.md has the same table. */
export const EXIT = {
  ok: 0,
  failed: 1,
  notConfirmed: 3,
  unreachable: 4,
  notEnoughMoney: 5,
  notSeen: 6,
  checkFailed: 10,
} as const;

const BY_CODE: Partial<Record<ErrorCode, number>> = {
  CHAIN_UNAVAILABLE: EXIT.unreachable,
  WORKER_UNAVAILABLE: EXIT.unreachable,
  INSUFFICIENT_FUNDS: EXIT.notEnoughMoney,
  CHAIN_TIMEOUT: EXIT.notSeen,
};

export function exitCodeOf(thrown: unknown): number {
  if (thrown instanceof NotConfirmedError) {
    return EXIT.notConfirmed;
  }
  if (thrown instanceof NotSeenError) {
    return EXIT.notSeen;
  }
  return BY_CODE[toCocoonError(thrown).code] ?? EXIT.failed;
}

/** One line for a person; a script's own errors are sentences already. */
export function sentenceOf(thrown: unknown): string {
  const error = toCocoonError(thrown);
  return error.code === "INTERNAL" && thrown instanceof Error
    ? thrown.message
    : `${error.code}: ${error.message}`;
}
