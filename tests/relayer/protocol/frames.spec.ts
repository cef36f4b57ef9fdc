import fc from "fast-check";
import {
  createFrameSplitter,
  type OpenedFrame,
  type SplitFrame,
  toHex,
  writeFrameHead,
} from "../../../relayer/protocol";
import { bytes, codeOf, flipped, joined, open, responsePieces, seal } from "./fixtures";

const PAYLOADS = [bytes(5, 1), bytes(100, 2), bytes(0, 3), bytes(27, 4)];

function response(payloads = PAYLOADS) {
  const request = seal({ fixedEphemeralKey: bytes(32, 0x77) });
  const opened = open(request.bytes, { fixedResponseNonce: bytes(32, 0x55) });
  const pieces = responsePieces(opened, payloads);
  const opener = () => seal({ fixedEphemeralKey: bytes(32, 0x77) }).openResponse;
  return { pieces, whole: joined(pieces), opener };
}

/** What a reader saw and how it ended, whatever the cuts. */
function outcome(
  reader: { push(chunk: Uint8Array): (OpenedFrame | SplitFrame)[]; end(): void },
  chunks: readonly Uint8Array[],
): { seen: string[]; end: string } {
  const seen: string[] = [];
  const feed = (): void => {
    for (const chunk of chunks) {
      // A copy, because the views of a chunk must not outlive it elsewhere.
      for (const frame of reader.push(new Uint8Array(chunk))) {
        seen.push(describeFrame(frame));
      }
    }
    reader.end();
  };
  try {
    feed();
    return { seen, end: "complete" };
  } catch {
    return { seen, end: codeOf(() => reader.end()) };
  }
}

function describeFrame(frame: OpenedFrame | SplitFrame): string {
  return JSON.stringify(frame, (_, value) => (value instanceof Uint8Array ? toHex(value) : value));
}

function cut(whole: Uint8Array, points: readonly number[]): Uint8Array[] {
  const edges = [0, ...[...points].sort((a, b) => a - b), whole.length];
  return edges.slice(1).map((end, i) => whole.subarray(edges[i] ?? 0, end));
}

describe("response frames", () => {
  it("come out the same at every possible split", () => {
    const { whole, opener } = response();
    const expected = outcome(opener(), [whole]);
    const split = outcome(createFrameSplitter(), [whole]);
    expect(expected.end).toBe("complete");
    for (let at = 0; at <= whole.length; at += 1) {
      expect(outcome(opener(), cut(whole, [at]))).toEqual(expected);
      expect(outcome(createFrameSplitter(), cut(whole, [at]))).toEqual(split);
    }
    expect(outcome(opener(), cut(whole, [...whole.keys()]))).toEqual(expected);
  });

  it("come out the same under random chunking, also with a flipped byte", () => {
    const { whole, opener } = response();
    const points = fc.array(fc.nat(whole.length), { maxLength: 12 });
    fc.assert(
      fc.property(
        points,
        fc.option(fc.nat(whole.length - 1)),
        fc.integer({ min: 1, max: 255 }),
        (at, hit, mask) => {
          const wire = hit === null ? whole : flipped(whole, hit, mask);
          const expected = outcome(opener(), [wire]);
          expect(outcome(opener(), cut(wire, at))).toEqual(expected);
          expect(expected.end === "complete").toBe(hit === null);
          const keyless = outcome(createFrameSplitter(), [wire]);
          expect(outcome(createFrameSplitter(), cut(wire, at))).toEqual(keyless);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("never survive a flipped byte", () => {
    const { whole, opener } = response();
    for (let at = 0; at < whole.length; at += 1) {
      expect(outcome(opener(), [flipped(whole, at)]).end).not.toBe("complete");
    }
  });

  it("are truncated when the stream is cut at any frame boundary or inside", () => {
    const { whole, pieces, opener } = response();
    let end = 0;
    for (const piece of [new Uint8Array(0), ...pieces.slice(0, -1)]) {
      end += piece.length;
      for (const at of [end, end + 1, end + 4, end + 5]) {
        expect(outcome(opener(), [whole.subarray(0, at)]).end).toBe("SEALED_TRUNCATED");
        expect(outcome(createFrameSplitter(), [whole.subarray(0, at)]).end).toBe("SEALED_TRUNCATED");
      }
    }
  });

  it("are refused when repeated, exchanged or dropped", () => {
    const { pieces, opener } = response();
    for (let at = 1; at < pieces.length; at += 1) {
      const before = pieces.slice(0, at);
      const after = pieces.slice(at + 1);
      const [piece = bytes(0, 0), next] = [pieces[at], pieces[at + 1]];
      expect(outcome(opener(), [...before, piece, piece, ...after]).end).not.toBe("complete");
      expect(outcome(opener(), [...before, ...after]).end).not.toBe("complete");
      if (next !== undefined) {
        const swapped = [...before, next, piece, ...after.slice(1)];
        expect(outcome(opener(), swapped).end).not.toBe("complete");
      }
    }
  });

  it("are refused when bytes follow the final frame", () => {
    const { whole, opener } = response();
    for (const extra of [bytes(1, 0), bytes(5, 0), whole]) {
      expect(outcome(opener(), [whole, extra]).end).not.toBe("complete");
    }
    expect(outcome(createFrameSplitter(), [whole, whole]).end).toBe("SEALED_MALFORMED");
    expect(outcome(createFrameSplitter(), [whole, bytes(1, 0)]).end).not.toBe("complete");
  });

  it("are refused by their head alone, before anything is held for them", () => {
    const cases = [
      [0xffffffff, 0, "SEALED_TOO_LARGE"],
      [65_536 + 48, 0, "SEALED_TOO_LARGE"],
      [65_536 + 15, 0, "SEALED_MALFORMED"],
      [47, 0, "SEALED_MALFORMED"],
      [16, 0, "SEALED_MALFORMED"],
      [0, 0, "SEALED_MALFORMED"],
      [80, 1, "SEALED_MALFORMED"],
      [100, 2, "SEALED_MALFORMED"],
      [8193, 2, "SEALED_TOO_LARGE"],
      [48, 3, "SEALED_MALFORMED"],
    ] as const;
    for (const [length, kind, code] of cases) {
      const splitter = createFrameSplitter();
      splitter.push(bytes(32, 0));
      const head = new Uint8Array(5);
      writeFrameHead(head, 0, length, kind);
      expect(codeOf(() => splitter.push(head))).toBe(code);
    }
  });

  it("let a relayer find the record and pass every byte on unchanged", () => {
    const { whole, pieces } = response();
    const split = createFrameSplitter().push(whole);
    expect(toHex(joined(split.map((frame) => frame.bytes)))).toBe(toHex(whole));
    expect(split.map((frame) => frame.kind)).toEqual([
      "nonce",
      ...Array.from({ length: PAYLOADS.length + 1 }, () => "data"),
      "record",
      "final",
    ]);
    const [record] = split.flatMap((frame) => (frame.kind === "record" ? [frame.record] : []));
    expect(toHex(record ?? bytes(0, 0))).toBe(toHex(pieces.at(-2)?.subarray(5) ?? bytes(1, 0)));
  });
});
