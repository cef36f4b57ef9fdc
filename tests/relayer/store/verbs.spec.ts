import * as verbs from "../../../relayer/store";
import { type Engine, engines, openTestStore } from "./support/engines";
import { aHead, anIntent, JOB, WALLET, WORKER } from "./support/records";

const ACCOUNT = `0:${"77".repeat(32)}`;
const point = (lt: bigint) => ({ lt, hash: lt.toString(16).padStart(64, "0") });

describe.each(engines().map((engine): [string, Engine] => [engine.name, engine]))(
  "store, %s",
  (_, engine) => {
    let store: verbs.Store;
    beforeAll(() => engine.start());
    afterAll(() => engine.stop());
    beforeEach(async () => {
      store = await openTestStore(await engine.freshUrl());
    });
    afterEach(() => store.close());

    describe("cursors and events", () => {
      it("moves a cursor only from where it stands", async () => {
        const [first, second] = [point(5n), point((1n << 63n) + 7n)];
        await verbs.advanceCursor(store, { account: ACCOUNT, from: undefined, to: first });
        await verbs.advanceCursor(store, { account: ACCOUNT, from: first, to: second });
        expect(await verbs.findCursor(store, { account: ACCOUNT })).toEqual(second);
        for (const from of [undefined, first, { ...second, hash: first.hash }]) {
          const move = { account: ACCOUNT, from, to: point((1n << 63n) + 8n) };
          await expect(verbs.advanceCursor(store, move)).rejects.toMatchObject({ code: "STORE_FAILED" });
        }
      });

      it("saves an event once and orders one account's events by number, not by text", async () => {
        const event = {
          account: ACCOUNT,
          index: 0,
          kind: "jobOpened",
          body: { amount: 7n, list: ["x"] },
          utime: 1,
        };
        for (const lt of [100n, 9n, (1n << 63n) + 1n]) {
          expect(await verbs.saveEvent(store, { event: { ...event, lt } })).toBe(true);
        }
        expect(await verbs.saveEvent(store, { event: { ...event, lt: 9n } })).toBe(false);
        const events = await verbs.listEvents(store, { account: ACCOUNT, limit: 10 });
        expect(events.map(({ lt }) => lt)).toEqual([9n, 100n, (1n << 63n) + 1n]);
        expect(events[0]?.body).toEqual({ amount: 7n, list: ["x"] });
        expect(await verbs.listEvents(store, { account: ACCOUNT, fromLt: 101n, limit: 10 })).toHaveLength(1);
      });
    });

    describe("lanes", () => {
      const lane = () => verbs.findLane(store, { job: JOB, worker: WORKER });

      it("never replaces a head by one of smaller or equal size", async () => {
        expect(await verbs.saveHead(store, { head: aHead(10n) })).toBe("saved");
        expect(await verbs.saveHead(store, { head: aHead(9n) })).toBe("older");
        expect(await verbs.saveHead(store, { head: aHead(10n, { root: "other" }) })).toBe("older");
        expect((await lane())?.head).toEqual(aHead(10n));
        expect(await verbs.saveHead(store, { head: aHead(100n) })).toBe("saved");
        expect(await verbs.listLanes(store, { job: JOB })).toHaveLength(1);
      });

      it("keeps the newest co-signed head while newer ones without co-signature pass it", async () => {
        await verbs.saveHead(store, { head: aHead(12n) });
        expect(await verbs.saveCosignature(store, { head: aHead(10n), cosignature: "ten" })).toBe("saved");
        expect(await verbs.saveCosignature(store, { head: aHead(9n), cosignature: "nine" })).toBe("older");
        expect(await lane()).toMatchObject({
          head: aHead(12n),
          cosigned: { head: aHead(10n), cosignature: "ten" },
        });
        expect(await verbs.saveCosignature(store, { head: aHead(20n), cosignature: "twenty" })).toBe("saved");
        expect((await lane())?.head.size).toBe(20n);
      });

      it("lets settled and claimed amounts only grow", async () => {
        const id = { job: JOB, worker: WORKER };
        expect(await verbs.saveSettlement(store, { ...id, settledNano: 1n })).toBe(false);
        await verbs.saveHead(store, { head: aHead(1n) });
        await verbs.saveSettlement(store, { ...id, claimedNano: 100n, settledNano: 90n, pendingNano: 10n });
        await verbs.saveSettlement(store, {
          ...id,
          claimedNano: 50n,
          settledNano: 9n,
          pendingUntilSeconds: 77,
        });
        expect(await lane()).toMatchObject({
          claimedNano: 100n,
          settledNano: 90n,
          pendingNano: 10n,
          pendingUntilSeconds: 77,
        });
      });
    });

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

    describe("gateway rows", () => {
      const key = { id: "k1", hash: "aa", name: "test", limitNano: 100n, limits: { models: ["m"] } };

      it("spends up to a key's limit and not beyond, also in a race", async () => {
        await verbs.saveApiKey(store, { apiKey: key });
        const spends = await Promise.allSettled(
          Array.from({ length: 6 }, () => verbs.spendApiKey(store, { id: "k1", amountNano: 30n })),
        );
        expect(spends.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
        expect((await verbs.findApiKey(store, { hash: "aa" }))?.spentNano).toBe(90n);
        expect(await verbs.spendApiKey(store, { id: "k1", amountNano: -50n })).toBe(40n);
        await verbs.saveApiKey(store, { apiKey: { ...key, limitNano: undefined } });
        expect(await verbs.spendApiKey(store, { id: "k1", amountNano: 1_000n })).toBe(1_040n);
      });

      it("does not find a revoked key", async () => {
        await verbs.saveApiKey(store, { apiKey: key });
        expect(await verbs.revokeApiKey(store, { id: "k1" })).toBe(true);
        expect(await verbs.findApiKey(store, { hash: "aa" })).toBeUndefined();
        await expect(verbs.spendApiKey(store, { id: "k1", amountNano: 1n })).rejects.toMatchObject({
          code: "UNAUTHORIZED",
        });
        expect(await verbs.listApiKeys(store)).toHaveLength(1);
      });

      it("finishes a call once", async () => {
        const call = {
          requestId: "r1",
          salt: "s",
          apiKeyId: "k1",
          job: JOB,
          worker: WORKER,
          model: "m",
          status: "sent",
          maxCostNano: 9n,
        };
        await verbs.saveCall(store, { call });
        await verbs.saveCall(store, { call });
        expect(await verbs.listCalls(store, { unfinished: true, limit: 5 })).toHaveLength(1);
        expect(await verbs.finishCall(store, { requestId: "r1", status: "ok", costNano: 5n })).toBe(true);
        expect(await verbs.finishCall(store, { requestId: "r1", status: "failed", costNano: 0n })).toBe(
          false,
        );
        expect(await verbs.findCall(store, { requestId: "r1" })).toMatchObject({
          status: "ok",
          costNano: 5n,
        });
      });

      it("keeps the first session key of a job", async () => {
        const session = { job: JOB, publicKey: "pk", sealedSecret: "sealed" };
        expect(await verbs.saveSession(store, { session })).toBe("saved");
        expect(await verbs.saveSession(store, { session: { ...session, sealedSecret: "other" } })).toBe(
          "known",
        );
        expect(await verbs.closeSession(store, { job: JOB })).toBe(true);
        expect(await verbs.findSession(store, { job: JOB })).toMatchObject({
          sealedSecret: "sealed",
          closedAt: store.clock.nowMs(),
        });
      });

      it("gives a job back as it was saved last", async () => {
        const job: verbs.Job = {
          role: "provider",
          address: JOB,
          provider: undefined,
          developer: ACCOUNT,
          nonce: (1n << 64n) - 1n,
          modelHash: "mm",
          sessionKey: "sk",
          terms: "terms",
          budgetNano: 1_000n,
          settledNano: 0n,
          pendingNano: 0n,
          state: "open",
          deadlineSeconds: 99,
          closeSeconds: undefined,
          extra: { a: [1] },
        };
        await verbs.saveJob(store, { job });
        await verbs.saveJob(store, { job: { ...job, role: "gateway" } });
        await verbs.saveJob(store, { job: { ...job, state: "active", settledNano: 5n } });
        expect(await verbs.findJob(store, job)).toEqual({ ...job, state: "active", settledNano: 5n });
        expect(await verbs.listJobs(store, { role: "provider", states: ["active"] })).toHaveLength(1);
        expect(await verbs.listJobs(store, { role: "gateway", states: ["active"] })).toHaveLength(0);
      });
    });
  },
);
