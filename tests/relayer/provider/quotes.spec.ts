import { Address, type Transaction } from "@ton/core";
import { loadQuoteCertification, loadSubmitQuote } from "../../../wrappers/messages";
import { createWorld, until, type World } from "./support/world";

// Every process of the network runs in this one, on whatever cores the machine has left.
jest.setTimeout(180_000);

const HOUR = 3_600;

/** What the relayer has said under one message. */
function told(world: World, msg: string): Record<string, unknown>[] {
  return world.logLines.map((line) => JSON.parse(line)).filter((line) => line.msg === msg);
}

async function workerOf(world: World) {
  const workers = await world.network.provider.getWorkers();
  return workers.get(BigInt(`0x${world.worker.receiptPublicKey}`));
}

function untilAttested(world: World, epoch: bigint) {
  return until(`the worker stands under epoch ${epoch}`, async () => {
    const found = await workerOf(world);
    return found?.epoch === epoch ? found : undefined;
  });
}

/** The quotes that reached the machine's contract, oldest first: what had to be verified, and how each ended. */
async function submissions(world: World) {
  const [sent] = told(world, "quote goes to the chain");
  if (sent === undefined) {
    return [];
  }
  const machine = Address.parseRaw(String(sent.machine));
  const { last } = await world.network.reader.account(machine);
  const history = last.lt === 0n ? [] : await world.network.reader.transactions(machine, last, 0n);
  return [...history].reverse().flatMap(submissionOf);
}

function submissionOf({ inMessage, description }: Transaction) {
  if (inMessage?.info.type !== "internal" || inMessage.info.bounced || description.type !== "generic") {
    return [];
  }
  const { certification } = loadSubmitQuote(inMessage.body.beginParse());
  const leaf = certification === null ? null : loadQuoteCertification(certification.beginParse()).leaf;
  const path = certification === null ? "hot" : leaf === null ? "warm" : "ca-known";
  const { computePhase } = description;
  return [{ path, code: computePhase.type === "vm" ? computePhase.exitCode : -1 }];
}

async function tighten(world: World, message: "RaiseEpoch" | { readonly qeSvn: bigint }): Promise<void> {
  const { attestation } = world.network;
  const guardian = await world.network.via("guardian");
  const value = (await attestation.getMinValueToGovern()) + 10_000_000n;
  const body =
    message === "RaiseEpoch"
      ? ({ $$type: "RaiseEpoch", queryId: 1n } as const)
      : ({ $$type: "RaiseQeSvn", queryId: 1n, ...message } as const);
  await attestation.send(guardian, { value }, body);
}

