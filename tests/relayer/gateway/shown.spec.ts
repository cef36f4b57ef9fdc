import { Address, beginCell } from "@ton/core";
import { z } from "zod";
import { parseReceiptFile } from "../../../relayer/client";
import {
  amountFor,
  createMerkleLog,
  decodeLeaf,
  encodeLeaf,
  fromBase64,
  type Prices,
  parseRecord,
  primitives,
  type ReceiptLeaf,
  toJobAddress,
} from "../../../relayer/protocol";
import { receiptCell } from "../../../wrappers/evidence";
import { JobEscrow } from "../../../wrappers/JobEscrow";
import { readHistory } from "../../e2e/support/jobHistory";
import { PRICES } from "../support/deployNetwork";
import { type LyingWorker, startLyingWorker } from "./support/lyingWorker";
import { createWorld, MODEL, until, type World } from "./support/world";

// Every process of the network runs in this one, on whatever cores the machine has left.
jest.setTimeout(300_000);

const messages = [{ role: "user" as const, content: "who is there?" }];
/** 10 prompt and 4 completion tokens. */
const COST_NANO = 5_200n;
/** Older than what may still be on its way to the gateway. */
const SETTLED_SECONDS = 90;
const FOREVER = 1_000_000;
const SLASHED = 3n;
const TERMS: Prices = {
  promptPrice: PRICES.prompt,
  cachedPrice: PRICES.cached,
  completionPrice: PRICES.completion,
  reasoningPrice: PRICES.reasoning,
};
const receiptsSchema = z.object({
  data: z.array(z.object({ id: z.string(), status: z.string(), cost_nano: z.string().nullable() })),
});

/** What is signed of a log whose second receipt nobody has seen. */
interface Story {
  readonly leaf: Uint8Array;
  readonly amount: bigint;
}

const priced = (leaf: ReceiptLeaf, change: Partial<ReceiptLeaf>): ReceiptLeaf => {
  const told = { ...leaf, ...change };
  return { ...told, amount: change.amount ?? amountFor(told, TERMS) };
};
const signedAs = (leaf: ReceiptLeaf, amount = leaf.amount): Story => ({ leaf: encodeLeaf(leaf), amount });
/** Of another release that there is not. */
const ofVersion = (version: number, { leaf, amount }: Story): Story => ({
  leaf: Buffer.concat([Buffer.of(version), leaf.subarray(1)]),
  amount,
});

/** The second receipt, after a first one for 10 prompt and 4 completion tokens, by what the gateway calls it. */
const LIES: Readonly<Record<string, (next: ReceiptLeaf) => Story>> = {
  overcharge: (next) => ofVersion(9, signedAs(priced(next, { amount: next.amount + 1n }))),
  "counters back": (next) => signedAs(priced(next, { completionTokens: 3n })),
  "false total": (next) => signedAs(next, next.amount + 1n),
};

