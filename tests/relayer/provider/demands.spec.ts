import { beginCell, type Cell } from "@ton/core";
import { request } from "undici";
import { encodeLeaf, type ReceiptRecord, toBase64 } from "../../../relayer/protocol";
import { decodeEvent, JobEscrow } from "../../../wrappers";
import { headCell } from "../../../wrappers/evidence";
import { readTransactions } from "../../e2e/support/jobHistory";
import type { Answer } from "./support/developer";
import { createWorld, type OpenJob, until, type World } from "./support/world";

// Every process of the network runs in this one, on whatever cores the machine has left.
jest.setTimeout(240_000);

const recordOf = (answer: Answer): ReceiptRecord => {
  if (answer.record === undefined || !answer.complete) {
    throw new Error(`The request failed: ${answer.code ?? "cut off"}`);
  }
  return answer.record;
};
const OPCODE = JobEscrow.opcodes.ShowReceipt;
const workerOf = ({ worker }: ReceiptRecord) => BigInt(`0x${worker}`);

describe("provider and a receipt that its developer demands on the chain", () => {
  let world: World;
  beforeAll(async () => {
    // Nothing is claimed by the relayer itself: the developer carries the heads.
    world = await createWorld({ policy: { settleMinNano: 10n ** 18n, cosignGraceMs: 3_600_000 } });
  });
  afterAll(() => world.close());

  const developer = () => world.network.via("developer");

  /** The developer carries the worker's head without its own signature, and demands a receipt under it. */
  async function demand({ contract }: OpenJob, record: ReceiptRecord, index: number): Promise<void> {
    const { head, signature } = record;
    const more = 10_000_000n;
    await contract.send(
      await developer(),
      { value: (await contract.getMinValueToSettle()) + more },
      {
        $$type: "Settle",
        queryId: 1n,
        worker: workerOf(record),
        size: BigInt(head.size),
        root: BigInt(`0x${Buffer.from(head.root).toString("hex")}`),
        amount: head.amount,
        issuedAt: BigInt(head.issuedAt),
        signature: beginCell().storeBuffer(Buffer.from(signature)).endCell(),
        cosignature: null,
      },
    );
    await until("the claim waits", async () =>
      (await contract.getJobState()).committed > 0n ? true : undefined,
    );
    await contract.send(
      await developer(),
      { value: (await contract.getMinValueToDemand()) + more },
      {
        $$type: "DemandReceipt",
        queryId: 1n,
        worker: workerOf(record),
        index: BigInt(index),
        head: headCell({ ...head, signature }),
      },
    );
  }

  /** Receipts that were shown to the job, as its events tell them, and how many messages brought them. */
  async function shown({ contract }: OpenJob) {
    const transactions = await readTransactions(world.network.reader, contract.address.toRawString());
    const leaves = transactions.flatMap(({ outMessages }) =>
      outMessages.values().flatMap(({ info, body }) => {
        const event = info.type === "external-out" ? decodeEvent(body) : undefined;
        return event?.$$type === "ReceiptShownEvent"
          ? [
              {
                index: Number(event.index),
                leaf: event.receipt.beginParse().loadBuffer(122).toString("base64"),
              },
            ]
          : [];
      }),
    );
    const messages = transactions.filter(({ inMessage }) => isShow(inMessage?.body));
    return { leaves, messages: messages.length };
  }

  const untilShown = (job: OpenJob, count = 1) =>
    until("the receipt is shown", async () => {
      const seen = await shown(job);
      return seen.leaves.length === count ? seen : undefined;
    });

  it("shows it out of its store, once, and the demand is over", async () => {
    const job = await world.openJob(1n);
    const first = recordOf(await job.ask());
    await job.ask();
    const third = recordOf(await job.ask());
    await demand(job, third, 0);
    const { leaves, messages } = await untilShown(job);
    expect(leaves).toEqual([{ index: 0, leaf: toBase64(encodeLeaf(first.leaf)) }]);
    expect(messages).toBe(1);
    expect(await job.contract.getDemand()).toBeNull();
    expect((await job.contract.getJobState()).state).toBe(3n);
  });

  it("shows it after a restart, when the demand came while it was away", async () => {
    const job = await world.openJob(2n);
    const record = recordOf(await job.ask());
    await world.provider.close();
    await demand(job, record, 0);
    await world.startProvider();
    const { leaves, messages } = await untilShown(job);
    expect(leaves).toEqual([{ index: 0, leaf: toBase64(encodeLeaf(record.leaf)) }]);
    expect(messages).toBe(1);
  });

  it("has the receipt of an answer that its developer broke off, before it passes a later head on", async () => {
    const job = await world.openJob(3n);
    await job.ask();
    Object.assign(world.script, { chunks: 200, delayMs: 20 });
    const gone = new AbortController();
    const broken = job.ask({ signal: gone.signal }).catch(() => undefined);
    await untilRunning(1);
    gone.abort();
    await broken;
    await untilRunning(0);
    Object.assign(world.script, { chunks: 3, delayMs: 0 });
    const record = recordOf(await job.ask());
    expect(record.leaf.index).toBe(2);
    await demand(job, record, 1);
    const { leaves } = await untilShown(job);
    expect(leaves).toMatchObject([{ index: 1 }]);
  });

  it("shows one that its store has lost out of the worker's memory", async () => {
    const job = await world.openJob(4n);
    await job.ask();
    const record = recordOf(await job.ask());
    await world.provider.close();
    await world.startProvider({}, "memory:");
    await demand(job, record, 0);
    const { leaves, messages } = await untilShown(job);
    expect(leaves).toMatchObject([{ index: 0 }]);
    expect(messages).toBe(1);
  });

  it("tells its operator of one that nobody has any more, and lets go when the time is over", async () => {
    const job = await world.openJob(5n);
    const record = recordOf(await job.ask());
    await world.provider.close();
    await world.restartWorker();
    await world.startProvider({}, "memory:");
    await demand(job, record, 0);
    const address = job.contract.address.toRawString();
    const line = `cocoon_provider_unanswerable_demand_timestamp_seconds{job="${address}"}`;
    await until("the metric stands", async () => ((await metrics()).includes(line) ? true : undefined));
    expect((await shown(job)).messages).toBe(0);
    const { answerBy } = (await job.contract.getDemand()) ?? { answerBy: 0n };
    await world.net.chain.setTime(Number(answerBy));
    await until("the metric is gone", async () => ((await metrics()).includes(line) ? undefined : true));
    const told = world.logLines.filter((text) => text.includes("demanded receipt not known here"));
    expect(told).toHaveLength(1); // however many rounds there were
  });

  /** Until the worker runs so many requests: it has made the receipt of one that it runs no more. */
  async function untilRunning(count: number): Promise<void> {
    await until(`the worker runs ${count}`, async () => {
      const { body } = await request(`${world.worker.url}/healthz`);
      return (await body.text()).includes(`"inFlight":${count},`) ? true : undefined;
    });
  }

  async function metrics(): Promise<string> {
    return (await request(`${world.provider.url}/metrics`)).body.text();
  }
});

function isShow(body: Cell | undefined): boolean {
  const slice = body?.beginParse();
  return slice !== undefined && slice.remainingBits >= 32 && slice.preloadUint(32) === OPCODE;
}
