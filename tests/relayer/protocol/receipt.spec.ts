import fc from "fast-check";
import {
  amountFor,
  checkLeaf,
  concatBytes,
  createResponseHasher,
  decodeLeaf,
  encodeLeaf,
  hashRequest,
  hashResponse,
  LEAF_STATUS,
  type Prices,
  toHex,
  type Usage,
} from "../../../relayer/protocol";
import { bytes, codeOf, flipped, LEAF, SALT, TERMS } from "./fixtures";

const count = fc.bigInt({ min: 0n, max: 10n ** 12n });
const rate = fc.bigInt({ min: 0n, max: 10n ** 10n });
const usages: fc.Arbitrary<Usage> = fc.record({
  promptTokens: count,
  cachedTokens: count,
  completionTokens: count,
  reasoningTokens: count,
});
const prices: fc.Arbitrary<Prices> = fc.record({
  promptPrice: rate,
  cachedPrice: rate,
  completionPrice: rate,
  reasoningPrice: rate,
});

describe("receipt leaf", () => {
  it("has exactly 122 bytes and reads back, for every status", () => {
    for (const status of ["ok", "stopped", "refused", "failed"] as const) {
      const encoded = encodeLeaf({ ...LEAF, status });
      expect(encoded).toHaveLength(122);
      expect(encoded[0]).toBe(1);
      expect(encoded[1]).toBe(LEAF_STATUS[status]);
      expect(decodeLeaf(encoded)).toEqual({ ...LEAF, status });
    }
  });

  it("is refused with another version, status or length", () => {
    const encoded = encodeLeaf(LEAF);
    expect(codeOf(() => decodeLeaf(flipped(encoded, 0)))).toBe("RECEIPT_INVALID");
    expect(codeOf(() => decodeLeaf(flipped(encoded, 1, 4)))).toBe("RECEIPT_INVALID");
    expect(codeOf(() => decodeLeaf(encoded.subarray(0, 121)))).toBe("RECEIPT_INVALID");
    expect(codeOf(() => decodeLeaf(new Uint8Array(123)))).toBe("RECEIPT_INVALID");
    expect(codeOf(() => decodeLeaf(flipped(encoded, 2, 0xff)))).toBe("RECEIPT_INVALID");
  });
});

describe("amountFor", () => {
  it("is the exact rational floor", () => {
    fc.assert(
      fc.property(usages, prices, (usage, price) => {
        const exact =
          usage.promptTokens * price.promptPrice +
          usage.cachedTokens * price.cachedPrice +
          usage.completionTokens * price.completionPrice +
          usage.reasoningTokens * price.reasoningPrice;
        const amount = amountFor(usage, price);
        expect(amount * 1_000_000n <= exact && exact < (amount + 1n) * 1_000_000n).toBe(true);
      }),
    );
  });

  it("never falls when usage grows", () => {
    fc.assert(
      fc.property(usages, usages, prices, (usage, more, price) => {
        const sum: Usage = {
          promptTokens: usage.promptTokens + more.promptTokens,
          cachedTokens: usage.cachedTokens + more.cachedTokens,
          completionTokens: usage.completionTokens + more.completionTokens,
          reasoningTokens: usage.reasoningTokens + more.reasoningTokens,
        };
        expect(amountFor(sum, price) >= amountFor(usage, price)).toBe(true);
      }),
    );
  });

  it("refuses negative numbers and more than 64 bits", () => {
    expect(codeOf(() => amountFor({ ...LEAF, promptTokens: -1n }, TERMS))).toBe("RECEIPT_INVALID");
    expect(codeOf(() => amountFor(LEAF, { ...TERMS, cachedPrice: -1n }))).toBe("RECEIPT_INVALID");
    const huge = { ...LEAF, promptTokens: (1n << 64n) - 1n };
    expect(codeOf(() => amountFor(huge, TERMS))).toBe("RECEIPT_INVALID");
  });
});

describe("checkLeaf", () => {
  const first = { ...LEAF, amount: amountFor(LEAF, TERMS) };
  const grown = { ...first, index: 1, promptTokens: first.promptTokens + 500n };
  const next = { ...grown, amount: amountFor(grown, TERMS) };

  it("accepts a leaf that follows and costs what it should", () => {
    expect(() => checkLeaf(first, TERMS)).not.toThrow();
    expect(() => checkLeaf(next, TERMS, first)).not.toThrow();
  });

  it("refuses an overcharge of one nanoton and an undercharge", () => {
    const over = { ...next, amount: next.amount + 1n };
    const under = { ...next, amount: next.amount - 1n };
    expect(codeOf(() => checkLeaf(over, TERMS))).toBe("RECEIPT_INVALID");
    expect(codeOf(() => checkLeaf(under, TERMS))).toBe("RECEIPT_INVALID");
  });

  it("refuses a gap, a counter that goes back and a charged refusal", () => {
    expect(codeOf(() => checkLeaf({ ...next, index: 2 }, TERMS, first))).toBe("RECEIPT_INVALID");
    const back = { ...next, cachedTokens: 0n };
    const repriced = { ...back, amount: amountFor(back, TERMS) };
    expect(codeOf(() => checkLeaf(repriced, TERMS, first))).toBe("RECEIPT_INVALID");
    expect(codeOf(() => checkLeaf({ ...next, status: "refused" }, TERMS, first))).toBe("RECEIPT_INVALID");
  });
});

describe("content hashes", () => {
  it("do not depend on how the response was cut", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), (payloads) => {
        const hasher = createResponseHasher(SALT);
        for (const payload of payloads) {
          hasher.update(payload);
        }
        expect(toHex(hasher.digest())).toBe(toHex(hashResponse(SALT, concatBytes(...payloads))));
      }),
    );
  });

  it("differ by direction and salt, and want a whole salt", () => {
    const body = bytes(10, 1);
    expect(toHex(hashRequest(SALT, body))).not.toBe(toHex(hashResponse(SALT, body)));
    expect(toHex(hashRequest(SALT, body))).not.toBe(toHex(hashRequest(bytes(32, 0), body)));
    expect(codeOf(() => hashRequest(bytes(31, 0), body))).toBe("BAD_REQUEST");
    expect(codeOf(() => createResponseHasher(bytes(33, 0)))).toBe("BAD_REQUEST");
  });
});