describe("a receipt that is shown to the chain after the gateway has demanded it", () => {
  let world: World;
  let liar: LyingWorker;
  beforeAll(async () => {
    world = await createWorld({
      policy: { refreshMs: 300, demandLeastNano: 1n },
      blockMs: 5_000,
      settleMinNano: 10n ** 18n,
      startWorker: async (options) => {
        liar = await startLyingWorker(options);
        return liar;
      },
    });
  });
  afterAll(() => world.close());
  afterEach(() => {
    Object.assign(world.supply.proxy, { tamper: undefined, reply: undefined });
    world.net.faults.clear();
  });

  const ask = () => world.post("/v1/chat/completions", { model: MODEL, messages, max_tokens: 20 });
  const jobAt = (address: string) => world.network.open(JobEscrow.fromAddress(Address.parseRaw(address)));
  const logged = (msg: string, whose: string): Record<string, unknown> | undefined =>
    world.logLines
      .map((line) => JSON.parse(line))
      .findLast((line) => line.msg === msg && [line.job, line.worker, line.requestId].includes(whose));
  const told = (msg: string, whose: string) => until(`"${msg}" is logged`, async () => logged(msg, whose));
  const spent = async () =>
    z.object({ spent_nano: z.coerce.bigint() }).parse(await (await world.get("/v1/cocoon/usage")).json())
      .spent_nano;
  const leafOf = (receipt: string) => decodeLeaf(fromBase64(parseReceiptFile(receipt).leaf));

  /** One honest answer, in a job of the worker's own; its receipt. */
  async function startJob(): Promise<{ readonly job: string; readonly first: ReceiptLeaf }> {
    // The key before this one may still be offered, and a job be opened for it.
    const answer = await until("the worker answers", async () => {
      const one = await ask();
      return one.ok ? one : undefined;
    });
    const receipt = await world.get(`/v1/receipts/${answer.headers.get("cocoon-receipt")}`);
    return { job: answer.headers.get("cocoon-job") ?? "", first: leafOf(await receipt.text()) };
  }

  /** Anyone carries a head of the lane to the chain; the gateway demands what it has no receipt of. */
  async function claim(
    job: string,
    head: { size: number; root: Uint8Array; amount: bigint; issuedAt: number; signature: Uint8Array },
  ): Promise<void> {
    const contract = jobAt(job);
    await contract.send(
      await world.network.via("spare3"),
      { value: (await contract.getMinValueToSettle()) + 10_000_000n },
      {
        $$type: "Settle",
        queryId: 1n,
        worker: BigInt(`0x${liar.receiptPublicKey}`),
        size: BigInt(head.size),
        root: BigInt(`0x${Buffer.from(head.root).toString("hex")}`),
        amount: head.amount,
        issuedAt: BigInt(head.issuedAt),
        signature: beginCell().storeBuffer(Buffer.from(head.signature)).endCell(),
        cosignature: null,
      },
    );
    expect((await contract.getJobState()).committed).toBe(head.amount);
    await world.net.chain.setTime(world.net.chain.now() + SETTLED_SECONDS);
  }

  /** Claims by a log whose second receipt says this, and waits until that is demanded. What shows it. */
  async function claimBy(job: string, first: ReceiptLeaf, { leaf, amount }: Story) {
    const log = createMerkleLog();
    log.append(encodeLeaf(first));
    log.append(leaf);
    const head = { size: 2, root: log.root(), amount, issuedAt: world.net.chain.now() };
    const { globalId: networkId } = world.net.chain;
    await claim(job, { ...head, signature: liar.sign({ ...head, networkId, job: toJobAddress(job) }) });
    const contract = jobAt(job);
    await until("it is demanded", async () => (await contract.getDemand()) ?? undefined);
    const receipt = receiptCell(leaf, log.inclusionProof(1));
    return async () => {
      await contract.send(
        await world.network.via("spare3"),
        { value: (await contract.getMinValueToShowReceipt()) + 10_000_000n },
        { $$type: "ShowReceipt", queryId: 2n, receipt },
      );
      expect(await contract.getDemand()).toBeNull();
    };
  }

  /** What an honest worker would have signed next, of a request that only it knows. */
  const nextOf = (first: ReceiptLeaf): ReceiptLeaf =>
    priced(first, {
      index: 1,
      requestHash: primitives.randomBytes(32),
      promptTokens: 1_000n,
      completionTokens: 8n,
    });

  const endOf = async (job: string) => (await readHistory(world.network.reader, job)).closed;
  async function expectSlashed(job: string): Promise<void> {
    const end = await until("the job has ended", () => endOf(job));
    expect(end).toMatchObject({ outcome: SLASHED });
  }

  /** New keys, so that the provider is asked again, once the gateway knows that the job has ended. */
  async function reform(job: string): Promise<void> {
    await until("the gateway has let go of the job", async () =>
      (await (await world.get("/v1/cocoon/jobs")).text()).includes(job) ? undefined : true,
    );
    await world.supply.restartWorker();
  }

  it.each([
    ["while it is looked for", 503, "CHAIN_UNAVAILABLE"],
    ["after it was written off", 404, "NOT_FOUND"],
  ])("becomes that of its request, %s, with its cost, and is co-signed", async (_name, status, code) => {
    const { job } = await startJob();
    const before = await spent();
    world.supply.proxy.tamper = (frame, index) => (index === 3 ? "break" : frame.bytes);
    world.supply.proxy.reply = (path) =>
      path.startsWith("/v1/receipts/") ? { status, body: { error: { code, message: "No." } } } : undefined;
    expect((await ask()).status).toBe(503);
    world.supply.proxy.tamper = undefined;
    const { requestId } = await told("answer spoilt before its end", liar.receiptPublicKey);
    const id = String(requestId);
    if (status === 404) {
      await told("call written off", id);
    }
    const record = await until("its provider has its receipt", async () => {
      const stored = await fetch(`${world.supply.provider.url}/v1/receipts/${id}`);
      return stored.ok ? z.record(z.string(), z.unknown()).parse(await stored.json()) : undefined;
    });
    const fields = ["leaf", "index", "size", "proof", "root", "amount", "issuedAt", "signature", "worker"];
    const known = Object.fromEntries(fields.map((name) => [name, record[name]]));
    const { head, signature } = parseRecord(Buffer.from(JSON.stringify(known)));
    await claim(job, { ...head, signature });
    // The honest relayer shows it by itself.
    await told("shown receipt taken", id);
    await until("it is booked", async () => ((await spent()) === before + COST_NANO ? true : undefined));
    const receipt = await (await world.get(`/v1/receipts/${id}`)).text();
    expect(leafOf(receipt)).toMatchObject({ status: "ok", index: head.size - 1, amount: head.amount });
    const { data } = receiptsSchema.parse(await (await world.get("/v1/receipts?limit=100")).json());
    expect(data.find((call) => call.id === id)).toMatchObject({ status: "ok", cost_nano: "5200" });
    await until("its head is co-signed", async () => {
      const file = parseReceiptFile(await (await world.get(`/v1/receipts/${id}`)).text());
      return file.cosignature;
    });
    expect(logged("worker accused", job)).toBeUndefined();
    world.supply.proxy.reply = undefined;
    expect((await ask()).status).toBe(200);
    await world.post(`/v1/cocoon/jobs/${job}/close`, {});
    await reform(job);
  });

  it.each(Object.entries(LIES))("is proved a lie: %s", async (name, lie) => {
    const { job, first } = await startJob();
    const show = await claimBy(job, first, lie(nextOf(first)));
    await show();
    expect(await told("worker accused", job)).toMatchObject({ lie: name, outcome: "queued" });
    await expectSlashed(job);
    await reform(job);
  });

  it("is proved a lie by a gateway that has missed it, and could not send its proof before it stopped again", async () => {
    const { job, first } = await startJob();
    const show = await claimBy(job, first, signedAs(priced(nextOf(first), { amount: 1_000_000n })));
    await world.gateway.close();
    await show();
    world.net.faults.set({ kind: "http500", count: FOREVER, value: 0, match: "sendBoc" });
    await world.startGateway();
    expect(await told("worker accused", job)).toMatchObject({ lie: "overcharge", outcome: "queued" });
    await world.gateway.close();
    expect(await endOf(job)).toBeUndefined();
    world.net.faults.clear();
    await world.startGateway();
    await expectSlashed(job);
    await reform(job);
  });

  it("is not taken when nobody has made its request; its worker is asked no more, and the log says what is left", async () => {
    const { job, first } = await startJob();
    const before = await spent();
    const show = await claimBy(job, first, signedAs(nextOf(first)));
    await show();
    const line = "a receipt was shown that is not owed and no proof shows it: dispute the claim";
    expect(await told(line, job)).toMatchObject({
      index: 1,
      reason: "It is of a request that was never made.",
    });
    expect((await ask()).status).toBe(503);
    expect(logged("worker accused", job)).toBeUndefined();
    expect(await spent()).toBe(before);
    expect((await jobAt(job).getJobState()).paid).toBe(0n);
  });
});
