import fs, { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { saveApiKey, saveReceipt } from "../../../relayer/store";
import { createWalFlush } from "../../../relayer/store/walFlush";
import { openTestStore } from "./support/engines";
import { aReceipt } from "./support/records";

type Done = (error: NodeJS.ErrnoException | null) => void;

/** Holds every flush back until the test lets it end. */
function heldFlushes(): Done[] {
  const held: Done[] = [];
  jest.spyOn(fs, "fdatasync").mockImplementation((_descriptor, done) => {
    held.push(done);
  });
  return held;
}

async function untilHeld(held: readonly Done[], count: number): Promise<Done> {
  for (let last = held[count - 1]; ; last = held[count - 1]) {
    if (last !== undefined) {
      return last;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("flushing the embedded database", () => {
  const directory = mkdtempSync(join(tmpdir(), "cocoon-wal-"));
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it("a receipt is in the log, but not acknowledged, before the disk has it", async () => {
    const store = await openTestStore(`file:${join(directory, "receipt")}`);
    const held = heldFlushes();
    const receipt = aReceipt(0n);
    let isSaved = false;
    const saved = saveReceipt(store, { receipt }).then(() => {
      isSaved = true;
    });
    const release = await untilHeld(held, 1);
    const log = readFileSync(join(directory, "receipt", "store.sqlite-wal"));
    expect(log.includes(receipt.requestId)).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(isSaved).toBe(false);
    release(null);
    await saved;
    jest.restoreAllMocks();
    await store.close();
  });

  it("a write outside of a transaction waits for the disk as well", async () => {
    const store = await openTestStore(`file:${join(directory, "key")}`);
    const held = heldFlushes();
    const saved = saveApiKey(store, {
      apiKey: { id: "k", hash: "h", name: "n", limitNano: undefined, limits: {} },
    });
    (await untilHeld(held, 1))(null);
    await saved;
    jest.restoreAllMocks();
    await store.close();
  });

  it("refuses the receipt when the disk refuses the flush", async () => {
    const store = await openTestStore(`file:${join(directory, "full")}`);
    const held = heldFlushes();
    const saved = saveReceipt(store, { receipt: aReceipt(0n) });
    (await untilHeld(held, 1))(Object.assign(new Error("no space left"), { code: "ENOSPC" }));
    await expect(saved).rejects.toMatchObject({ code: "STORE_FAILED" });
    jest.restoreAllMocks();
    await store.close();
  });

  it("whoever comes during a flush waits for the next one, together with the others; a failure does not stay", async () => {
    const held = heldFlushes();
    const wal = createWalFlush(__filename);
    const ended: string[] = [];
    const flush = (name: string) =>
      wal.flush().then(
        () => ended.push(name),
        () => ended.push(`${name} failed`),
      );
    const first = flush("first");
    const release = await untilHeld(held, 1);
    const rest = [flush("second"), flush("third")];
    release(null);
    await first;
    const releaseRest = await untilHeld(held, 2);
    expect(ended).toEqual(["first"]);
    releaseRest(new Error("the disk is gone"));
    await Promise.all(rest);
    expect(ended).toEqual(["first", "second failed", "third failed"]);
    const last = flush("last");
    (await untilHeld(held, 3))(null);
    await last;
    expect(ended.at(-1)).toBe("last");
    expect(held).toHaveLength(3);
    wal.close();
  });
});
