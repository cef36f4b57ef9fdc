import * as verbs from "../../../relayer/store";
import { type Engine, engines, openTestStore } from "./support/engines";
import { JOB, WORKER } from "./support/records";

const ACCOUNT = `0:${"77".repeat(32)}`;

describe.each(engines().map((engine): [string, Engine] => [engine.name, engine]))(
  "store of jobs and the gateway, %s",
  (_, engine) => {
    let store: verbs.Store;
    beforeAll(() => engine.start());
    afterAll(() => engine.stop());
    beforeEach(async () => {
      store = await openTestStore(await engine.freshUrl());
    });
    afterEach(() => store.close());

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

      it("spends up to a day's limit and not beyond, also in a race, and anew on the next day", async () => {
        const day = 86_400_000;
        const place = { apiKeyId: "k1", scope: "m", atMs: 20_000 * day - 1_500 };
        const spend = (amountNano: bigint, atMs = place.atMs) =>
          verbs.spendKeyDay(store, { ...place, atMs, amountNano, limitNano: 100n });
        const spends = await Promise.allSettled(Array.from({ length: 6 }, () => spend(30n)));
        expect(spends.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
        await expect(spend(11n)).rejects.toMatchObject({
          code: "SPEND_LIMIT_EXCEEDED",
          facts: { leftNano: 10n, retryAfterSeconds: 2 },
        });
        await spend(10n);
        await spend(-200n);
        expect(await verbs.spentOnDay(store, place)).toBe(0n);
        await spend(100n);
        await spend(100n, place.atMs + 1_500);
        expect(await verbs.spentOnDay(store, { ...place, scope: "" })).toBe(0n);
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
          requestHash: "ab",
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

      it("finds a call by what a receipt names of its request, and is certain where every call's is known", async () => {
        const call = {
          requestId: "r1",
          salt: "s",
          requestHash: "ab",
          apiKeyId: "k1",
          job: JOB,
          worker: WORKER,
          model: "m",
          status: "sent",
          maxCostNano: 9n,
        };
        await verbs.saveCall(store, { call });
        const asked = { job: JOB, worker: WORKER, requestHash: "ab" };
        expect(await verbs.findCallByHash(store, asked)).toMatchObject({
          call: { requestId: "r1", requestHash: "ab" },
          isCertain: true,
        });
        const nobody = { call: undefined, isCertain: true };
        expect(await verbs.findCallByHash(store, { ...asked, requestHash: "cd" })).toEqual(nobody);
        expect(await verbs.findCallByHash(store, { ...asked, worker: "other" })).toEqual(nobody);
        await verbs.saveCall(store, { call: { ...call, requestId: "older", requestHash: undefined } });
        expect(await verbs.findCallByHash(store, { ...asked, requestHash: "cd" })).toEqual({
          call: undefined,
          isCertain: false,
        });
      });

      it("revises the end of a call that was written off, once, and of no other", async () => {
        const call = {
          requestId: "r1",
          salt: "s",
          requestHash: "ab",
          apiKeyId: "k1",
          job: JOB,
          worker: WORKER,
          model: "m",
          status: "sent",
          maxCostNano: 9n,
        };
        await verbs.saveCall(store, { call });
        const late = { requestId: "r1", status: "ok", costNano: 5n };
        expect(await verbs.reviseCall(store, late)).toBe(false);
        await verbs.finishCall(store, { requestId: "r1", status: "lost", costNano: 0n });
        expect(await verbs.reviseCall(store, late)).toBe(true);
        expect(await verbs.reviseCall(store, { ...late, costNano: 7n })).toBe(false);
        expect(await verbs.findCall(store, late)).toMatchObject({ status: "ok", costNano: 5n });
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
