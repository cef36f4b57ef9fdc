import { Address, beginCell } from "@ton/core";
import OpenAI from "openai";
import { z } from "zod";
import { createCocoonFetch } from "../../../relayer/client";
import { devWallet } from "../../../relayer/localnet/devWallets";
import { createLog } from "../../../relayer/observe/log";
import { primitives, type ReceiptLeaf, type TreeHead, toHex, toJobAddress } from "../../../relayer/protocol";
import { AttestationRegistry } from "../../../wrappers/AttestationRegistry";
import { JobEscrow } from "../../../wrappers/JobEscrow";
import { ProviderStake } from "../../../wrappers/ProviderStake";
import { readHistory, readTransactions } from "../../e2e/support/jobHistory";
import { OP } from "../../support/actors";
import { PLATFORM_SEED } from "../support/deployNetwork";
import type { Lie } from "./support/lyingLane";
import { type LyingWorker, startLyingWorker } from "./support/lyingWorker";
import type { Supply } from "./support/supply";
import { createWorld, GATEWAY_POLICY, MODEL, patient, until, type World } from "./support/world";

// Every process of the network runs in this one, on whatever cores the machine has left.
jest.setTimeout(300_000);

const messages = [{ role: "user" as const, content: "who is there?" }];
/** 10 prompt and 4 completion tokens. */
const COST_NANO = 5_200n;
/** 10 prompt and 2 completion tokens, at twice the price. */
const HONEST_NANO = 7_200n;
const BUDGET_NANO = 1_000_000_000n;
const BOND_NANO = BUDGET_NANO / 10n;
const BOUNTY_BPS = 2_000n;
const STRUCK_EPOCH = 0xffff_ffffn;
const FOREVER = 1_000_000;
const jobsSchema = z.object({
  data: z.array(z.object({ address: z.string(), provider: z.string(), state: z.string() })),
});

const last = (leaves: readonly ReceiptLeaf[]): ReceiptLeaf => {
  const leaf = leaves.at(-1);
  if (leaf === undefined) {
    throw new Error("The log is empty.");
  }
  return leaf;
};
/** The log with another last receipt. */
const ending = (leaves: readonly ReceiptLeaf[], change: Partial<ReceiptLeaf>) => [
  ...leaves.slice(0, -1),
  { ...last(leaves), ...change },
];
/** What the chain can see of it, by the name that the gateway's log gives it. */
const LIES: Readonly<Record<string, Lie>> = {
  overcharge: (leaves) => ({
    leaves: ending(leaves, { amount: last(leaves).amount + 1n }),
    index: leaves.length - 1,
  }),
  "false total": (leaves) => ({
    leaves,
    index: leaves.length - 1,
    head: { amount: last(leaves).amount + 1n },
  }),
  // The answer's receipt in the place of the one before it.
  equivocation: (leaves) => ({
    leaves: [...leaves.slice(0, -2), { ...last(leaves), index: leaves.length - 2 }],
    index: leaves.length - 2,
  }),
  // The same, in a log that has grown since.
  "rewritten log": (leaves) => ({
    leaves: [...leaves.slice(0, -2), { ...last(leaves), index: leaves.length - 2 }, last(leaves)],
    index: leaves.length - 2,
  }),
};

