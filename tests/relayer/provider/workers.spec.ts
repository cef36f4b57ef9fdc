import { Address, beginCell, Dictionary, toNano } from "@ton/core";
import { z } from "zod";
import { DEFAULT_POLICY } from "../../../relayer/provider";
import { JobEscrow } from "../../../wrappers";
import { type Offer, storeProviderProfile } from "../../../wrappers/messages";
import { type OpenAiServer, startOpenAiServer } from "../gateway/support/openAiServer";
import { createWorld, dearer, MODEL, patient, until, type World } from "../gateway/support/world";
import { MODEL_HASH, OTHER_MODEL_HASH, PRICES, toUint } from "../support/deployNetwork";
import { startWorkerProcess, type WorkerProcess } from "./support/workerProcess";

// Every process of the network but two workers runs in this one, on whatever cores the machine has left.
jest.setTimeout(300_000);

const OTHER_MODEL = "another-model";
const HOUR_MS = 3_600_000;
const PATIENCE_MS = 120_000;
const jobSchema = z.object({ address: z.string(), state: z.string(), model: z.string().optional() });
const jobsSchema = z.object({ data: z.array(jobSchema) });
const pricesSchema = z.object({
  cocoon: z.object({ job: z.string(), prices: z.record(z.string(), z.unknown()) }),
});

