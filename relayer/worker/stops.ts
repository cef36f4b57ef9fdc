/**
 * Answers that may be ended by request. The relayer asks for it when a client has gone, and keeps its connection: so it
 * gets the receipt of what was made until then.
 */
export interface Stops {
  /** Lets `stop` abort this answer, until the returned function is called. */
  begin(requestId: string, answer: AbortController): () => void;
  /** False where no such answer is being made; one that begins only then is aborted at its beginning. */
  stop(requestId: string): boolean;
}

/** A stop overtakes its request by moments: of older ones nothing is remembered. */
const MAX_EARLY = 1_024;

export function createStops(): Stops {
  const running = new Map<string, AbortController>();
  const early = new Set<string>();
  return {
    begin: (requestId, answer) => {
      if (early.delete(requestId)) {
        answer.abort();
      }
      running.set(requestId, answer);
      return () => running.delete(requestId);
    },
    stop: (requestId) => {
      const found = running.get(requestId);
      if (found !== undefined) {
        found.abort();
        return true;
      }
      early.add(requestId);
      for (const oldest of early) {
        if (early.size <= MAX_EARLY) {
          break;
        }
        early.delete(oldest);
      }
      return false;
    },
  };
}