describe("provider, a worker in a TDX machine", () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ tdx: true });
  });
  afterAll(() => world.close());

  it("is attested by the chain alone, over the cold path, and serves", async () => {
    const job = await world.openJob(1n);
    expect(await job.ask()).toMatchObject({ status: 200, complete: true });
    expect(await submissions(world)).toEqual([{ path: "ca-known", code: 0 }]);
    expect(told(world, "quote goes to the chain")).toMatchObject([{ path: "cold" }]);
    expect((await world.network.attestation.getQuotePolicy()).authorities.size).toBe(1);
    const { expiresAt } = await untilAttested(world, 1n);
    expect(Number(expiresAt)).toBeGreaterThan(world.net.chain.now() + 86_000);
  });

  it("has new keys attested before its day is over, and loses no request while they take over", async () => {
    const job = await world.openJob(2n);
    const [old] = await world.listed();
    const before = (await submissions(world)).length;
    await world.net.chain.setTime(world.net.chain.now() + 18 * HOUR + 60);
    const answers: { key: string | undefined; code: string | undefined }[] = [];
    await until("the new keys answer", async () => {
      const { record, code } = await job.ask();
      answers.push({ key: record?.worker, code });
      return record !== undefined && record.worker !== old?.receiptPublicKey ? true : undefined;
    });
    expect(answers.at(-1)?.key).toBe(world.worker.receiptPublicKey);
    expect(answers.filter(({ key }) => key === undefined)).toEqual([]);
    expect((await submissions(world)).slice(before)).toEqual([{ path: "hot", code: 0 }]);

    // Who has not heard of it yet is served under the old keys, until their end.
    expect(await job.ask({ worker: old })).toMatchObject({ complete: true });
    expect((await world.listed()).map(({ receiptPublicKey }) => receiptPublicKey)).toEqual([
      world.worker.receiptPublicKey,
    ]);
    await world.net.chain.setTime(world.net.chain.now() + 6 * HOUR);
    expect(await job.ask({ worker: old })).toMatchObject({ complete: false });
    expect(await job.ask()).toMatchObject({ complete: true });
  });

  it("is attested anew over the hot path when the network raises its epoch", async () => {
    await tighten(world, "RaiseEpoch");
    await untilAttested(world, 2n);
    expect((await submissions(world)).slice(2)).toEqual([{ path: "hot", code: 0 }]);
  });

  it("is attested anew when its attestation is gone", async () => {
    const { provider } = world.network;
    const receiptPublicKey = BigInt(`0x${world.worker.receiptPublicKey}`);
    const value = (await provider.getMinValueToDropWorker()) + 10_000_000n;
    await provider.send(
      await world.network.via("operator"),
      { value },
      { $$type: "DropWorker", queryId: 1n, receiptPublicKey },
    );
    await until("the relayer has seen that it is gone", async () =>
      told(world, "worker's attestation changed").some(({ expiresAt }) => expiresAt === undefined)
        ? true
        : undefined,
    );
    await untilAttested(world, 2n);
    expect((await submissions(world)).slice(3)).toEqual([{ path: "hot", code: 0 }]);
  });

  it("sends one quote, whenever the relayer is stopped on the way", async () => {
    const before = (await submissions(world)).length;
    await world.provider.close();
    await tighten(world, "RaiseEpoch");
    const sent = told(world, "quote goes to the chain").length;
    await world.startProvider();
    await until("the quote is queued", async () =>
      told(world, "quote goes to the chain").length > sent ? true : undefined,
    );
    await world.provider.close();
    await world.startProvider();
    await untilAttested(world, 3n);
    await world.provider.close();
    await world.startProvider();
    await until("it has looked again", async () =>
      told(world, "provider started").length > 3 && (await world.listed()).length === 1 ? true : undefined,
    );
    expect(await submissions(world)).toHaveLength(before + 1);
  });

  it("takes a new quote at once when the first one's block has grown old on the way", async () => {
    await world.net.chain.mine(200);
    const before = (await submissions(world)).length;
    let made = 0;
    world.hooks.onQuote = async () => {
      made += 1;
      await world.net.chain.mine(made === 1 ? 1_700 : 0);
    };
    await tighten(world, "RaiseEpoch");
    await untilAttested(world, 4n);
    expect((await submissions(world)).slice(before)).toEqual([
      { path: "hot", code: 948 },
      { path: "hot", code: 0 },
    ]);
    expect(made).toBe(2);
  });

  it("is not sent again when the policy refuses it, and the log says why", async () => {
    await tighten(world, { qeSvn: 9n });
    await tighten(world, "RaiseEpoch");
    const [line] = await until("the refusal is told", async () => {
      const lines = told(world, "the chain refused a worker's quote");
      return lines.length > 0 ? lines : undefined;
    });
    expect(line).toMatchObject({ code: "ErrQeTooOld", advice: expect.stringContaining("DCAP") });
    const count = (await submissions(world)).length;
    // The refusal is read from the chain, so a fresh process sends nothing either.
    await world.provider.close();
    await world.startProvider();
    await until("it is told again", async () =>
      told(world, "the chain refused a worker's quote").length > 1 ? true : undefined,
    );
    expect(await submissions(world)).toHaveLength(count);
    expect((await submissions(world)).at(-1)).toEqual({ path: "warm", code: 0 });
  });
});
