import * as verbs from "../../../relayer/store";
import { type Engine, engines, openTestStore } from "./support/engines";
import { aHead, JOB, WORKER } from "./support/records";

const ACCOUNT = `0:${"77".repeat(32)}`;
const point = (lt: bigint) => ({ lt, hash: lt.toString(16).padStart(64, "0") });

describe.each(engines().map((engine): [string, Engine] => [engine.name, engine]))(
  "store of chain and lanes, %s",
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
  },
);
