import * as verbs from "../../../relayer/store";
import { type Engine, engines, openTestStore } from "./support/engines";
import { anIntent, WALLET } from "./support/records";

describe.each(engines().map((engine): [string, Engine] => [engine.name, engine]))(
  "store of the outbox, %s",
  (_, engine) => {
    let store: verbs.Store;
    beforeAll(() => engine.start());
    afterAll(() => engine.stop());
    beforeEach(async () => {
      store = await openTestStore(await engine.freshUrl());
    });
    afterEach(() => store.close());

    describe("outbox rows", () => {
      const batch = (id: string, seqno: number): verbs.Batch => ({
        id,
        wallet: WALLET,
        seqno,
        validUntilSeconds: 100,
        boc: "boc",
        walletLt: 0n,
        status: "live",
        txLt: undefined,
      });
      const queue = async (...keys: string[]) => {
        for (const key of keys) {
          await verbs.enqueueIntent(store, { intent: anIntent(key) });
        }
      };
      const statuses = async () =>
        (await verbs.listIntents(store, { wallet: WALLET })).map(({ key, status }) => `${key} ${status}`);

      it("queues a key once and takes the oldest first", async () => {
        await queue("c", "a", "b");
        expect(await verbs.enqueueIntent(store, { intent: anIntent("a") })).toBe("known");
        const taken = await verbs.takeIntents(store, { wallet: WALLET, limit: 2 });
        expect(taken.map(({ key }) => key)).toEqual(["c", "a"]);
      });

      it("refuses a second live batch of a wallet", async () => {
        await queue("a", "b");
        await verbs.saveBatch(store, { batch: batch("one", 1), intentKeys: ["a"] });
        await expect(
          verbs.saveBatch(store, { batch: batch("two", 1), intentKeys: ["b"] }),
        ).rejects.toMatchObject({ code: "STORE_FAILED" });
        expect(await statuses()).toEqual(["a batched", "b queued"]);
      });

      it("refuses a batch whose intent is not queued and keeps nothing of it", async () => {
        await queue("a");
        await expect(
          verbs.saveBatch(store, { batch: batch("one", 1), intentKeys: ["a", "gone"] }),
        ).rejects.toMatchObject({ code: "STORE_FAILED" });
        expect(await verbs.findLiveBatch(store, { wallet: WALLET })).toBeUndefined();
        expect(await statuses()).toEqual(["a queued"]);
      });

      it("settles, bounces and queues again", async () => {
        await queue("a", "b");
        await verbs.saveBatch(store, { batch: batch("one", 4), intentKeys: ["a", "b"] });
        await verbs.settleBatch(store, {
          batchId: "one",
          txLt: 9n,
          results: [
            { key: "a", sent: true, outIndex: 0, outLt: 10n },
            { key: "b", sent: false },
          ],
        });
        expect(await statuses()).toEqual(["a sent", "b skipped"]);
        expect(await verbs.findLastSeqno(store, { wallet: WALLET })).toBe(4);
        expect(await verbs.markBounced(store, { key: "a", bounceLt: 12n, exitCode: 401 })).toBe(true);
        expect(await verbs.markBounced(store, { key: "a", bounceLt: 12n, exitCode: 401 })).toBe(false);
        expect(await verbs.findIntent(store, { key: "a" })).toMatchObject({
          exitCode: 401,
          outLt: 10n,
          attempts: 1,
        });
        expect(await verbs.requeueIntent(store, { key: "a" })).toBe(true);
        expect(await verbs.requeueIntent(store, { key: "a" })).toBe(false);
        expect(await statuses()).toEqual(["a queued", "b skipped"]);
      });

      it("puts the intents of a dead batch back in their old order", async () => {
        await queue("a", "b", "c");
        await verbs.saveBatch(store, { batch: batch("one", 1), intentKeys: ["a", "b"] });
        await verbs.buryBatch(store, { batchId: "one" });
        const taken = await verbs.takeIntents(store, { wallet: WALLET, limit: 10 });
        expect(taken.map(({ key }) => key)).toEqual(["a", "b", "c"]);
        await verbs.saveBatch(store, { batch: batch("two", 1), intentKeys: ["a"] });
      });
    });
  },
);
