import { randomInt } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import OpenAI from "openai";
import { request } from "undici";
import { z } from "zod";
import { devWallet } from "../../relayer/localnet/devWallets";
import { decodeLeaf, fromBase64 } from "../../relayer/protocol";
import { answerTo, ask, createAsker, type Seen } from "./support/asker";
import { type Books, readBooks } from "./support/books";
import { type JobHistory, readHistory } from "./support/jobHistory";
import { type Network, startNetwork } from "./support/network";
import { createRandom } from "./support/random";
import { until } from "./support/until";

/** `COCOON_KILLS=50` is the full run, some three minutes on an idle machine. */
const KILLS = Number(process.env.COCOON_KILLS ?? 12);
const SEED = Number(process.env.COCOON_SEED ?? randomInt(1, 2 ** 31));
const CLIENTS = 6;
const VICTIMS = ["relayer", "worker", "gateway"] as const;
const BOOT_MS = 300_000;
const QUIET_MS = 120_000;
const listSchema = z.object({ data: z.array(z.object({ address: z.string(), state: z.string() })) });

describe(`${KILLS} processes killed while clients ask (COCOON_SEED=${SEED})`, () => {
  let network: Network;

  beforeAll(async () => {
    process.stderr.write(`kill.spec.ts: COCOON_SEED=${SEED} COCOON_KILLS=${KILLS}\n`);
    network = await startNetwork({
      name: "kill",
      wordMs: 15,
      env: {
        localnet: { COCOON_LOCALNET_BLOCK_MS: "100" },
        worker: { COCOON_MAX_CONCURRENT: String(CLIENTS) },
        relayer: { COCOON_SETTLE_MIN_NANO: "200000" },
      },
    });
  }, BOOT_MS);
  afterAll(() => network?.stop(), 60_000);

  it(
    "loses no finished answer's receipt, doubles none, and pays each lane exactly its newest head",
    async () => {
      const seen = await askWhileKilling(network);
      expect(seen.length).toBeGreaterThan(KILLS);
      for (const { question, text } of seen) {
        expect(text).toBe(answerTo(question));
      }
      await expectReceipts(network, seen);
      const histories = await closeJobs(network, new Set(seen.map(({ job }) => job)));
      await network.stopOne("gateway");
      await network.stopOne("relayer");
      const gateway = await readBooks(network.dataDir("gateway"), "gateway");
      const provider = await readBooks(network.dataDir("relayer"), "provider");
      expectPrefixes(provider);
      expectOneReceiptEach(gateway, provider, seen);
      expectPaid(histories, provider);
      expect(await network.drift()).toBe(0n);
    },
    BOOT_MS + KILLS * 30_000,
  );
});

/** Clients ask without a pause; one process after the other is killed at a random moment and started again. */
async function askWhileKilling(network: Network): Promise<readonly Seen[]> {
  const random = createRandom(SEED);
  const client = createAsker(network);
  const seen: Seen[] = [];
  let over = false;
  const askOn = async (lane: number) => {
    for (let turn = 0; !over; turn += 1) {
      try {
        seen.push(await ask(client, `lane ${lane} turn ${turn}`, turn % 2 === 1));
      } catch {
        // What a client meets while processes die is a named failure or a broken connection: both are asked again.
        await pause(100);
      }
    }
  };
  const clients = Array.from({ length: CLIENTS }, (_, lane) => askOn(lane));
  try {
    await until("the first answers are there", async () => (seen.length >= CLIENTS ? true : undefined));
    for (let kill = 0; kill < KILLS; kill += 1) {
      const victim = VICTIMS[random.below(VICTIMS.length)] ?? "relayer";
      const before = seen.length;
      await pause(random.below(600));
      await network.kill(victim);
      await pause(random.below(200));
      await network.start(victim);
      // Every second kill strikes while things still recover; otherwise answers must flow again first.
      if (kill % 2 === 1) {
        await until(
          `answers flow again after kill ${kill} (${victim})`,
          async () => (seen.length > before + 2 ? true : undefined),
          QUIET_MS,
        );
      }
    }
    const before = seen.length;
    const flowing = async () => (seen.length > before + CLIENTS ? true : undefined);
    await until("answers flow after the last kill", flowing, QUIET_MS);
  } finally {
    over = true;
    await Promise.all(clients);
  }
  return seen;
}

/** Each answer that a client saw to its end has its receipt at the gateway and at the relayer. */
async function expectReceipts(network: Network, seen: readonly Seen[]): Promise<void> {
  const headers = { authorization: `Bearer ${network.plan.apiKey}` };
  const missing = async (): Promise<readonly string[]> => {
    const absent: string[] = [];
    for (const { receiptId } of seen) {
      for (const [where, base] of [
        ["gateway", network.baseUrl],
        ["relayer", `${network.url("relayer")}/v1`],
      ] as const) {
        const { statusCode, body } = await request(`${base}/receipts/${receiptId}`, { headers });
        await body.dump();
        if (statusCode !== 200) {
          absent.push(`${where} ${receiptId} ${statusCode}`);
        }
      }
    }
    return absent;
  };
  let absent = await missing();
  const end = Date.now() + 30_000;
  while (absent.length > 0 && Date.now() < end) {
    await pause(500);
    absent = await missing();
  }
  expect(absent).toEqual([]);
}

