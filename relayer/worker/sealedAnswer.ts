import { concatBytes, createResponseHasher, type OpenedRequest, type ResponseMeta } from "../protocol";

/** Where the sealed bytes go. */
export interface ByteSink {
  /** Writes; the promise, where there is one, ends when the reader has caught up or is gone. */
  write(bytes: Uint8Array): Promise<void> | undefined;
  end(bytes: Uint8Array): void;
}

/** One answer on its way: sealed as it comes, and hashed. */
export interface SealedAnswer {
  hasBegun(): boolean;
  begin(meta: ResponseMeta): void;
  /** A piece of the body. */
  data(payload: Uint8Array): Promise<void> | undefined;
  /** The response hash [32] of what was passed to `data`; once, and nothing may follow but `finish`. */
  transcriptHash(): Uint8Array;
  finish(recordJson: Uint8Array): void;
}

/**
 * Seals into `sink`. Nonce, status and first piece go out in one write, and so do last piece, record and final frame of
 * an answer that is not streamed: it is one write altogether.
 */
export function createSealedAnswer(
  opened: OpenedRequest,
  sink: ByteSink,
  options: { readonly isStream: () => boolean },
): SealedAnswer {
  const sealer = opened.responseSealer;
  const hasher = createResponseHasher(opened.salt);
  const waiting: Uint8Array[] = [];
  let hasBegun = false;
  return {
    hasBegun: () => hasBegun,
    begin(meta) {
      hasBegun = true;
      waiting.push(sealer.start(), sealer.meta(meta));
    },
    data(payload) {
      hasher.update(payload);
      const frame = sealer.data(payload);
      if (!options.isStream()) {
        waiting.push(frame);
        return undefined;
      }
      if (waiting.length === 0) {
        return sink.write(frame);
      }
      const bytes = concatBytes(...waiting, frame);
      waiting.length = 0;
      return sink.write(bytes);
    },
    transcriptHash: () => hasher.digest(),
    finish(recordJson) {
      sink.end(concatBytes(...waiting, sealer.record(recordJson), sealer.final()));
    },
  };
}
