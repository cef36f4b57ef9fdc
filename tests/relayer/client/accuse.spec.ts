import { Address, Cell } from "@ton/core";
import { createSecretBox } from "../../../relayer/client/secretBox";
import { createSession, type Session } from "../../../relayer/client/session";
import { storedOf } from "../../../relayer/client/storedRecord";
import { type TakenReceipt, takeReceipt } from "../../../relayer/client/takeReceipt";
import { MAINNET_GLOBAL_ID } from "../../../relayer/localnet/config";
import { manualClock } from "../../../relayer/observe/clock";
import { silentLog } from "../../../relayer/observe/log";
import {
  createMerkleLog,
  encodeHead,
  encodeLeaf,
  encodeRecord,
  type MerkleLog,
  type ReceiptRecord,
  toJobAddress,
  toRawAddress,
  toWorkerKey,
} from "../../../relayer/protocol";
import { listIntents, openStore, type Store, saveReceipt } from "../../../relayer/store";
import { deliver, type Job, open, settleHead, useWorld } from "../../support/actors";
import { expectEnded, expectRefused } from "../../support/expect";
import { honestLeaf, type LeafChange, STEP, TERMS_PRICES } from "../../support/lies";
import { START, WORKER } from "../../support/world";

// The gateway's own check of receipts, its own store, and the real contract: what it queues is what ends the job.

const world = useWorld();
const WORKER_KEY = toWorkerKey(WORKER.publicKey.toString("hex"));
let store: Store;
let job: Job;
let session: Session;
let log: MerkleLog;
let saving: Map<string, Promise<unknown>>;

beforeEach(async () => {
  saving = new Map();
  store = await openStore({ url: "memory:", log: silentLog, clock: manualClock(START * 1_000) });
  job = await open(world());
  session = sessionOf(job);
  log = createMerkleLog();
});
afterEach(() => store.close());

function sessionOf({ address }: Job): Session {
  const terms = {
    networkId: MAINNET_GLOBAL_ID,
    job: toJobAddress(address.toRawString()),
    provider: toRawAddress(world().provider.address.toRawString()),
    modelHash: Buffer.alloc(32, 1),
    sessionPublicKey: Buffer.alloc(32, 2),
    ...TERMS_PRICES,
  };
  return createSession({
    address: terms.job,
    terms,
    seed: Buffer.alloc(32, 3),
    endpoint: "http://127.0.0.1:1",
    model: "tiny",
    modelHash: "11".repeat(32),
    nonce: 1n,
    developer: world().developer.address.toRawString(),
    acceptBySeconds: START,
    deadlineSeconds: START + 1,
    state: "active",
    budgetNano: 2_000_000_000n,
    lastUsedMs: 0,
  });
}

/** What the worker answers next: an honest receipt and head, unless changed. */
function answer(
  change: LeafChange = {},
  head: Partial<ReceiptRecord["head"]> = {},
  into = log,
): ReceiptRecord {
  const leaf = honestLeaf(into.size(), change);
  into.append(encodeLeaf(leaf));
  const size = into.size();
  const signed = { size, root: into.root(), amount: leaf.amount, issuedAt: START + 60, ...head };
  const bytes = encodeHead({ ...signed, networkId: MAINNET_GLOBAL_ID, job: session.address });
  return {
    leaf,
    proof: into.inclusionProof(leaf.index),
    head: signed,
    signature: WORKER.sign(bytes),
    worker: WORKER_KEY,
  };
}

function takeNow(record: ReceiptRecord, requestId: string): TakenReceipt {
  const deps = {
    store,
    secretBox: createSecretBox(undefined),
    wallet: { address: world().developer.address },
    saving,
    log: silentLog,
  };
  return takeReceipt(deps, {
    session,
    worker: WORKER_KEY,
    requestId,
    record: encodeRecord(record),
    maxCostNano: undefined,
    requestHash: undefined,
    responseHash: undefined,
  });
}

/** What the gateway makes of it: "taken", or the code it refuses it with. */
async function take(record: ReceiptRecord, requestId = `request ${record.leaf.index}`): Promise<string> {
  try {
    const taken = takeNow(record, requestId);
    await taken.costNano;
    await taken.saved;
    return "taken";
  } catch (thrown) {
    return thrown instanceof Error && "code" in thrown ? String(thrown.code) : String(thrown);
  }
}

const filed = () => listIntents(store, { wallet: world().developer.address.toRawString() });

/** The newest accusation; what a gateway that stops waits for is waited for. */
async function accusation() {
  await Promise.all(saving.values());
  const intent = (await filed()).at(-1);
  if (intent === undefined) {
    throw new Error("Nobody was accused.");
  }
  return intent;
}

/** As the outbox notes it. */
const noteBounce = (key: string) =>
  store.db.updateTable("intents").set({ status: "bounced" }).where("key", "=", key).execute();

async function expectProved({ out = 3 } = {}) {
  const intent = await accusation();
  expect(intent.destination).toBe(session.address);
  const proved = await deliver(world(), {
    from: world().developer,
    to: Address.parseRaw(intent.destination),
    value: intent.valueNano,
    body: Cell.fromBase64(intent.body ?? ""),
  });
  expectEnded(proved, { out });
  expect((await world().provider.getProviderState()).slashed).toBe(1n);
}

