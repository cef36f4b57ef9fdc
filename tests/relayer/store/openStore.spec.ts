import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "../../../relayer/observe/log";
import {
  createGroupCommit,
  findReceipt,
  listApiKeys,
  openStore,
  type Store,
  saveApiKey,
  saveReceipt,
  UNHURRIED,
} from "../../../relayer/store";
import { engines } from "./support/engines";
import { aReceipt } from "./support/records";

describe("openStore", () => {
  const folder = mkdtempSync(join(tmpdir(), "cocoon-open-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("refuses a second opening of an embedded store with a sentence, here and in another process", async () => {
    const url = `file:${join(folder, "one")}`;
    const store = await openStore({ url, log: silentLog });
    await expect(openStore({ url, log: silentLog })).rejects.toMatchObject({
      code: "STORE_FAILED",
      message: expect.stringMatching(/^Another process uses the store/),
    });
    const child = `require("ts-node/register/transpile-only");
      const { openStore } = require("./relayer/store");
      const { silentLog } = require("./relayer/observe/log");
      openStore({ url: ${JSON.stringify(url)}, log: silentLog }).catch((e) => console.log(e.code, e.message));`;
    expect(execFileSync(process.execPath, ["-e", child], { encoding: "utf8" })).toMatch(
      /^STORE_FAILED Another process uses the store/,
    );
    await store.close();
  });

  it("keeps everything over a close and opens again at once", async () => {
    const url = `file:${join(folder, "two")}`;
    for (const index of [0n, 1n, 2n]) {
      const store = await openStore({ url, log: silentLog });
      await saveReceipt(store, { receipt: aReceipt(index) });
      await store.close();
    }
    const store = await openStore({ url, log: silentLog });
    expect(await findReceipt(store, aReceipt(0n))).toBeDefined();
    expect(await findReceipt(store, aReceipt(2n))).toBeDefined();
    await store.close();
  });

  it("refuses an address of another kind", async () => {
    await expect(openStore({ url: "mysql://x", log: silentLog })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
    });
  });

  it("works in memory", async () => {
    const store = await openStore({ url: "memory:", log: silentLog });
    expect(await saveReceipt(store, { receipt: aReceipt(0n) })).toBe("saved");
    await store.close();
  });
});

describe.each(engines().map((engine) => [engine.name, engine] as const))("lock, %s", (_, engine) => {
  beforeAll(() => engine.start());
  afterAll(() => engine.stop());

  it("is held by one at a time and free again after its release", async () => {
    const url = await engine.freshUrl();
    const store = await openStore({ url, log: silentLog });
    const lock = await store.lock("wallet");
    expect(lock.held()).toBe(true);
    await expect(store.lock("wallet")).rejects.toMatchObject({ code: "STORE_FAILED" });
    await (await store.lock("another wallet")).release();
    await lock.release();
    expect(lock.held()).toBe(false);
    await (await store.lock("wallet")).release();
    await store.close();
  });
});

describe.each(engines().map((engine) => [engine.name, engine] as const))("batched, %s", (_, engine) => {
  beforeAll(() => engine.start());
  afterAll(() => engine.stop());

  it("shares one transaction, and a work that throws undoes neither its neighbours nor half of itself", async () => {
    const store = await openStore({ url: await engine.freshUrl(), log: silentLog });
    const note = (name: string) => (tx: Store) =>
      saveApiKey(tx, { apiKey: { id: name, hash: name, name, limitNano: undefined, limits: {} } });
    const results = await Promise.allSettled([
      store.batched(note("first")),
      store.batched(async (tx) => {
        await note("half")(tx);
        throw new Error("no");
      }),
      store.batched(note("last"), UNHURRIED),
    ]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect((await listApiKeys(store)).map(({ id }) => id).toSorted()).toEqual(["first", "last"]);
    await store.close();
  });

  it("is written before the store closes", async () => {
    const url = await engine.freshUrl();
    const store = await openStore({ url, log: silentLog });
    const apiKey = { id: "key", hash: "key", name: "key", limitNano: undefined, limits: {} };
    const saved = store.batched((tx) => saveApiKey(tx, { apiKey }), { patienceMs: 60_000 });
    await store.close();
    await saved;
    const again = await openStore({ url, log: silentLog });
    expect(await listApiKeys(again)).toHaveLength(1);
    await again.close();
  });
});

describe("createGroupCommit", () => {
  it("writes what arrives during one commit in the next, in order", async () => {
    const batches: (readonly number[])[] = [];
    const group = createGroupCommit<number, number>({
      maxBatch: 3,
      commit: async (items) => {
        batches.push(items);
        return items.map((value) => ({ ok: true, value }));
      },
    });
    expect(await Promise.all([1, 2, 3, 4].map((item) => group.add(item)))).toEqual([1, 2, 3, 4]);
    await group.add(5);
    await group.drain();
    expect(batches).toEqual([[1, 2, 3], [4], [5]]);
  });

  it("lets what can wait go with the first item in a hurry, or alone when its patience ends", async () => {
    const batches: (readonly number[])[] = [];
    const group = createGroupCommit<number, number>({
      maxBatch: 10,
      commit: async (items) => {
        batches.push(items);
        return items.map((value) => ({ ok: true, value }));
      },
    });
    const patient = [group.add(1, 60_000), group.add(2, 60_000)];
    await group.add(3);
    await Promise.all(patient);
    await group.add(4, 5);
    const last = group.add(5, 60_000);
    await group.drain();
    await last;
    expect(batches).toEqual([[1, 2, 3], [4], [5]]);
  });

  it("fails a batch with its transaction and goes on with the next", async () => {
    let failing = true;
    const group = createGroupCommit<number, number>({
      maxBatch: 10,
      commit: async (items) => {
        if (failing) {
          failing = false;
          throw new Error("disk full");
        }
        return items.map((value) => ({ ok: true, value }));
      },
    });
    await expect(group.add(1)).rejects.toThrow("disk full");
    expect(await group.add(2)).toBe(2);
  });
});
