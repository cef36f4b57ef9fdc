import { RetryableError } from "../errors";
import type { ChainReader } from "./reader";

/** Asks one reader after the other until one answers; a final refusal ends the search. */
export async function firstThatAnswers<T>(
  clients: readonly ChainReader[],
  question: (client: ChainReader) => Promise<T>,
): Promise<{ readonly value: T; readonly client: ChainReader }> {
  let last: unknown = new RetryableError("CHAIN_UNAVAILABLE", "No chain endpoint is configured.");
  for (const client of clients) {
    try {
      return { value: await question(client), client };
    } catch (error) {
      if (!(error instanceof RetryableError)) {
        throw error;
      }
      last = error;
    }
  }
  throw last;
}