/** The liar's relayer is in league with it: an honest one passes no such answer on, and loses no bond. */
describe("gateway whose cheapest provider has a worker that lies", () => {
  let world: World;
  let honest: Supply;
  let liar: LyingWorker;
  /** The liar's, each once, and the honest one's. */
  let attestedKeys = 2;
  beforeAll(async () => {
    world = await createWorld({
      policy: { refreshMs: 300 },
      blockMs: 5_000,
      startWorker: async (options) => {
        liar = await startLyingWorker(options);
        return liar;
      },
    });
  });
  afterAll(() => world.close());
  afterEach(() => world.net.faults.clear());

  const askOnce = () => world.post("/v1/chat/completions", { model: MODEL, messages, max_tokens: 20 });
  const jobs = async () => jobsSchema.parse(await (await world.get("/v1/cocoon/jobs")).json()).data;
  const spent = async () =>
    z.object({ spent_nano: z.coerce.bigint() }).parse(await (await world.get("/v1/cocoon/usage")).json())
      .spent_nano;
  const jobAt = (address: string) => world.network.open(JobEscrow.fromAddress(Address.parseRaw(address)));
  /** Of a job, or of a worker. */
  const logged = (msg: string, whose: string): Record<string, unknown> | undefined =>
    world.logLines
      .map((line) => JSON.parse(line))
      .find((line) => line.msg === msg && [line.job, line.worker].includes(whose));
  const told = (msg: string, job: string) => until(`${msg} is logged`, async () => logged(msg, job));

  /** A job with the liar, in which one honest answer was given, co-signed and paid. */
  async function startJob(): Promise<string> {
    const opened = await until("the liar's provider has a job", async () => {
      const answer = await world.post("/v1/cocoon/jobs", { model: MODEL, provider: world.supply.address });
      return answer.ok ? z.object({ address: z.string() }).parse(await answer.json()) : undefined;
    });
    const answer = await patient(askOnce);
    expect([answer.status, answer.headers.get("cocoon-job")]).toEqual([200, opened.address]);
    await until("the honest answer is paid", async () =>
      (await jobAt(opened.address).getJobState()).paid === COST_NANO ? true : undefined,
    );
    world.supply.proxy.sealedTarget = liar.url;
    return opened.address;
  }

  /** The proof is on the chain: the job has ended, the bond is divided, and the key is of no more use. */
  async function expectPunished(job: string, { owedNano = COST_NANO } = {}): Promise<void> {
    const worker = liar.receiptPublicKey;
    await until("the job has ended", async () =>
      (await jobs()).every(({ address }) => address !== job) ? true : undefined,
    );
    expect((await readHistory(world.network.reader, job)).closed).toMatchObject({ outcome: 3n });
    const bountyNano = ((BOND_NANO - owedNano) * BOUNTY_BPS) / 10_000n;
    const developer = devWallet("developer").v5.toRawString();
    const parts: [number, string, bigint][] = [
      [OP.Penalty, developer, owedNano],
      [OP.Bounty, developer, bountyNano],
      [OP.Payment, devWallet("treasury").v5.toRawString(), BOND_NANO - owedNano - bountyNano],
    ];
    expect(await divisionOf(job)).toEqual(parts.filter(([, , nano]) => nano > 0n));
    const workers = await world.network.provider.getWorkers();
    expect(workers.get(BigInt(`0x${worker}`))).toMatchObject({ epoch: STRUCK_EPOCH, expiresAt: 0n });
    expect((await world.network.provider.getProviderState()).bonded).toBe(0n);
  }

  /** What the provider's contract paid out of the bond when the job told it of its end. */
  async function divisionOf(job: string): Promise<readonly (readonly [number, string, bigint])[]> {
    const ends = (await readTransactions(world.network.reader, world.supply.address)).filter(
      ({ inMessage }) =>
        inMessage?.info.type === "internal" &&
        inMessage.info.src.toRawString() === job &&
        inMessage.body.beginParse().preloadUint(32) === ProviderStake.opcodes.JobClosed,
    );
    expect(ends).toHaveLength(1);
    return ends.flatMap(({ outMessages }) =>
      outMessages.values().flatMap(({ info, body }) => {
        const op = info.type === "internal" ? body.beginParse().preloadUint(32) : 0;
        return info.type === "internal" && op !== OP.Excesses
          ? [[op, info.dest.toRawString(), info.value.coins] as const]
          : [];
      }),
    );
  }

  /** New keys, so that the provider is asked again, and nothing but the truth. */
  async function reform(): Promise<void> {
    world.supply.proxy.sealedTarget = undefined;
    await world.supply.restartWorker();
    attestedKeys += 1;
  }

  it("tells nothing of an answer with a false receipt, and says so while nobody else serves the model", async () => {
    const job = await startJob();
    liar.lie = LIES.overcharge;
    const refused = await askOnce();
    expect(refused.status).toBe(502);
    expect(await refused.json()).toMatchObject({ error: { code: "receipt_invalid" } });
    expect(await told("worker accused", job)).toMatchObject({ lie: "overcharge", outcome: "queued" });
    await expectPunished(job);
    await reform();
    honest = await world.addSupply({ words: ["the", " honest"], delayMs: 0, status: 200 });
    await until("the honest one is known", async () => {
      const models = await (await world.get("/v1/models")).json();
      return z.object({ data: z.tuple([z.object({ providers: z.literal(2) })]) }).safeParse(models).data;
    });
  });

  it.each(Object.entries(LIES))(
    "proves its %s by itself, and answers the same request from the honest one, for that one's price",
    async (name, lie) => {
      const job = await startJob();
      const before = await spent();
      liar.lie = lie;
      const { data, response } = await world.openai.chat.completions
        .create({ model: MODEL, messages, max_tokens: 20 })
        .withResponse();
      expect(data.choices[0]?.message.content).toBe("the honest");
      expect(response.headers.get("cocoon-provider")).toBe(honest.address);
      expect(logged("answer spoilt before its end", liar.receiptPublicKey)).toMatchObject({
        code: "RECEIPT_INVALID",
      });
      expect(await told("worker accused", job)).toMatchObject({ lie: name, outcome: "queued" });
      await expectPunished(job);
      await until("the honest answer is booked, and it alone", async () =>
        (await spent()) === before + HONEST_NANO ? true : undefined,
      );
      await reform();
    },
  );

  it("is passed over in the same way by createCocoonFetch", async () => {
    const { net, network } = world;
    await until("the liar is attested", async () =>
      (await (await fetch(`${world.supply.proxy.url}/v1/workers`)).text()).includes(liar.receiptPublicKey)
        ? true
        : undefined,
    );
    const lines: string[] = [];
    const cocoon = createCocoonFetch({
      network: { globalId: net.chain.globalId, networkRegistry: network.registry.address.toString() },
      endpoints: [net.endpoint],
      mnemonic: devWallet("spare2").mnemonic,
      developmentPlatforms: [toHex(primitives.ed25519PublicKey(PLATFORM_SEED))],
      store: "memory:",
      policy: GATEWAY_POLICY,
      log: createLog({ name: "sdk", level: "debug", destination: { write: (line) => lines.push(line) } }),
      clock: world.clock,
    });
    const openai = new OpenAI({ apiKey: "not used", fetch: cocoon, maxRetries: 0 });
    const ask = async () => {
      const chat = openai.chat.completions.create({ model: MODEL, messages, max_tokens: 20 });
      return (await chat).choices[0]?.message.content;
    };
    expect(await ask()).toBe("Hello from the enclave");
    world.supply.proxy.sealedTarget = liar.url;
    liar.lie = LIES["false total"];
    expect(await ask()).toBe("the honest");
    liar.lie = undefined;
    // Banned: the next request goes to the honest one at once.
    expect(await ask()).toBe("the honest");
    await until("the proof is on its way", async () =>
      lines.some((line) => line.includes("worker accused") && line.includes("queued")) ? true : undefined,
    );
    await cocoon.close();
    await reform();
  });

  it("files what it has noticed after a restart, if it could not before", async () => {
    const job = await startJob();
    world.net.faults.set({ kind: "http500", count: FOREVER, value: 0, match: "sendBoc" });
    liar.lie = LIES.overcharge;
    const answer = await askOnce();
    expect([answer.status, answer.headers.get("cocoon-provider")]).toEqual([200, honest.address]);
    await world.gateway.close();
    expect(logged("worker accused", job)).toMatchObject({ outcome: "queued" });
    expect((await jobAt(job).getJobState()).state).toBe(3n);
    world.net.faults.clear();
    await world.startGateway();
    await expectPunished(job);
    await reform();
  });

  /** Carries a head of the lane to the chain, as anyone may. */
  async function claim(job: string, head: Omit<TreeHead, "networkId" | "job">): Promise<void> {
    const contract = jobAt(job);
    const { globalId: networkId } = world.net.chain;
    const signature = liar.sign({ ...head, networkId, job: toJobAddress(job) });
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
        signature: beginCell().storeBuffer(Buffer.from(signature)).endCell(),
        cosignature: null,
      },
    );
    expect((await contract.getJobState()).committed).toBe(head.amount);
  }

  it.each([
    ["over a log that it has shown with another total", 1, COST_NANO + 1n],
    ["over an empty log", 0, BUDGET_NANO],
  ])("proves a claim %s, that never came its own way", async (_name, size, amount) => {
    const job = await startJob();
    const root = Buffer.alloc(32, 7);
    await claim(job, { size, root, amount, issuedAt: world.net.chain.now() });
    await expectPunished(job);
    const next = await askOnce();
    expect([next.status, next.headers.get("cocoon-provider")]).toEqual([200, honest.address]);
    await reform();
  });

  it("is offered no key that was struck off, and its provider pays for no further attestation of one", async () => {
    const job = await startJob();
    liar.lie = LIES.overcharge;
    await askOnce();
    await expectPunished(job);
    const struck = liar.receiptPublicKey;
    await until("the relayer has noticed", async () =>
      world.providerLines.some((line) => line.includes("struck off") && line.includes(struck))
        ? true
        : undefined,
    );
    expect(await (await fetch(`${world.supply.proxy.url}/v1/workers`)).json()).toEqual([]);
    await reform();
    await until("the new key is attested", async () =>
      (await world.network.provider.getWorkers()).has(BigInt(`0x${liar.receiptPublicKey}`))
        ? true
        : undefined,
    );
    const statements = (
      await readTransactions(world.network.reader, world.network.attestation.address.toRawString())
    ).filter(({ inMessage }) => {
      const body = inMessage?.body.beginParse();
      return (
        body !== undefined &&
        body.remainingBits >= 32 &&
        body.preloadUint(32) === AttestationRegistry.opcodes.SubmitStatement
      );
    });
    expect(statements).toHaveLength(attestedKeys);
  });
});