/** Closes every job through the gateway, and waits until each contract has paid and ended. */
async function closeJobs(
  network: Network,
  jobs: ReadonlySet<string>,
): Promise<ReadonlyMap<string, JobHistory>> {
  const client = new OpenAI({ baseURL: network.baseUrl, apiKey: network.plan.apiKey });
  const listed = listSchema.parse(await client.get("/cocoon/jobs"));
  const histories = new Map<string, JobHistory>();
  for (const { address, state } of listed.data) {
    if (state === "active") {
      await client.post(`/cocoon/jobs/${address}/close`);
    }
  }
  for (const job of new Set([...jobs, ...listed.data.map(({ address }) => address)])) {
    const history = await until(
      `job ${job} has paid and ended`,
      async () => {
        const found = await readHistory(network.reader, job);
        return found.closed === undefined ? undefined : found;
      },
      QUIET_MS,
    );
    histories.set(job, history);
  }
  return histories;
}

/** The relayer's receipts of a lane are 0, 1, 2, ... without repetition; a gap can only be at answers that nobody got. */
function expectPrefixes({ lanes }: Books): void {
  for (const { receipts, head } of lanes) {
    const indexes = receipts.map(({ index }) => Number(index));
    expect(new Set(indexes).size).toBe(indexes.length);
    expect(indexes).toEqual([...indexes].sort((left, right) => left - right));
    expect(Math.max(...indexes)).toBeLessThan(Number(head.size));
    const leaves = receipts.map(({ leaf }) => decodeLeaf(fromBase64(leaf)));
    // Every answer costs something but one that was stopped before it had read its prompt.
    const odd = leaves.filter(({ amount, status }, place) => {
      const before = leaves[place - 1]?.amount ?? -1n;
      return amount < before || (amount === before && status !== "stopped");
    });
    expect(odd).toEqual([]);
    expect(leaves.at(-1)?.amount ?? 0n).toBeLessThanOrEqual(head.amountNano);
  }
}

function expectOneReceiptEach(gateway: Books, provider: Books, seen: readonly Seen[]): void {
  expect(new Set(seen.map(({ receiptId }) => receiptId)).size).toBe(seen.length);
  for (const { lanes } of [gateway, provider]) {
    const ids = lanes.flatMap(({ receipts }) => receipts.map(({ requestId }) => requestId));
    expect(new Set(ids).size).toBe(ids.length);
    const stored = new Set(ids);
    expect(seen.filter(({ receiptId }) => !stored.has(receiptId))).toEqual([]);
  }
  const known = new Map(provider.lanes.flatMap(({ receipts }) => receipts.map((r) => [r.requestId, r.leaf])));
  for (const { requestId, leaf } of gateway.lanes.flatMap(({ receipts }) => receipts)) {
    expect(known.get(requestId)).toBe(leaf);
  }
}

/** On chain each lane was paid its newest head's amount, in growing steps, and provider and treasury got the sum. */
function expectPaid(histories: ReadonlyMap<string, JobHistory>, { lanes }: Books): void {
  const sum = (amounts: readonly bigint[]) => amounts.reduce((total, nano) => total + nano, 0n);
  for (const [job, { settled, closed, sentNano, keptNano }] of histories) {
    const mine = lanes.filter((lane) => lane.job === job);
    const paid = new Map<string, bigint>();
    for (const event of settled) {
      const worker = event.worker.toString(16).padStart(64, "0");
      // A co-signed head pays up to its amount at once; a worker's claim without co-signature pays nothing yet.
      const due = event.cosigned ? event.amount - (paid.get(worker) ?? 0n) : 0n;
      expect({ job, worker, paid: event.paid }).toEqual({ job, worker, paid: due });
      paid.set(worker, (paid.get(worker) ?? 0n) + event.paid);
    }
    expect(new Map(mine.map(({ worker }) => [worker, paid.get(worker) ?? 0n]))).toEqual(
      new Map(mine.map(({ worker, head }) => [worker, head.amountNano])),
    );
    const earned = sum(mine.map(({ head }) => head.amountNano));
    expect({ job, earned: closed?.earned }).toEqual({ job, earned });
    const received = (["provider", "treasury"] as const).flatMap(
      (role) => sentNano.get(devWallet(role).v5.toRawString()) ?? [],
    );
    expect(sum(received)).toBe(earned);
    expect(keptNano).toBe(0n);
  }
}