/** One provider; its first worker runs in this process ("the enclave"), the others behind one backend ("the backend"). */
describe("a provider with several workers", () => {
  let world: World;
  let backend: OpenAiServer;
  let first: WorkerProcess;
  let second: WorkerProcess;
  beforeAll(async () => {
    [world, backend] = await Promise.all([
      createWorld({
        settleMinNano: 10n ** 18n,
        models: [MODEL_HASH, OTHER_MODEL_HASH],
        // Whoever waits for a worker that is not coming never ends.
        policy: { deadWaitMs: 1_000, renewWaitMs: HOUR_MS, firstByteMs: HOUR_MS, cooldownMs: 0 },
      }),
      startOpenAiServer(),
    ]);
    const order = { backendUrl: backend.url, model: MODEL, capacity: 2 };
    [first, second] = await Promise.all([startWorkerProcess(order), startWorkerProcess(order)]);
  });
  afterAll(async () => {
    await Promise.all([first?.close(), second?.close()]);
    await world?.close();
    await backend?.close();
  });
  afterEach(() => {
    backend.delayMs = 0;
  });

  const workers = () => world.supply.provider.workers;
  const stateOf = (url: string) =>
    workers()
      .list()
      .find((worker) => worker.url === url)?.state;
  const runsAt = (url: string) =>
    workers()
      .list()
      .some((worker) => worker.url === url && worker.inFlight > 0);
  const untilState = (url: string, state: string | undefined) =>
    until(
      `the worker is ${state}`,
      async () => (stateOf(url) === state ? true : undefined),
      PATIENCE_MS,
    ).catch((thrown: unknown) => {
      const seen = JSON.stringify(workers().list());
      throw new Error(`${seen}\n${world.providerLines.slice(-30).join("")}`, { cause: thrown });
    });
  const messages = [{ role: "user", content: "who is there?" }];
  const ask = (more: object = {}) =>
    world.post("/v1/chat/completions", { model: MODEL, messages, max_tokens: 20, ...more });
  const jobs = async () =>
    jobsSchema
      .parse(await (await world.get("/v1/cocoon/jobs")).json())
      .data.filter(({ state }) => state === "active");
  /** The gateway's one job has had so many lanes. */
  const untilLanes = async (count: number) => {
    const [{ address }] = z.tuple([jobSchema]).parse(await jobs());
    const job = world.network.open(JobEscrow.fromAddress(Address.parseRaw(address)));
    await until(`the job has ${count} lanes`, async () =>
      (await job.getLanes()).size >= count ? true : undefined,
    );
  };

  it("knows a worker dead within three seconds, whether it is gone or hangs", () => {
    const { healthMs, failuresUntilDead, healthTimeoutMs } = DEFAULT_POLICY;
    expect(healthMs + failuresUntilDead * healthTimeoutMs).toBeLessThanOrEqual(3_000);
  });

  it("takes workers in while it runs, and gives them lanes in the job that is open", async () => {
    expect(await (await patient(ask)).text()).toContain("enclave");
    const before = await jobs();
    workers().add(first.url);
    workers().add(`${second.url}/`);
    await Promise.all([untilState(first.url, "serving"), untilState(second.url, "serving")]);
    await untilLanes(3);
    expect((await jobs()).map(({ address }) => address)).toEqual(before.map(({ address }) => address));
  });

  it("drains a worker: what runs there ends, what comes goes elsewhere, and the job stays", async () => {
    const own = world.supply.worker().url;
    world.script.delayMs = 100;
    const running: Promise<Response>[] = [];
    await until("one runs at it", async () => {
      if (runsAt(own)) {
        return true;
      }
      // Another worker may be chosen; its answers are short.
      running.push(ask({ stream: true }));
      await Promise.race([Promise.all(running), new Promise((resolve) => setTimeout(resolve, 50))]);
      return runsAt(own) ? true : undefined;
    });
    const drained = workers().drain(own);
    expect(stateOf(own)).toBe("draining");
    const answers = await Promise.all(Array.from({ length: 6 }, () => patient(ask)));
    for (const answer of answers) {
      expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining("the backend")]);
    }
    const texts = await Promise.all(running.map(async (one) => (await one).text()));
    expect(texts.join("")).toContain("enclave");
    expect(texts.filter((text) => !text.trimEnd().endsWith("[DONE]"))).toEqual([]);
    await drained;
    expect(stateOf(own)).toBeUndefined();
    expect(await jobs()).toHaveLength(1);
  });

  it("loses no request that had not begun when a worker is killed under load", async () => {
    backend.delayMs = 40;
    let killed = false;
    const failed: string[] = [];
    let finished = 0;
    const client = async (index: number) => {
      for (let turn = 0; turn < 8; turn += 1) {
        const stream = (index + turn) % 2 === 0;
        const answer = await ask({ stream });
        const text = await answer.text();
        const isWhole = answer.status === 200 && (!stream || text.includes('"finish_reason":"stop"'));
        const hasBegun = stream && text.includes("Hello");
        if (!isWhole && !hasBegun) {
          failed.push(`${answer.status} ${text}`);
        }
        finished += isWhole ? 1 : 0;
        if (finished > 6 && !killed) {
          killed = true;
          first.signal("SIGKILL");
        }
      }
    };
    await Promise.all(Array.from({ length: 4 }, (_, index) => client(index)));
    expect(failed).toEqual([]);
    expect(killed).toBe(true);
    await untilState(first.url, "dead");
    expect(finished).toBeGreaterThan(20);
  });

  it("hands a hanging worker's unbegun requests back when it is found dead, and uses it once it answers", async () => {
    first = await startWorkerProcess({ backendUrl: backend.url, model: MODEL, capacity: 2 });
    workers().add(first.url);
    await untilState(first.url, "serving");
    await untilLanes(4);
    const before = world.logLines.length;
    backend.delayMs = 100;
    let frozen = false;
    const client = async (): Promise<readonly number[]> => {
      const statuses: number[] = [];
      while (!frozen) {
        statuses.push((await ask()).status);
      }
      return statuses;
    };
    const clients = Array.from({ length: 3 }, client);
    await until("a request runs at it", async () => (runsAt(first.url) ? true : undefined));
    first.signal("SIGSTOP");
    frozen = true;
    const statuses = (await Promise.all(clients)).flat();
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
    expect(world.logLines.slice(before).join("")).toContain("The connection to the worker broke");
    await untilState(first.url, "dead");
    first.signal("SIGCONT");
    await untilState(first.url, "serving");
  });

  it("keeps a session and its prices when the offers change, and opens new jobs at the new ones", async () => {
    const { job, prices } = pricesSchema.parse(await (await patient(ask)).json()).cocoon;
    await setOffers([[MODEL_HASH, dearer(3n)]]);
    await until("the gateway sees the new price", async () =>
      (await (await world.get("/v1/models")).text()).includes(String(PRICES.prompt * 3n)) ? true : undefined,
    );
    const same = pricesSchema.parse(await (await patient(ask)).json()).cocoon;
    expect(same).toEqual({ job, prices });
    expect((await world.post(`/v1/cocoon/jobs/${job}/close`, {})).status).toBe(200);
    const next = pricesSchema.parse(await (await patient(ask)).json()).cocoon;
    expect(next.job).not.toBe(job);
    expect(next.prices).not.toEqual(prices);
  });

  it("serves a second model beside the first, each with workers and jobs of its own", async () => {
    await setOffers([
      [MODEL_HASH, PRICES],
      [OTHER_MODEL_HASH, PRICES],
    ]);
    const { url } = first;
    await workers().drain(url);
    await first.close();
    const order = { backendUrl: backend.url, model: OTHER_MODEL, modelHash: OTHER_MODEL_HASH };
    first = await startWorkerProcess(order);
    workers().set([first.url, second.url]);
    await untilState(first.url, "serving");
    const asked = await until("both models are served", async () => {
      const [one, other] = await Promise.all([ask(), ask({ model: OTHER_MODEL })]);
      return one.status === 200 && other.status === 200 ? [one, other] : undefined;
    });
    const [one, other] = await Promise.all(
      asked.map(async (answer) => pricesSchema.parse(await answer.json())),
    );
    expect(one?.cocoon.job).not.toBe(other?.cocoon.job);
    expect(
      workers()
        .list()
        .map(({ model }) => model)
        .sort(),
    ).toEqual([OTHER_MODEL, MODEL].sort());
  });

  it("tells a developer to come again when a model's only worker is gone, while another model is served", async () => {
    second.signal("SIGKILL");
    const answer = await ask();
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, expect.any(String)]);
    expect((await ask({ model: OTHER_MODEL })).status).toBe(200);
  });

  it("takes a worker out whose backend has died", async () => {
    await backend.close();
    await untilState(first.url, "backend down");
    expect(await (await fetch(`${world.supply.provider.url}/v1/workers`)).json()).toEqual([]);
  });

  async function setOffers(list: readonly (readonly [Uint8Array, typeof PRICES])[]): Promise<void> {
    const offers = Dictionary.empty<bigint, Offer>();
    for (const [model, prices] of list) {
      offers.set(toUint(model), { $$type: "Offer", prices, contextLength: 4_096n, concurrency: 8n });
    }
    const profile = beginCell()
      .store(
        storeProviderProfile({
          $$type: "ProviderProfile",
          gpuCount: 1n,
          vramGb: 1n,
          availability: 1n,
          gpuModel: "test",
          region: "CH",
          endpoint: world.supply.proxy.url,
        }),
      )
      .endCell();
    // The owner's wallet: the operator's has the relayer for its one sender.
    await world.network.provider.send(
      await world.network.via("provider"),
      { value: toNano("0.2") },
      { $$type: "SetOffers", queryId: 1n, maxOpenJobs: 16n, offers, profile },
    );
  }
});
