import { createWholeLog, type WholeLog } from "../../../relayer/provider/serve/wholeLog";
import { countWhole, listReceipts, type Store, saveReceipt } from "../../../relayer/store";
import { openTestStore } from "../store/support/engines";
import { aReceipt, JOB, WORKER } from "../store/support/records";

const LANE = { job: JOB, worker: WORKER };

describe("a lane's log, stored whole", () => {
  let store: Store;
  let log: WholeLog;
  beforeEach(async () => {
    store = await openTestStore("memory:");
    log = createWholeLog(store, LANE);
  });
  afterEach(() => store.close());

  const save = (index: number) => saveReceipt(store, { receipt: aReceipt(BigInt(index)) });
  const stored = async () =>
    (await listReceipts(store, { ...LANE, limit: 100 })).map(({ index }) => Number(index));
  const noFetch = async (): Promise<void> => {
    throw new Error("nothing was to be fetched");
  };
  const keep = (index: number, fetch: Parameters<WholeLog["keep"]>[2] = noFetch) =>
    log.keep(index, () => save(index), fetch);
  /** Fetches what is missing, as the worker would show it; notes what it was asked for. */
  const worker = (asked: unknown[], most = Number.POSITIVE_INFINITY) => {
    const fetch = async (missing: { readonly from: number; readonly count: number }) => {
      asked.push(missing);
      for (let i = missing.from; i < missing.from + Math.min(missing.count, most); i++) {
        await log.keep(i, () => save(i));
      }
    };
    return fetch;
  };

  it("takes receipts in their order without asking anybody", async () => {
    await keep(0);
    await keep(1);
    expect(await stored()).toEqual([0, 1]);
  });

  it("takes receipts that come at once and out of order, in order, and fetches none", async () => {
    await Promise.all([keep(2), keep(0), keep(3), keep(1)]);
    expect(await stored()).toEqual([0, 1, 2, 3]);
  });

  it("resolves a receipt only when those before it are durable", async () => {
    let finish: () => void = () => {};
    const slow = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const done: number[] = [];
    const first = log.keep(0, () => slow.then(() => save(0)), noFetch).then(() => done.push(0));
    const second = keep(1).then(() => done.push(1));
    await save(9); // a round through the store
    expect(done).toEqual([]);
    finish();
    await Promise.all([first, second]);
    expect(done).toContain(1);
  });

  it("fetches what does not come, once for all who wait, in as many pages as it takes", async () => {
    await keep(0);
    const asked: unknown[] = [];
    const fetch = worker(asked, 2);
    await Promise.all([keep(4, fetch), keep(5, fetch)]);
    expect(asked).toMatchObject([{ from: 1 }, { from: 3 }]);
    expect(await stored()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("knows after a restart what is stored, and where the first gap is", async () => {
    await Promise.all([0, 1, 3].map(save));
    expect(await countWhole(store, LANE)).toBe(2);
    const asked: unknown[] = [];
    await keep(4, worker(asked));
    expect(asked).toEqual([{ from: 2, count: 2 }]);
    expect(await countWhole(store, LANE)).toBe(5);
  });

  it("stores nothing over a gap that nobody fills, and goes on once it is filled", async () => {
    await expect(keep(1, async () => {})).rejects.toMatchObject({ code: "RECEIPT_INVALID" });
    expect(await stored()).toEqual([]);
    await keep(0);
    await keep(1);
    expect(await stored()).toEqual([0, 1]);
  });

  it("lets the receipts after a failed one wait until it is fetched", async () => {
    const failing = log.keep(0, async () => Promise.reject(new Error("disk full")), noFetch);
    const next = keep(1);
    await expect(failing).rejects.toThrow("disk full");
    await expect(next).rejects.toThrow("disk full");
    const asked: unknown[] = [];
    await keep(2, worker(asked));
    expect(await stored()).toEqual([0, 1, 2]);
  });

  it("takes a receipt again that it has, and waits for nothing", async () => {
    await keep(0);
    await keep(0);
    expect(await stored()).toEqual([0]);
  });
});
