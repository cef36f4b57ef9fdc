/** Answers remembered: the newest of all callers. Receipts themselves are kept by their own ids, as long as the store is. */
const MAX_REMEMBERED = 10_000;
/** A longer id than any server gives is not remembered. */
const MAX_ID_LENGTH = 200;

/**
 * Receipts by the id in the answer's body, which is what clients of other private inference services ask for. A model's
 * server chose that id, so it counts for the key that was given the answer alone.
 */
export interface AnswerIds {
  note(apiKeyId: string, names: { readonly answerId: string; readonly requestId: string }): void;
  find(apiKeyId: string, answerId: string): string | undefined;
}

export function createAnswerIds(): AnswerIds {
  const known = new Map<string, string>();
  return {
    note: (apiKeyId, { answerId, requestId }) => {
      if (answerId.length > MAX_ID_LENGTH) {
        return;
      }
      known.set(`${apiKeyId}/${answerId}`, requestId);
      if (known.size > MAX_REMEMBERED) {
        const [oldest = ""] = known.keys();
        known.delete(oldest);
      }
    },
    find: (apiKeyId, answerId) => known.get(`${apiKeyId}/${answerId}`),
  };
}
