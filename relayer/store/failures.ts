import { type CocoonError, FinalError, RetryableError } from "../errors";

const RETRYABLE =
  /^(SQLITE_BUSY|SQLITE_LOCKED|40001|40P01|53\w{3}|57\w{3}|58\w{3}|08\w{3}|ECONN\w+|ENOENT|ETIMEDOUT)/;
const CONSTRAINT = /^(SQLITE_CONSTRAINT|23\w{3})/;

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && "code" in thrown ? String(thrown.code) : "unknown";
}

/** A driver's failure as ours. The statement's parameters are never part of it. */
export function storeFailure(thrown: unknown): CocoonError {
  const code = codeOf(thrown);
  const detail = thrown instanceof Error ? thrown.message : String(thrown);
  const constraint = CONSTRAINT.test(code);
  const lostConnection = code === "unknown" && /terminated|timeout|closed/i.test(detail);
  const Kind = RETRYABLE.test(code) || lostConnection ? RetryableError : FinalError;
  return new Kind(
    "STORE_FAILED",
    `The database refused a statement: ${detail}.`,
    { code, constraint },
    { cause: thrown },
  );
}
