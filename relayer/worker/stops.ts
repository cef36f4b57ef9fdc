/**
 * Answers that may be ended by request. The relayer asks for it when a client has gone, and keeps its connection: so it
 * gets the receipt of what was made until then.
 */
export interface Stops {
  /** Lets `stop` abort this answer, until the returned function is called. */
  begin(requestId: string, answer: AbortController): () => void;
  /** False where no such answer is being made. */
  stop(requestId: string): boolean;
}

export function createStops(): Stops {
  const running = new Map<string, AbortController>();
  return {
    begin: (requestId, answer) => {
      running.set(requestId, answer);
      return () => running.delete(requestId);
    },
    stop: (requestId) => {
      const found = running.get(requestId);
      found?.abort();
      return found !== undefined;
    },
  };
}
