import { parseReceiptFile, verifyReceipt } from "../../../relayer/client";
import { createLane } from "../../../relayer/client/lane";
import type { ReceiptRecord } from "../../../relayer/protocol";
import { enclave, JOB, NETWORK_ID, PRICES, REQUEST, RESPONSE, receiptFile } from "./support/enclave";

/** 10 prompt tokens at 2 and 5 completion tokens at 8. */
const COST = 60n;

const entry = ({ leaf, head, signature }: ReceiptRecord, maxCostNano: bigint | undefined = 100n) => ({
  leaf,
  head: { networkId: NETWORK_ID, job: JOB, ...head },
  signature,
  maxCostNano,
});
const code = (promise: Promise<unknown>) =>
  promise.then(
    () => "taken",
    (error: { code?: string }) => error.code,
  );

describe("a lane", () => {
  it("knows each cost when receipts come in order", async () => {
    const worker = enclave();
    const lane = createLane({ prices: PRICES });
    expect(await lane.add(entry(worker.answer()))).toBe(COST);
    expect(await lane.add(entry(worker.answer()))).toBe(COST);
    expect(lane.cosignable()?.head.size).toBe(2);
  });

  it("co-signs nothing beyond a gap, and all of it once the gap is closed", async () => {
    const worker = enclave();
    const lane = createLane({ prices: PRICES });
    const [first, second, third] = [worker.answer(), worker.answer(), worker.answer()];
    const late = [lane.add(entry(third)), lane.add(entry(second))];
    expect(lane.cosignable()).toBeUndefined();
    await lane.add(entry(first));
    expect(await Promise.all(late)).toEqual([COST, COST]);
    expect(lane.cosignable()?.head.size).toBe(3);
  });

  it("steps over a receipt that was lost, if it cost no more than it might", async () => {
    const worker = enclave();
    const lane = createLane({ prices: PRICES });
    await lane.add(entry(worker.answer()));
    worker.answer();
    const after = lane.add(entry(worker.answer()));
    lane.forgive(100n);
    expect(await after).toBeLessThanOrEqual(100n);
    expect(lane.cosignable()?.head.size).toBe(3);
  });

  it("refuses a gap that cost more than what was lost could", async () => {
    const worker = enclave();
    const lane = createLane({ prices: PRICES });
    worker.answer({ promptTokens: 1_000_000n });
    const after = lane.add(entry(worker.answer()));
    lane.forgive(100n);
    expect(await code(after)).toBe("RECEIPT_INVALID");
    expect(lane.isBroken()).toBe(true);
  });

  it("takes the same receipt twice, also while it waits", async () => {
    const worker = enclave();
    const lane = createLane({ prices: PRICES });
    const [first, second] = [worker.answer(), worker.answer()];
    const twice = [lane.add(entry(second)), lane.add(entry(second))];
    await lane.add(entry(first));
    expect(await Promise.all([...twice, lane.add(entry(first))])).toEqual([COST, COST, COST]);
  });

  it.each<[string, (worker: ReturnType<typeof enclave>) => ReturnType<typeof entry>]>([
    ["that costs more than allowed", (worker) => entry(worker.answer(), COST - 1n)],
    ["whose amount is not the price of its usage", (worker) => entry(worker.answer({ amount: 1n }))],
    ["whose counters go back", (worker) => entry(worker.answer({ promptTokens: 1n }))],
    [
      "whose head has another root",
      (worker) => {
        const record = worker.answer();
        return entry({ ...record, head: { ...record.head, root: new Uint8Array(32) } });
      },
    ],
    [
      "whose head claims another amount",
      (worker) => {
        const record = worker.answer();
        return entry({ ...record, head: { ...record.head, amount: 1_000n } });
      },
    ],
    ["in the place of another", (worker) => entry(worker.answer({ index: 0 }))],
    [
      "far ahead of all others",
      (worker) => {
        const record = worker.answer();
        return entry({ ...record, head: { ...record.head, size: 1_000_000 } });
      },
    ],
  ])("breaks for good by a receipt %s", async (_name, forge) => {
    const worker = enclave();
    const lane = createLane({ prices: PRICES });
    await lane.add(entry(worker.answer()));
    expect(await code(lane.add(forge(worker)))).toBe("RECEIPT_INVALID");
    expect([lane.isBroken(), lane.cosignable()]).toEqual([true, undefined]);
    expect(await code(lane.add(entry(worker.answer())))).toBe("RECEIPT_INVALID");
  });
});

describe("verifyReceipt", () => {
  const file = receiptFile();
  const failed = (changed: unknown) => {
    try {
      const { checks } = verifyReceipt(parseReceiptFile(JSON.stringify(changed)));
      return checks.filter(({ outcome }) => outcome === "failed").map(({ name }) => name);
    } catch {
      return ["file"];
    }
  };

  it("accepts a sound receipt, with texts inside or beside it", () => {
    expect(failed(file)).toEqual([]);
    const { request: _request, response: _response, ...bare } = file;
    expect(verifyReceipt(bare).checks.filter(({ outcome }) => outcome === "skipped")).toHaveLength(3);
    expect(verifyReceipt(bare, { request: REQUEST, response: RESPONSE }).ok).toBe(true);
    expect(verifyReceipt(bare, { request: REQUEST, response: `${RESPONSE} ` }).ok).toBe(false);
  });

  it.each([
    ["request", { ...file, request: `${REQUEST} ` }, "request"],
    ["response", { ...file, response: "" }, "response"],
    ["salt", { ...file, salt: "00".repeat(32) }, "request"],
    ["job", { ...file, job: file.provider }, "terms"],
    ["provider", { ...file, provider: file.job }, "bind"],
    ["network", { ...file, network: { ...file.network, globalId: -239 } }, "head signature"],
    ["size", { ...file, head: { ...file.head, size: 3 } }, "inclusion"],
    ["amount", { ...file, head: { ...file.head, amount: "1" } }, "amount"],
    ["a field more", { ...file, note: "x" }, "file"],
  ])("names the check that a changed %s fails", (_name, changed, check) => {
    expect(failed(changed)).toContain(check);
  });

  it.each(["terms", "leaf", "signature"] as const)("notices every changed byte of %s", (field) => {
    const bytes = Buffer.from(file[field], "base64");
    for (let i = 0; i < bytes.length; i += 1) {
      const copy = Buffer.from(bytes);
      copy[i] = (copy[i] ?? 0) ^ 1;
      const names = failed({ ...file, [field]: copy.toString("base64") });
      // Offline, the session key counts only with a co-signature, and a price only as far as it moves the rounded
      // amount: both are compared with the job's terms on chain.
      const isChainOnly = field === "terms" && bytes.length - i <= 64;
      expect({ i, failed: names.length > 0 || isChainOnly }).toEqual({ i, failed: true });
    }
  });
});
