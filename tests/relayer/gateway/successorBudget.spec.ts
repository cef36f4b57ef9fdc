import { z } from "zod";
import type { Policy } from "../../../relayer/client";
import { JobEscrow } from "../../../wrappers";
import { readHistory } from "../../e2e/support/jobHistory";
import { jobsOf, linesOf, metricOf } from "./support/jobs";
import { ADMIN_KEY, createWorld, LIMITED_KEY, MODEL, patient, until, type World } from "./support/world";

// Every process of the network runs in this one, on whatever cores the machine has left.
jest.setTimeout(300_000);

const messages = [{ role: "user" as const, content: "go on" }];
/** 10 prompt tokens and 1,000 words. */
const COST = 2_000n + 1_000n * 800n;
/** Pays for five answers; when less than a fifth is left, it has to be followed. */
const BUDGET = 5n * COST;
const POLICY: Partial<Policy> = {
  refreshMs: 300,
  jobBudgetNano: BUDGET,
  maxJobBudgetNano: BUDGET,
  followSeconds: 600,
  releaseWaitMs: 120_000,
};

describe("gateway, and the job that follows one whose budget runs dry", () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ policy: POLICY, blockMs: 5_000, settleMinNano: 10n ** 18n });
    world.script.words = Array.from({ length: 1_000 }, () => "on ");
  });
  afterAll(() => world.close());

  const askOnce = (more: object = {}, key?: string) =>
    world.post("/v1/chat/completions", { model: MODEL, messages, max_tokens: 1_000, ...more }, key);
  const asked = async () => {
    const answer = await patient(askOnce);
    expect(answer.status).toBe(200);
    await answer.text();
    return answer.headers.get("cocoon-job") ?? "";
  };
  const begin = async (name: string, ...[policy, options]: Parameters<World["startGateway"]>) => {
    await world.gateway.close();
    world.logLines.length = 0;
    await world.startGateway(policy, { store: `file:${world.folder}/${name}`, ...options });
  };
  const openings = () => linesOf(world, "job opening");
  const codeOf = async (answer: Response) => {
    const { error } = z.object({ error: z.object({ code: z.string() }) }).parse(await answer.json());
    return [answer.status, error.code];
  };
  const freeOf = async (address: string) =>
    (await jobsOf(world)).find((job) => job.address === address)?.free_nano ?? 0n;

  const successorOf = (address: string) =>
    until("it has a successor", async () =>
      (await jobsOf(world)).find((job) => job.follows === address && job.state === "active"),
    );
  /** Four answers: a fifth of the budget is left, which the worst case of one more exceeds. */
  const useUp = async () => {
    const first = await asked();
    for (const _ of [2, 3, 4]) {
      expect(await asked()).toBe(first);
    }
    expect(await freeOf(first)).toBe(COST);
    return first;
  };

  it("opens it while the old one still pays, passes over, and has the old one released when it rests", async () => {
    await begin("dry");
    const first = await useUp();
    const next = await successorOf(first);
    await until("it is ready", async () => linesOf(world, "job followed")[0]);
    // What fits into the old one is still paid there; what does not passes over at once.
    const [small, large] = [await askOnce({ max_tokens: 100 }), await askOnce()];
    expect([small.status, small.headers.get("cocoon-job")]).toEqual([200, first]);
    expect([large.status, large.headers.get("cocoon-job")]).toEqual([200, next.address]);
    await Promise.all([small.text(), large.text()]);
    expect(openings()).toMatchObject([{ job: first }, { job: next.address, follows: first }]);

    await world.net.chain.setTime(world.net.chain.now() + 601);
    expect(await asked()).toBe(next.address);
    await until("the old one is gone", async () =>
      (await jobsOf(world)).every(({ address }) => address !== first) ? true : undefined,
    );
    const { received, closed } = await readHistory(world.network.reader, first);
    expect(received).toContain(JobEscrow.opcodes.ReleaseJob);
    expect(received).not.toContain(JobEscrow.opcodes.CloseJob);
    expect(closed?.earned).toBeGreaterThan(4n * COST);
    expect(openings()).toHaveLength(2);
  });

  it("serves more requests at once than one job pays for, and lets no job be followed twice", async () => {
    await begin("many");
    const answers = await Promise.all(Array.from({ length: 10 }, () => patient(askOnce)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    const jobs = answers.map((answer) => answer.headers.get("cocoon-job"));
    await Promise.all(answers.map((answer) => answer.text()));
    const lines = openings();
    const followed = lines.flatMap(({ follows }) => (follows === undefined ? [] : [follows]));
    expect(new Set(followed).size).toBe(followed.length);
    expect(followed.length).toBe(lines.length - 1);
    // Four worst cases fit into each.
    expect(new Set(jobs).size).toBeGreaterThanOrEqual(3);
  });

  it("opens none for what no job would pay for, nor for a key that may not spend it", async () => {
    const key = { name: "limited", key: LIMITED_KEY, limitNano: 2n * COST };
    await begin("limits", {}, { apiKeys: [{ name: "admin", key: ADMIN_KEY }, key] });
    expect(await codeOf(await patient(() => askOnce({ n: 4 }, LIMITED_KEY)))).toEqual([
      429,
      "spend_limit_exceeded",
    ]);
    expect(openings()).toEqual([]);
    const first = await asked();
    expect(await codeOf(await askOnce({ n: 6 }))).toEqual([402, "insufficient_funds"]);
    expect(await jobsOf(world)).toMatchObject([{ address: first }]);
    expect(openings()).toHaveLength(1);
  });

  it("goes on with what is left while the wallet cannot pay for the next one, and says so", async () => {
    await begin("poor");
    const first = await asked();
    await world.gateway.close();
    const store = `file:${world.folder}/poor`;
    // More than the wallet holds: nothing can be topped up either.
    const huge = 10n ** 17n;
    await world.startGateway({ jobBudgetNano: huge, maxJobBudgetNano: huge }, { store });
    expect(await asked()).toBe(first);
    const line = await until("it says why", async () => linesOf(world, "job not followed yet")[0]);
    expect(line).toMatchObject({ job: first, code: "INSUFFICIENT_FUNDS", againInMs: 5_000 });
    expect(await metricOf(world, "cocoon_gateway_jobs_unfollowed")).toBe(1);
    expect(await asked()).toBe(first);
    expect(await jobsOf(world)).toHaveLength(1);
  });
});
