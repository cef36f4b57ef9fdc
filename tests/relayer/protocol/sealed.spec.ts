import {
  decodeRequestHeader,
  encodeRecord,
  MAX_REQUEST_BODY,
  MAX_SEALED_REQUEST,
  sealedRequestSize,
  sizeClassOf,
  toHex,
  utf8ToBytes,
} from "../../../relayer/protocol";
import {
  BIND_HASH,
  bytes,
  codeOf,
  flipped,
  HPKE_PRIVATE,
  HPKE_PUBLIC,
  joined,
  NOW,
  open,
  recordOf,
  responsePieces,
  SALT,
  seal,
  WORKER,
} from "./fixtures";

const KEY_ID_AT = 6;

describe("sealed request", () => {
  it("opens to the salt and body that were sealed, at sizes around every edge", () => {
    for (const length of [0, 1, 476, 477, 732, 733, 65_500, 65_501, 98_268, 98_269, 300_000]) {
      const body = bytes(length, length);
      const { bytes: wire } = seal({ body });
      const opened = open(wire);
      expect(wire).toHaveLength(sealedRequestSize(sizeClassOf(length + 36)));
      expect(toHex(opened.body)).toBe(toHex(body));
      expect(toHex(opened.salt)).toBe(toHex(SALT));
      expect(toHex(opened.header.requestId)).toBe(toHex(bytes(16, 0xc0)));
    }
  });

  it("takes exactly the largest body", () => {
    const { bytes: wire } = seal({ body: new Uint8Array(MAX_REQUEST_BODY) });
    expect(wire).toHaveLength(MAX_SEALED_REQUEST);
    expect(open(wire).body).toHaveLength(MAX_REQUEST_BODY);
    expect(codeOf(() => seal({ body: new Uint8Array(MAX_REQUEST_BODY + 1) }))).toBe("SEALED_TOO_LARGE");
    expect(codeOf(() => open(new Uint8Array(MAX_SEALED_REQUEST + 1)))).toBe("SEALED_TOO_LARGE");
  });

  it("hides lengths within a size class", () => {
    expect([0, 512, 513, 768, 769, 1025, 1537].map(sizeClassOf)).toEqual([
      512, 512, 768, 768, 1024, 1536, 2048,
    ]);
    expect(seal({ body: bytes(1, 0) }).bytes).toHaveLength(seal({ body: bytes(400, 0) }).bytes.length);
  });

  it("is never the same twice", () => {
    expect(toHex(seal().bytes)).not.toBe(toHex(seal().bytes));
  });

  it("does not open with a flipped bit anywhere", () => {
    const { bytes: wire } = seal();
    for (let at = 0; at < wire.length; at += 1) {
      const code = codeOf(() => open(flipped(wire, at, at < 90 ? 1 : 0x80)));
      if (at < KEY_ID_AT) {
        expect(code).toBe("SEALED_MALFORMED");
      } else if (at < 14) {
        expect(code).toBe("STALE_KEY");
      } else if (at < 30 || at >= 75 || (at >= 38 && at < 70)) {
        expect(code).toBe("SEALED_UNREADABLE");
      } else {
        expect(code).toMatch(/^SEALED_/);
      }
    }
  });

  it("does not open with another key, bind statement or direction of the same sizes", () => {
    const { bytes: wire } = seal();
    const unreadable = [{ hpkePrivateKey: bytes(32, 0x99) }, { bindHash: bytes(32, 0x81) }];
    for (const change of unreadable) {
      expect(codeOf(() => open(wire, change))).toBe("SEALED_UNREADABLE");
    }
    expect(codeOf(() => open(wire, { hpkePublicKey: WORKER }))).toBe("STALE_KEY");
  });

  it("gives one answer to every failure of decryption", () => {
    const { bytes: wire } = seal();
    const zeroKey = new Uint8Array(wire);
    zeroKey.fill(0, 38, 70);
    const messages = [flipped(wire, 80), flipped(wire, wire.length - 1), zeroKey].map((bad) => {
      try {
        open(bad);
      } catch (thrown) {
        return String(thrown);
      }
      return "opened";
    });
    expect(new Set(messages).size).toBe(1);
    expect(codeOf(() => open(zeroKey))).toBe("SEALED_UNREADABLE");
  });

  it("is truncated at every shorter length and malformed at every longer one", () => {
    const { bytes: wire } = seal({ body: bytes(70_000, 0) });
    for (let end = 0; end < wire.length; end += end < 200 ? 1 : 997) {
      expect(codeOf(() => open(wire.subarray(0, end)))).toBe("SEALED_TRUNCATED");
    }
    expect(codeOf(() => open(wire.subarray(0, wire.length - 1)))).toBe("SEALED_TRUNCATED");
    expect(codeOf(() => open(new Uint8Array([...wire, 0])))).toBe("SEALED_MALFORMED");
  });

  it("refuses frames that are repeated, exchanged or dropped", () => {
    const { bytes: wire } = seal({ body: bytes(150_000, 0) });
    const size = 65_536 + 21;
    const head = wire.subarray(0, 70);
    const first = wire.subarray(70, 70 + size);
    const second = wire.subarray(70 + size, 70 + 2 * size);
    const rest = wire.subarray(70 + 2 * size);
    for (const order of [
      [first, first, rest],
      [second, first, rest],
      [first, rest],
      [first, second, first, rest],
    ]) {
      expect(codeOf(() => open(joined([head, ...order])))).toBe("SEALED_UNREADABLE");
    }
    const early = flipped(joined([head, first]), 74, 1);
    expect(codeOf(() => open(early))).toBe("SEALED_UNREADABLE");
    const record = flipped(wire, 74, 2);
    expect(codeOf(() => open(record))).toBe("SEALED_MALFORMED");
  });

  it("refuses frames of impossible length before any decryption", () => {
    const { bytes: wire } = seal();
    const withLength = (length: number): Uint8Array => {
      const copy = new Uint8Array(wire);
      new DataView(copy.buffer).setUint32(70, length);
      return copy;
    };
    expect(codeOf(() => open(withLength(0xffffffff)))).toBe("SEALED_TOO_LARGE");
    expect(codeOf(() => open(withLength(65_536 + 17)))).toBe("SEALED_TOO_LARGE");
    expect(codeOf(() => open(withLength(16)))).toBe("SEALED_MALFORMED");
    expect(codeOf(() => open(withLength(0)))).toBe("SEALED_MALFORMED");
  });

  it("is valid before its expiry, which is at most 120 seconds ahead", () => {
    const at = (expiresAt: number) => open(seal({ expiresAt }).bytes);
    expect(() => at(NOW + 1)).not.toThrow();
    expect(() => at(NOW + 120)).not.toThrow();
    expect(codeOf(() => at(NOW))).toBe("SEALED_EXPIRED");
    expect(codeOf(() => at(NOW + 121))).toBe("SEALED_EXPIRED");
  });

  it("shows its header without a key", () => {
    const header = decodeRequestHeader(seal().bytes);
    expect(header.expiresAt).toBe(NOW + 60);
    expect(codeOf(() => decodeRequestHeader(bytes(69, 0)))).toBe("SEALED_TRUNCATED");
  });

  it("refuses fields of wrong length", () => {
    expect(codeOf(() => seal({ salt: bytes(31, 0) }))).toBe("BAD_REQUEST");
    expect(codeOf(() => seal({ bindHash: BIND_HASH.subarray(1) }))).toBe("BAD_REQUEST");
    expect(codeOf(() => seal({ requestId: bytes(15, 0) }))).toBe("BAD_REQUEST");
    expect(codeOf(() => seal({ hpkePublicKey: new Uint8Array(32) }))).toBe("SEALED_UNREADABLE");
  });
});

