import { setTimeout as pause } from "node:timers/promises";
import { JobEscrow } from "../../../wrappers";
import { readHistory } from "../../e2e/support/jobHistory";
import { cosign } from "./support/developer";
import { createWorld, type OpenJob, TEST_POLICY, until, type World } from "./support/world";

jest.setTimeout(180_000);

const COST = 18_000n;
/** In which a settler that would send another message has sent it. */
const SOME_ROUNDS_MS = 5 * (TEST_POLICY.settleMs ?? 1_000);

describe("provider, while a settlement is on its way", () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ policy: { settleMinNano: COST } });
  });
  afterAll(() => world.close());

  /** One answer at so many written tokens, co-signed. */
  async function earn(job: OpenJob, tokens: bigint): Promise<void> {
    world.script.promptTokens = tokens === 0n ? 0n : 10n;
    world.script.completionTokens = tokens;
    const { record } = await job.ask();
    if (record === undefined) {
      throw new Error("no record");
    }
    expect(await cosign(await job.call(), record)).toMatchObject({ status: 200 });
  }
  const queued = () => world.logLines.filter((line) => line.includes('"message queued"')).length;
  const bounced = () => world.logLines.filter((line) => line.includes('"message bounced"')).length;
  const paid = (job: OpenJob, nano: bigint) =>
    until(`${nano} are paid`, async () =>
      (await job.contract.getJobState()).paid === nano ? true : undefined,
    );
  const settlements = async (job: OpenJob) => {
    const { received } = await readHistory(world.network.reader, job.contract.address.toRawString());
    return received.filter((opcode) => opcode === JobEscrow.opcodes.Settle).length;
  };

  it("sends none again for the same amount, nor for crumbs beside it, and what is worth one at once", async () => {
    const job = await world.openJob(1n);
    const before = queued();
    world.net.faults.set({ kind: "http500", count: 100_000, value: 500, match: "sendBoc" });
    await earn(job, 20n);
    await until("a settlement is queued", async () => (queued() > before ? true : undefined));
    // A free answer, and one that costs less than a message is worth: heads of the same amount and of little more.
    await earn(job, 0n);
    await pause(SOME_ROUNDS_MS);
    await earn(job, 1n);
    await pause(SOME_ROUNDS_MS);
    expect(queued() - before).toBe(1);
    world.net.faults.clear();
    await paid(job, COST);
    await earn(job, 20n);
    await paid(job, 2n * COST + 2_800n);
    expect([await settlements(job), bounced()]).toEqual([2, 0]);
  });

  it("sends the next one beside it when that is worth a message by itself", async () => {
    const job = await world.openJob(2n);
    const before = queued();
    world.net.faults.set({ kind: "http500", count: 100_000, value: 500, match: "sendBoc" });
    await earn(job, 20n);
    await until("a settlement is queued", async () => (queued() > before ? true : undefined));
    await earn(job, 20n);
    await until("another one is queued", async () => (queued() > before + 1 ? true : undefined));
    world.net.faults.clear();
    await paid(job, 2n * COST);
    expect([await settlements(job), bounced()]).toEqual([2, 0]);
  });
});
