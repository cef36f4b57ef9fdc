const EMPTY = Buffer.alloc(0);
/** An event larger than this is no answer's piece. */
const MAX_EVENT_BYTES = 16 * 1024 * 1024;

/** Cuts bytes into whole server-sent events, each with its blank line. */
export interface SseSplitter {
  push(chunk: Uint8Array): readonly Buffer[];
  /** What is left without its blank line. */
  rest(): Buffer;
}

export function createSseSplitter(): SseSplitter {
  let held: Buffer = EMPTY;
  return {
    push(chunk) {
      const piece = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      const all = held.length === 0 ? piece : Buffer.concat([held, piece]);
      const events: Buffer[] = [];
      let from = 0;
      for (;;) {
        const end = endOfEvent(all, from);
        if (end < 0) {
          break;
        }
        events.push(all.subarray(from, end));
        from = end;
      }
      held = from === all.length ? EMPTY : Buffer.from(all.subarray(from));
      if (held.length > MAX_EVENT_BYTES) {
        throw new RangeError("a server-sent event is too large");
      }
      return events;
    },
    rest: () => held,
  };
}

function endOfEvent(bytes: Buffer, from: number): number {
  const plain = bytes.indexOf("\n\n", from);
  const windows = bytes.indexOf("\r\n\r\n", from);
  if (windows >= 0 && (plain < 0 || windows < plain)) {
    return windows + 4;
  }
  return plain < 0 ? -1 : plain + 2;
}