describe("sealed response", () => {
  it("opens to what was sealed", () => {
    const request = seal();
    const pieces = responsePieces(open(request.bytes), [bytes(0, 0), bytes(200, 1), bytes(200_000, 2)]);
    const frames = request.openResponse.push(joined(pieces));
    request.openResponse.end();
    expect(frames[0]).toEqual({ kind: "meta", status: 200, contentType: "text/event-stream" });
    const payloads = frames.flatMap((frame) => (frame.kind === "data" ? [frame.payload] : []));
    expect(toHex(joined(payloads))).toBe(toHex(joined([bytes(200, 1), bytes(200_000, 2)])));
    const records = frames.flatMap((frame) => (frame.kind === "record" ? [frame.record] : []));
    expect(records.map(toHex)).toEqual([toHex(encodeRecord(recordOf(3)))]);
    expect(frames.at(-1)).toEqual({ kind: "final" });
  });

  it("has frames whose size does not tell the payload's", () => {
    const { responseSealer } = open(seal().bytes);
    responseSealer.start();
    responseSealer.meta({ status: 200, contentType: "application/json" });
    const sizes = [0, 1, 28, 29, 60, 61].map((length) => responseSealer.data(bytes(length, 0)).length - 21);
    expect(sizes).toEqual([32, 32, 32, 64, 64, 96]);
  });

  it("refuses an exchanged record", () => {
    const request = seal();
    const pieces = responsePieces(open(request.bytes), [bytes(3, 0)]);
    const at = pieces.length - 2;
    const forged = pieces.map((piece, i) => (i === at ? flipped(piece, 20) : piece));
    const frames = request.openResponse.push(joined(forged));
    expect(frames.map((frame) => frame.kind)).toEqual(["meta", "data", "record"]);
    expect(codeOf(() => request.openResponse.end())).toBe("RECEIPT_INVALID");
  });

  it("is tied to its request", () => {
    const request = seal();
    const other = seal();
    const pieces = responsePieces(open(request.bytes), []);
    expect(codeOf(() => other.openResponse.push(joined(pieces)))).toBe("SEALED_UNREADABLE");
    expect(codeOf(() => other.openResponse.push(bytes(1, 0)))).toBe("SEALED_UNREADABLE");
    expect(codeOf(() => other.openResponse.end())).toBe("SEALED_UNREADABLE");
  });

  it("is sealed in one order only", () => {
    const fresh = () => open(seal().bytes).responseSealer;
    const meta = { status: 200, contentType: "application/json" };
    expect(codeOf(() => fresh().meta(meta))).toBe("INTERNAL");
    const started = fresh();
    started.start();
    expect(codeOf(() => started.data(bytes(1, 0)))).toBe("INTERNAL");
    expect(codeOf(() => started.start())).toBe("INTERNAL");
    expect(codeOf(() => started.meta({ status: 99, contentType: "x" }))).toBe("INTERNAL");
    const ready = fresh();
    ready.start();
    ready.meta(meta);
    expect(codeOf(() => ready.final())).toBe("INTERNAL");
    expect(codeOf(() => ready.record(new Uint8Array(8193)))).toBe("SEALED_TOO_LARGE");
    ready.record("{}");
    expect(codeOf(() => ready.data(bytes(1, 0)))).toBe("INTERNAL");
    ready.final();
    expect(codeOf(() => ready.final())).toBe("INTERNAL");
  });

  it("refuses a first frame that is no status", () => {
    const request = seal();
    const twin = open(request.bytes, { fixedResponseNonce: bytes(32, 1) }).responseSealer;
    const start = twin.start();
    expect(codeOf(() => twin.meta({ status: 200, contentType: "a\r\nb: c" }))).toBe("INTERNAL");
    expect(request.openResponse.push(start)).toEqual([]);
    expect(codeOf(() => request.openResponse.push(twin.data(utf8ToBytes("{}"))))).toBe("SEALED_MALFORMED");
    expect(HPKE_PUBLIC).not.toEqual(HPKE_PRIVATE);
  });
});
