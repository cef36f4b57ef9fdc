import fc from "fast-check";
import {
  addressFromBytes,
  addressToBytes,
  bytesToUtf8,
  createReader,
  createWriter,
  formatTon,
  fromBase64,
  fromHex,
  parseTon,
  toBase64,
  toHex,
  toNano,
  toRawAddress,
  toRequestId,
  toWorkerKey,
} from "../../../relayer/protocol";
import { bytes, codeOf, plain } from "./fixtures";

const anyBytes = fc.uint8Array({ maxLength: 100 });

describe("hex and base64", () => {
  it("agree with Node's and read back", () => {
    fc.assert(
      fc.property(anyBytes, (value) => {
        expect(toHex(value)).toBe(Buffer.from(value).toString("hex"));
        expect(toBase64(value)).toBe(Buffer.from(value).toString("base64"));
        expect(plain(fromHex(toHex(value).toUpperCase()))).toEqual(plain(value));
        expect(plain(fromBase64(toBase64(value)))).toEqual(plain(value));
      }),
    );
  });

  it("refuse everything that is not the one text of its bytes", () => {
    for (const text of ["A", "AA", "AAA", "AB==", "AAB=", "A===", "====", "AA=A", "AA-_", "AA A", "AAAA\n"]) {
      expect(codeOf(() => fromBase64(text))).toBe("BAD_REQUEST");
    }
    for (const text of ["0", "0g", "0x", " 0"]) {
      expect(codeOf(() => fromHex(text))).toBe("BAD_REQUEST");
    }
    expect(codeOf(() => fromHex("00", 2))).toBe("BAD_REQUEST");
    expect(codeOf(() => fromBase64("AAAA", 2))).toBe("BAD_REQUEST");
    expect(codeOf(() => bytesToUtf8(Uint8Array.of(0xc0)))).toBe("BAD_REQUEST");
  });
});

describe("TON amounts", () => {
  it("read back at every amount", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (nano) => {
        expect(parseTon(formatTon(nano))).toBe(nano);
      }),
    );
    expect([0n, 1n, 1_500_000_000n, -20n].map(formatTon)).toEqual(["0", "0.000000001", "1.5", "-0.00000002"]);
    expect(parseTon("007.50")).toBe(7_500_000_000n);
  });

  it("refuse signs, exponents, spaces, empty parts, a tenth decimal and too much", () => {
    const bad = ["", ".", "1.", ".5", "-1", "+1", "1e9", "1 ", "1,5", "0x1", "1.0000000001", "1.2.3"];
    for (const text of [...bad, "18446744073.709551616", "9".repeat(400)]) {
      expect([text, codeOf(() => parseTon(text))]).toEqual([text, "BAD_REQUEST"]);
    }
  });
});

describe("ids", () => {
  it("have one text each", () => {
    const address = toRawAddress(`-1:${"AB".repeat(32)}`);
    expect(address).toBe(`-1:${"ab".repeat(32)}`);
    expect(addressFromBytes(addressToBytes(address))).toBe(address);
    expect(addressToBytes(address)[0]).toBe(0xff);
    expect(toWorkerKey(bytes(32, 1))).toBe(toHex(bytes(32, 1)));
    expect(toRequestId(bytes(16, 1).map((byte) => byte))).toHaveLength(32);
  });

  it("refuse everything else", () => {
    const hash = "ab".repeat(32);
    for (const text of [
      "",
      hash,
      `:${hash}`,
      `00:${hash}`,
      `128:${hash}`,
      `0:${hash}0`,
      `+1:${hash}`,
      `0x1:${hash}`,
    ]) {
      expect([text, codeOf(() => toRawAddress(text))]).toEqual([text, "BAD_REQUEST"]);
    }
    expect(codeOf(() => toWorkerKey("ab"))).toBe("BAD_REQUEST");
    expect(codeOf(() => toRequestId(bytes(17, 1)))).toBe("BAD_REQUEST");
    expect(codeOf(() => toNano(-1n))).toBe("BAD_REQUEST");
    expect(codeOf(() => toNano(1n << 64n))).toBe("BAD_REQUEST");
    expect(codeOf(() => addressFromBytes(bytes(32, 0)))).toBe("BAD_REQUEST");
  });
});

describe("fixed-width fields", () => {
  it("are refused outside their range", () => {
    const calls = [
      () => createWriter(1).u8(256),
      () => createWriter(1).u8(-1),
      () => createWriter(1).i8(128),
      () => createWriter(2).u16(1.5),
      () => createWriter(4).i32(2 ** 31),
      () => createWriter(8).u64(-1n),
      () => createWriter(8).u64(1n << 64n),
      () => createWriter(8).u64(2 ** 53),
      () => createWriter(1).u16(1),
      () => createWriter(3).bytes(bytes(2, 0), 3),
      () => createWriter(2).u8(1).finish(),
    ];
    for (const call of calls) {
      expect(codeOf(call)).toBe("BAD_REQUEST");
    }
  });

  it("are never read past the end", () => {
    const reader = createReader(bytes(9, 0), "HEAD_INVALID", "It");
    expect(reader.u64()).toBe(0x0001020304050607n);
    expect(codeOf(() => reader.u16())).toBe("HEAD_INVALID");
    expect(codeOf(() => reader.end())).toBe("HEAD_INVALID");
    expect(reader.u8()).toBe(8);
    expect(() => reader.end()).not.toThrow();
  });
});
