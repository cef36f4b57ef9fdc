import { findLane, findReceipt, listReceipts, type Store, saveReceipt } from "../../../relayer/store";
import { type Engine, engines, openTestStore } from "./support/engines";
import { aHead, aReceipt, JOB, WORKER } from "./support/records";

describe.each(engines().map((engine): [string, Engine] => [engine.name, engine]))(
  "receipts, %s",
  (_, engine) => {
    let store: Store;
    beforeAll(() => engine.start());
    afterAll(() => engine.stop());
    beforeEach(async () => {
      store = await openTestStore(await engine.freshUrl());
    });
    afterEach(() => store.close());

    it("gives a receipt back exactly as it was saved", async () => {
      const receipt = aReceipt((1n << 64n) - 2n, {
        head: aHead((1n << 64n) - 1n, { amountNano: (1n << 64n) - 1n }),
        amountNano: (1n << 64n) - 1n,
      });
      expect(await saveReceipt(store, { receipt })).toBe("saved");
      expect(await findReceipt(store, { requestId: receipt.requestId })).toEqual({
        ...receipt,
        createdAt: store.clock.nowMs(),
      });
    });

    it("changes nothing when the same receipt is saved twice, also at the same moment", async () => {
      const receipt = aReceipt(0n);
      const outcomes = await Promise.all([1, 2, 3].map(() => saveReceipt(store, { receipt })));
      expect(outcomes).toEqual(["saved", "repeated", "repeated"]);
      expect(await saveReceipt(store, { receipt })).toBe("repeated");
      expect(await listReceipts(store, { job: JOB, worker: WORKER, limit: 10 })).toHaveLength(1);
    });

    it("refuses another receipt at the same place of the lane and keeps the others of its batch", async () => {
      await saveReceipt(store, { receipt: aReceipt(0n) });
      const outcomes = await Promise.allSettled([
        saveReceipt(store, { receipt: aReceipt(1n) }),
        saveReceipt(store, { receipt: aReceipt(0n, { requestId: "ff".repeat(16) }) }),
        saveReceipt(store, { receipt: aReceipt(2n) }),
      ]);
      expect(outcomes.map((outcome) => outcome.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
      expect(outcomes[1]).toMatchObject({ reason: { code: "STORE_FAILED" } });
      const stored = await listReceipts(store, { job: JOB, worker: WORKER, limit: 10 });
      expect(stored.map((receipt) => receipt.index)).toEqual([0n, 1n, 2n]);
    });

    it("refuses another receipt under the same request", async () => {
      const first = aReceipt(0n);
      await saveReceipt(store, { receipt: first });
      const second = aReceipt(1n, { requestId: first.requestId });
      await expect(saveReceipt(store, { receipt: second })).rejects.toMatchObject({ code: "STORE_FAILED" });
    });

    it("does not advance the lane's head for a refused receipt", async () => {
      await saveReceipt(store, { receipt: aReceipt(0n) });
      const forged = aReceipt(0n, { requestId: "ff".repeat(16), head: aHead(99n) });
      await expect(saveReceipt(store, { receipt: forged })).rejects.toMatchObject({ code: "STORE_FAILED" });
      expect((await findLane(store, { job: JOB, worker: WORKER }))?.head.size).toBe(1n);
    });

    it("keeps the newest head of each lane when receipts arrive in any order", async () => {
      const other = "55".repeat(32);
      await Promise.all(
        [5n, 2n, 9n, 0n].flatMap((index) => [
          saveReceipt(store, { receipt: aReceipt(index) }),
          saveReceipt(store, { receipt: aReceipt(index + 1n, { worker: other }) }),
        ]),
      );
      expect((await findLane(store, { job: JOB, worker: WORKER }))?.head).toEqual(aHead(10n));
      expect((await findLane(store, { job: JOB, worker: other }))?.head).toEqual(
        aHead(11n, { worker: other }),
      );
    });

    it("refuses a number beyond 64 bits without failing the receipts beside it", async () => {
      const outcomes = await Promise.allSettled([
        saveReceipt(store, { receipt: aReceipt(0n) }),
        saveReceipt(store, { receipt: aReceipt(1n, { amountNano: 1n << 64n }) }),
      ]);
      expect(outcomes.map((outcome) => outcome.status)).toEqual(["fulfilled", "rejected"]);
    });

    it("joins a surrounding transaction and leaves nothing when that one fails", async () => {
      const work = store.transaction(async (tx) => {
        await saveReceipt(tx, { receipt: aReceipt(0n) });
        throw new Error("stop");
      });
      await expect(work).rejects.toThrow("stop");
      expect(await findReceipt(store, { requestId: aReceipt(0n).requestId })).toBeUndefined();
    });

    it("saves a thousand receipts with 32 in flight", async () => {
      const receipts = Array.from({ length: 1000 }, (_, i) => aReceipt(BigInt(i)));
      const lanes = Array.from({ length: 32 }, async (_, lane) => {
        for (let i = lane; i < receipts.length; i += 32) {
          const receipt = receipts[i];
          if (receipt !== undefined) {
            await saveReceipt(store, { receipt });
          }
        }
      });
      await Promise.all(lanes);
      expect(await listReceipts(store, { job: JOB, worker: WORKER, limit: 2000 })).toHaveLength(1000);
    });
  },
);
