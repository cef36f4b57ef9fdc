import {
  amountFor,
  bytesToUtf8,
  encodeRecord,
  parseRecord,
  type ReceiptRecord,
  toJobAddress,
  utf8ToBytes,
  verifyRecord,
} from "../../../relayer/protocol";
import { bytes, codeOf, flipped, JOB, LEAF, NETWORK, recordOf, SESSION, TERMS, WORKER } from "./fixtures";

const EXPECTED = { networkId: NETWORK, job: JOB, workerPublicKey: WORKER };

function withField(field: string, value: unknown): Uint8Array {
  const json = JSON.parse(bytesToUtf8(encodeRecord(recordOf(3))));
  return utf8ToBytes(JSON.stringify({ ...json, [field]: value }));
}

describe("record", () => {
  it("reads back and verifies at every small log size", () => {
    for (let size = 1; size <= 20; size += 1) {
      const record = parseRecord(encodeRecord(recordOf(size)));
      expect(record).toEqual(parseRecord(encodeRecord(record)));
      expect(verifyRecord(record, EXPECTED)).toMatchObject({ size, networkId: NETWORK, job: JOB });
    }
  });

  it("compares the hashes and prices that the caller knows", () => {
    const record = recordOf(1);
    const known = { ...EXPECTED, requestHash: LEAF.requestHash, responseHash: LEAF.responseHash };
    expect(() => verifyRecord(record, known)).not.toThrow();
    const wrong = [{ requestHash: bytes(32, 0) }, { responseHash: bytes(32, 0) }];
    for (const change of wrong) {
      expect(codeOf(() => verifyRecord(record, { ...known, ...change }))).toBe("RECEIPT_INVALID");
    }
    expect(LEAF.amount).toBe(amountFor(LEAF, TERMS));
    expect(() => verifyRecord(record, { ...known, prices: TERMS })).not.toThrow();
    const dearer = { ...TERMS, promptPrice: TERMS.promptPrice + 1_000n };
    expect(codeOf(() => verifyRecord(record, { ...known, prices: dearer }))).toBe("RECEIPT_INVALID");
  });

  it("is refused for another worker, job or network", () => {
    const record = recordOf(3);
    const others = [
      { workerPublicKey: SESSION },
      { job: toJobAddress(`0:${"00".repeat(32)}`) },
      { networkId: -3 },
    ];
    for (const other of others) {
      expect(codeOf(() => verifyRecord(record, { ...EXPECTED, ...other }))).toBe("HEAD_INVALID");
    }
  });

  it("is refused with anything changed", () => {
    const record = recordOf(3);
    const changes: [Partial<ReceiptRecord>, string][] = [
      [{ signature: flipped(record.signature, 1) }, "HEAD_INVALID"],
      [{ head: { ...record.head, amount: 1n } }, "HEAD_INVALID"],
      [{ head: { ...record.head, size: 4 } }, "HEAD_INVALID"],
      [{ head: { ...record.head, root: bytes(32, 0) } }, "HEAD_INVALID"],
      [{ leaf: { ...record.leaf, promptTokens: 1n } }, "RECEIPT_INVALID"],
      [{ leaf: { ...record.leaf, index: 1 } }, "RECEIPT_INVALID"],
      [{ proof: record.proof.slice(1) }, "RECEIPT_INVALID"],
      [{ proof: [] }, "RECEIPT_INVALID"],
    ];
    for (const [change, code] of changes) {
      expect(codeOf(() => verifyRecord({ ...record, ...change }, EXPECTED))).toBe(code);
    }
  });

  it("is refused when a signed head claims more or less than its last leaf", () => {
    for (const amount of [LEAF.amount + 1n, LEAF.amount - 1n]) {
      const record = recordOf(3, { amount });
      expect(codeOf(() => verifyRecord(record, EXPECTED))).toBe("RECEIPT_INVALID");
    }
  });

  it("is parsed strictly", () => {
    const bad: [string, unknown][] = [
      ["extra", 1],
      ["index", 1],
      ["index", -1],
      ["index", 2.5],
      ["size", 0],
      ["size", "3"],
      ["amount", 5],
      ["amount", "05"],
      ["amount", "-5"],
      ["amount", ""],
      ["amount", "1e3"],
      ["issuedAt", -1],
      ["leaf", "AAAA"],
      ["root", "!!!!"],
      ["signature", null],
      ["proof", Array.from({ length: 54 }, () => "AAAA")],
      ["proof", ["AAAA"]],
      ["worker", "AB".repeat(32)],
      ["worker", "ab"],
    ];
    for (const [field, value] of bad) {
      expect([field, value, codeOf(() => parseRecord(withField(field, value)))]).toEqual([
        field,
        value,
        "RECEIPT_INVALID",
      ]);
    }
    expect(codeOf(() => parseRecord(utf8ToBytes("{")))).toBe("RECEIPT_INVALID");
    expect(codeOf(() => parseRecord(Uint8Array.of(0xff)))).toBe("RECEIPT_INVALID");
  });
});
