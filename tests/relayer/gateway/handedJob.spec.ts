import { toNano } from "@ton/core";
import { z } from "zod";
import { parseReceiptFile, verifyReceiptOnChain } from "../../../relayer/client";
import { readJob } from "../../../relayer/client/readJob";
import type { GatewayOptions } from "../../../relayer/gateway";
import { primitives, toHex } from "../../../relayer/protocol";
import { toUint } from "../support/deployNetwork";
import { createWorld, LIMITED_KEY, MODEL, patient, until, type World } from "./support/world";

// Every process of the network runs in this one, on whatever cores the machine has left.
jest.setTimeout(300_000);

const SEED = Buffer.alloc(32, 77);
const OTHER_SEED = Buffer.alloc(32, 79);
const BUDGET = toNano("0.2");
const messages = [{ role: "user" as const, content: "who pays?" }];
const jobSchema = z.object({ address: z.string(), state: z.string(), budget_nano: z.string() });
const errorSchema = z.object({ error: z.object({ code: z.string(), param: z.string().nullable() }) });

describe("gateway and jobs that no request waits for: opened ahead, or handed over without a wallet", () => {
  let world: World;
  let job: string;
  beforeAll(async () => {
    world = await createWorld({
      policy: {
        refreshMs: 300,
        topUpBelowBps: 9_999,
        prewarmModels: [MODEL],
        maxCostPerRequestNano: toNano("10"),
      },
      settleMinNano: 1n,
    });
  });
  afterAll(() => world.close());

  const openElsewhere = async (nonce: bigint, seed: Uint8Array) => {
    const opened = await world.network.openJob({
      nonce,
      budgetNano: BUDGET,
      worker: toUint(Buffer.from(world.supply.worker().receiptPublicKey, "hex")),
      sessionPublicKey: primitives.ed25519PublicKey(seed),
    });
    return opened.address.toRawString();
  };
  const restart = async (options: Partial<GatewayOptions> = {}) => {
    await world.gateway.close();
    await world.startGateway(
      {},
      { mnemonic: undefined, store: `file:${world.folder}/walletless`, ...options },
    );
  };
  const ask = (more: object = {}) =>
    world.post("/v1/chat/completions", { model: MODEL, messages, max_tokens: 20, ...more });
  const adopt = (address: string, seed: Uint8Array, key?: string) =>
    world.post("/v1/cocoon/jobs/adopt", { address, session_seed: toHex(seed) }, key);
  const errorOf = async (answer: Response) => {
    const { error } = errorSchema.parse(await answer.json());
    return [answer.status, error.code, error.param];
  };
  const jobs = async () =>
    z.object({ data: z.array(jobSchema) }).parse(await (await world.get("/v1/cocoon/jobs")).json()).data;

  it("opens a job ahead for a model that its policy names", async () => {
    await until("a job is open", async () => ((await jobs())[0]?.state === "active" ? true : undefined));
    expect(world.supply.proxy.sealed).toBe(0);
    // From the wallet that the gateway had, so not while it sends.
    job = await openElsewhere(7n, SEED);
  });

  it("says that there is no wallet when it has no job", async () => {
    await restart();
    expect(await errorOf(await patient(ask))).toEqual([402, "insufficient_funds", null]);
  });

  it("takes up a job of this network with its own key only, and from managing keys only", async () => {
    await until("the job is active", async () => {
      const answer = await adopt(job, Buffer.alloc(32, 78));
      return (await errorOf(answer))[1] === "bad_request" ? true : undefined;
    });
    expect(await errorOf(await adopt(job, Buffer.alloc(32, 78)))).toEqual([
      400,
      "bad_request",
      "session_seed",
    ]);
    expect(await errorOf(await adopt(world.supply.address, SEED))).toEqual([400, "bad_request", "address"]);
    expect(await errorOf(await adopt(`0:${"00".repeat(32)}`, SEED))).toEqual([404, "not_found", "address"]);
    expect((await adopt(job, SEED, LIMITED_KEY)).status).toBe(401);
    expect(await jobs()).toEqual([]);
    const taken = await adopt(job, SEED);
    expect(taken.status).toBe(201);
    expect(jobSchema.parse(await taken.json())).toEqual({
      address: job,
      state: "active",
      budget_nano: BUDGET.toString(),
    });
    expect((await adopt(job, SEED)).status).toBe(201);
    expect(await jobs()).toHaveLength(1);
  });

  it("serves from it, co-signs, and hands out receipts that hold on the chain", async () => {
    const answer = await patient(ask);
    expect([answer.status, answer.headers.get("cocoon-job")]).toEqual([200, job]);
    const receipt = await until("it is co-signed", async () => {
      const text = await (await world.get(`/v1/receipts/${answer.headers.get("cocoon-receipt")}`)).text();
      const file = parseReceiptFile(text);
      return file.cosignature === undefined ? undefined : file;
    });
    const verdict = await verifyReceiptOnChain({ reader: world.network.reader }, receipt);
    expect(verdict.checks.filter(({ outcome }) => outcome === "failed")).toEqual([]);
  });

  it("goes on with it after a restart, also when it is named in its options again", async () => {
    await restart({ jobs: [{ address: job, seed: SEED }] });
    const answer = await patient(ask);
    expect([answer.status, answer.headers.get("cocoon-job")]).toEqual([200, job]);
    expect(await jobs()).toHaveLength(1);
  });

  it("takes up by itself a job that its options name", async () => {
    await restart({ store: "memory:", jobs: [{ address: job, seed: SEED }] });
    await until("it is taken up", async () => ((await jobs())[0]?.address === job ? true : undefined));
  });

  it("spends the budget and no more: neither is it topped up nor is another job opened", async () => {
    await restart();
    const refused = await patient(() => ask({ max_tokens: 4_096, n: 128 }));
    expect(await errorOf(refused)).toEqual([402, "insufficient_funds", null]);
    expect(await jobs()).toEqual([{ address: job, state: "active", budget_nano: BUDGET.toString() }]);
    expect((await patient(ask)).status).toBe(200);
  });

  it("closes a job that rests while another one can serve all that it could", async () => {
    const other = await openElsewhere(8n, OTHER_SEED);
    await world.gateway.close();
    await world.startGateway();
    const ahead = await until(
      "the job that was opened ahead is known",
      async () => (await jobs())[0]?.address,
    );
    // Of two that were never used, the one that was taken up later stays.
    await world.net.chain.setTime(world.net.chain.now() + 5);
    await until("the other is taken up", async () =>
      (await adopt(other, OTHER_SEED)).status === 201 ? true : undefined,
    );
    await world.net.chain.setTime(world.net.chain.now() + 660);
    await until("one is closing", async () => {
      const active = (await jobs()).filter(({ state }) => state === "active");
      return active.length === 1 && active[0]?.address === other ? true : undefined;
    });
    await until("the chain shows it", async () => {
      const { state } = await readJob({ reader: world.network.reader }, { address: ahead });
      return state === "active" ? undefined : true;
    });
    expect((await patient(ask)).headers.get("cocoon-job")).toBe(other);
  });
});
