import { request } from "undici";
import { z } from "zod";
import { MAX_RELEASE_SECONDS, signRelease, toBase64 } from "../../../relayer/protocol";
import { JobEscrow } from "../../../wrappers";
import { readHistory } from "../../e2e/support/jobHistory";
import { cosign } from "./support/developer";
import { createWorld, type OpenJob, SESSION_SEED, until, type World } from "./support/world";

// Every process of the network runs in this one, on whatever cores the machine has left.
jest.setTimeout(180_000);

const refusalSchema = z.object({ error: z.object({ code: z.string() }).optional() });

describe("provider, asked by a developer to release a job", () => {
  let world: World;
  beforeAll(async () => {
    // Nothing is settled for its own sake: the end alone brings heads to the chain.
    world = await createWorld({ policy: { settleMinNano: 10n ** 18n } });
  });
  afterAll(() => world.close());

  const askRelease = async (
    job: OpenJob,
    { seed = SESSION_SEED, networkId = job.terms.networkId, seconds = 60 } = {},
  ) => {
    const expiresAt = world.net.chain.now() + seconds;
    const signature = signRelease(seed, { networkId, job: job.terms.job, expiresAt });
    const { statusCode, body } = await request(`${world.provider.url}/v1/jobs/release`, {
      method: "POST",
      body: JSON.stringify({ job: job.terms.job, expiresAt, signature: toBase64(signature) }),
    });
    return [statusCode, refusalSchema.parse(await body.json()).error?.code];
  };
  const historyOf = (job: OpenJob) => readHistory(world.network.reader, job.contract.address.toRawString());
  const ended = (job: OpenJob) =>
    until("the job has ended", async () => {
      const history = await historyOf(job);
      return history.closed === undefined ? undefined : history;
    });
  const answered = async (job: OpenJob) => {
    const { record } = await job.ask();
    if (record === undefined) {
      throw new Error("no record");
    }
    return record;
  };

  it("ends no job for a stranger, for another network, or on an order that is old or lasts too long", async () => {
    const job = await world.openJob(1n);
    const refused = [401, "BAD_AUTHORIZATION"];
    expect(await askRelease(job, { seed: Buffer.alloc(32, 9) })).toEqual(refused);
    expect(await askRelease(job, { networkId: 7 })).toEqual(refused);
    expect(await askRelease(job, { seconds: 0 })).toEqual(refused);
    expect(await askRelease(job, { seconds: MAX_RELEASE_SECONDS + 60 })).toEqual(refused);
    expect((await answered(job)).head.amount).toBe(18_000n);
  });

  it("says who serves in a job, until it is asked to release it, and of a job that it does not know as little as of a request in it", async () => {
    const servedIn = async (address: string) => {
      const { statusCode, body } = await request(
        `${world.provider.url}/v1/jobs/${encodeURIComponent(address)}`,
      );
      const shown = z
        .object({ workers: z.array(z.string()).optional(), error: z.object({ code: z.string() }).optional() })
        .parse(await body.json());
      return [statusCode, shown.workers ?? shown.error?.code];
    };
    const job = await world.openJob(4n);
    const { address } = job.contract;
    expect(await servedIn(`0:${"77".repeat(32)}`)).toEqual([409, "JOB_NOT_ACTIVE"]);
    const record = await answered(job);
    expect(await servedIn(address.toRawString())).toEqual([200, [record.worker]]);
    expect(await askRelease(job)).toEqual([200, undefined]);
    expect(await servedIn(address.toRawString())).toEqual([409, "JOB_NOT_ACTIVE"]);
    for (const text of ["nonsense", "%zz"]) {
      expect((await request(`${world.provider.url}/v1/jobs/${text}`)).statusCode).toBe(400);
      expect((await request(`${world.provider.url}/v1/tasks/${text}`)).statusCode).toBe(400);
    }
  });

  it("pays the co-signed head, releases the job and refunds the rest, with no message of the developer's", async () => {
    const job = await world.openJob(2n);
    const record = await answered(job);
    expect(await cosign(await job.call(), record)).toMatchObject({ status: 200 });
    expect(await askRelease(job)).toEqual([200, undefined]);
    const { closed, received, settled } = await ended(job);
    expect(settled).toMatchObject([{ amount: 18_000n, cosigned: true, paid: 18_000n }]);
    expect(closed).toMatchObject({ earned: 18_000n, outcome: 1n });
    expect(received.filter((opcode) => opcode === JobEscrow.opcodes.CloseJob)).toEqual([]);
    expect(received.filter((opcode) => opcode === JobEscrow.opcodes.ReleaseJob)).toHaveLength(1);
  });

  it("refuses new requests at once, and releases nothing while an answer is under way or a head lacks its co-signature", async () => {
    const job = await world.openJob(3n);
    world.script.delayMs = 300;
    const slow = answered(job);
    await until("the request is admitted", async () => {
      const response = await request(`${world.provider.url}/metrics`);
      return (await response.body.text()).includes("cocoon_provider_in_flight 1") ? true : undefined;
    });
    expect(await askRelease(job)).toEqual([200, undefined]);
    expect(await askRelease(job)).toEqual([200, undefined]);
    expect(await job.ask()).toMatchObject({ code: "JOB_NOT_ACTIVE" });
    const record = await slow;
    world.script.delayMs = 0;
    // A restart remembers both what was asked and what is owed.
    await world.provider.close();
    await world.startProvider({ cosignGraceMs: 3_600_000 });
    await until("the worker is back", async () => (await world.listed())[0]);
    expect(await job.ask()).toMatchObject({ code: "JOB_NOT_ACTIVE" });
    expect((await historyOf(job)).closed).toBeUndefined();
    expect(await cosign(await job.call(), record)).toMatchObject({ status: 200 });
    expect((await ended(job)).closed?.earned).toBe(18_000n);
  });
});