describe("A gateway that is shown a lie refuses the receipt, and files the proof by itself", () => {
  it("of a receipt above its price", async () => {
    expect(await take(answer())).toBe("taken");
    expect(await take(answer({ amount: 2n * STEP + 1n }))).toBe("RECEIPT_INVALID");
    await expectProved();
  });

  it("of a head dearer than its last receipt, which the provider has claimed by", async () => {
    expect(await take(answer())).toBe("taken");
    const lie = answer({}, { amount: 9n * STEP });
    await settleHead(world(), job, { amount: 9n * STEP, size: 2, root: lie.head.root, session: null });
    expect(await take(lie)).toBe("RECEIPT_INVALID");
    await expectProved();
  });

  it("of a second receipt in one place", async () => {
    const other = createMerkleLog();
    expect(await take(answer())).toBe("taken");
    expect(await take(answer({ responseHash: Buffer.alloc(32, 9) }, {}, other), "again")).toBe(
      "RECEIPT_INVALID",
    );
    await expectProved();
  });

  it("of a second receipt in the place of one that is not saved yet", async () => {
    const first = takeNow(answer(), "first");
    const rival = answer({ responseHash: Buffer.alloc(32, 9) }, {}, createMerkleLog());
    expect(await take(rival, "second")).toBe("RECEIPT_INVALID");
    await first.saved;
    await expectProved();
  });

  it("of a second receipt in the place of the newest of many thousand", async () => {
    const many = 8_200;
    const cheap = (index: number) => ({
      amount: BigInt(index + 1),
      promptTokens: BigInt(5 * (index + 1)),
      cachedTokens: 0n,
    });
    const save = (record: ReceiptRecord) => {
      const place = { requestId: `request ${record.leaf.index}`, job: session.address };
      return saveReceipt(store, { receipt: storedOf(record, place) });
    };
    const other = createMerkleLog();
    const saved: Promise<unknown>[] = [];
    for (let index = 0; index < many - 1; index += 1) {
      const leaf = honestLeaf(index, cheap(index));
      log.append(encodeLeaf(leaf));
      other.append(Buffer.from([1]));
      // Of these, only that they are there counts.
      const head = { size: index + 1, root: Buffer.alloc(32), amount: leaf.amount, issuedAt: START };
      saved.push(save({ leaf, proof: [], head, signature: Buffer.alloc(64), worker: WORKER_KEY }));
    }
    await Promise.all([...saved, save(answer(cheap(many - 1)))]);
    const rival = answer({ ...cheap(many - 1), status: "stopped" }, {}, other);
    expect(await take(rival, "again")).toBe("RECEIPT_INVALID");
    await expectProved();
  });

  it("of a counter that goes back, with the receipt before it", async () => {
    expect(await take(answer({ cachedTokens: 9n }))).toBe("taken");
    expect(await take(answer({ cachedTokens: 8n }))).toBe("RECEIPT_INVALID");
    await expectProved();
  });

  it("of a counter that goes back, under a head that has grown since", async () => {
    const [first, second] = [{ cachedTokens: 9n }, { cachedTokens: 8n }].map((change, at) =>
      honestLeaf(at, change),
    );
    if (first === undefined || second === undefined) {
      throw new Error("two");
    }
    expect(await take(answer(first))).toBe("taken");
    const liar = answer(second);
    answer();
    const grown = answer();
    const record = { ...liar, head: grown.head, signature: grown.signature, proof: log.inclusionProof(1) };
    expect(await take(record)).toBe("RECEIPT_INVALID");
    await expectProved();
  });

  it("of usage whose price is more than an amount can say", async () => {
    const most = (1n << 64n) - 1n;
    const huge = { promptTokens: most, completionTokens: most, reasoningTokens: most };
    expect(await take(answer({ ...huge, amount: 1n }))).toBe("RECEIPT_INVALID");
    await expectProved();
  });

  it("and files one proof for a worker, however often it lies", async () => {
    expect(await take(answer({ amount: STEP + 1n }))).toBe("RECEIPT_INVALID");
    await accusation();
    expect(await take(answer({ amount: 1n }))).toBe("RECEIPT_INVALID");
    await expectProved();
    expect(await filed()).toHaveLength(1);
  });

  it("and another one when the contract has refused the first", async () => {
    expect(await take(answer())).toBe("taken");
    await settleHead(world(), job, { amount: STEP, size: 1, root: log.root() });
    // A lie about what is settled already proves nothing.
    expect(await take(answer({ amount: 1n }))).toBe("RECEIPT_INVALID");
    const harmless = await accusation();
    const refused = await deliver(world(), {
      from: world().developer,
      to: job.address,
      value: harmless.valueNano,
      body: Cell.fromBase64(harmless.body ?? ""),
    });
    expectRefused(refused, "ErrClaimSettled");
    await noteBounce(harmless.key);
    expect(await take(answer({ amount: 9n * STEP }))).toBe("RECEIPT_INVALID");
    await expectProved({ out: 4 }); // with the fee of what was settled
    expect(await filed()).toHaveLength(2);
  });

  it("but accuses nobody over a record that the worker has not signed", async () => {
    const forged = {
      ...answer({ amount: STEP + 1n }, {}, createMerkleLog()),
      signature: Buffer.alloc(64, 1),
    };
    expect(await take(forged)).toBe("HEAD_INVALID");
    expect(await take(answer())).toBe("taken");
    expect(await filed()).toEqual([]);
  });
});
