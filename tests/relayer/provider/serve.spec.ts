import { request } from "undici";
import { cosign, SECRET_PROMPT } from "./support/developer";
import { SECRET_ANSWER } from "./support/scriptedBackend";
import { recordFrame } from "./support/tamperProxy";
import { BUDGET, createWorld, type OpenJob, SESSION_SEED, until, type World } from "./support/world";

// Every process of the network runs in this one, on whatever cores the machine has left.
jest.setTimeout(180_000);

describe("provider, serving", () => {
  let world: World;
  let job: OpenJob;
  beforeAll(async () => {
    // Nothing is settled here: what the requests earned stays to be looked at.
    world = await createWorld({ policy: { settleMinNano: 10n ** 18n } });
    job = await world.openJob(1n);
  });
  afterAll(() => world.close());
  afterEach(() => {
    world.proxy.tamper = undefined;
    Object.assign(world.script, { chunks: 3, delayMs: 0 });
  });

  const sealedBefore = () => world.proxy.sealed;
  const refused = async (overrides: Parameters<OpenJob["ask"]>[0]) => {
    const before = sealedBefore();
    const { status, code } = await job.ask(overrides);
    expect(world.proxy.sealed).toBe(before);
    return [status, code];
  };
  const header = (name: string, value: string) => ({ headers: { [name]: value } });

  it("passes a question for fresh evidence on to an attested worker", async () => {
    const report = async (query: string) => {
      const answer = await request(`${world.provider.url}/v1/attestation/report?${query}`);
      return { status: answer.statusCode, body: await answer.body.json() };
    };
    const nonce = "5a".repeat(32);
    const { status, body } = await report(`model=test&nonce=${nonce}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      model: "test",
      nonce,
      evidence: { reportData: expect.stringMatching(new RegExp(`${nonce}$`)) },
    });
    expect(await report(`model=other&nonce=${nonce}`)).toMatchObject({ status: 503 });
    expect(await report("model=test&nonce=zz")).toMatchObject({ status: 400 });
  });

  it("passes answers on whole and shows the stored receipt of each", async () => {
    for (let i = 0; i < 3; i++) {
      const answer = await job.ask();
      expect(answer).toMatchObject({ status: 200, complete: true });
      const receipt = await request(`${world.provider.url}/v1/receipts/${answer.requestId}`);
      expect(await receipt.body.json()).toMatchObject({
        requestId: answer.requestId,
        index: answer.record?.leaf.index,
        worker: world.worker.receiptPublicKey,
        amount: answer.record?.head.amount.toString(),
      });
    }
  });

  it("passes a long answer on in many chunks", async () => {
    Object.assign(world.script, { chunks: 400, chunkBytes: 2_000 });
    const answer = await job.ask();
    world.script.chunkBytes = 60;
    expect(answer.complete).toBe(true);
    expect(answer.text.length).toBeGreaterThan(400 * 2_000);
  });

  describe("before it touches the worker, refuses", () => {
    it("a request whose signature does not fit", async () => {
      expect(await refused({ sessionSeed: Buffer.alloc(32, 1) })).toEqual([401, "BAD_AUTHORIZATION"]);
      expect(await refused(header("cocoon-max-cost", "1"))).toEqual([401, "BAD_AUTHORIZATION"]);
      const cut = (sealed: Uint8Array) => sealed.subarray(0, sealed.length - 1);
      expect(await refused({ body: cut })).toEqual([401, "BAD_AUTHORIZATION"]);
    });

    it("more than the budget leaves, saying what to do", async () => {
      expect(await refused({ maxCostNano: BUDGET + 1n })).toEqual([402, "INSUFFICIENT_FUNDS"]);
    });

    it("a job it does not know", async () => {
      expect(await refused(header("cocoon-job", `0:${"11".repeat(32)}`))).toEqual([409, "JOB_NOT_ACTIVE"]);
    });

    it("a worker key that nobody has, and a request sealed to another key", async () => {
      expect(await refused(header("cocoon-worker", "22".repeat(32)))).toEqual([421, "STALE_KEY"]);
      const otherKey = (sealed: Uint8Array) => {
        const changed = new Uint8Array(sealed);
        changed[8] = (changed[8] ?? 0) ^ 1;
        return changed;
      };
      expect(await refused({ body: otherKey })).toEqual([421, "STALE_KEY"]);
    });

    it("headers that are missing or malformed", async () => {
      expect(await refused(header("cocoon-max-cost", "1e3"))).toEqual([400, "BAD_REQUEST"]);
      expect(await refused(header("content-type", "text/plain"))).toEqual([400, "BAD_REQUEST"]);
      expect(await refused(header("cocoon-authorization", "AAAA"))).toEqual([400, "BAD_REQUEST"]);
    });

    it("an expired request", async () => {
      expect(await refused({ nowSeconds: world.net.chain.now() - 100 })).toEqual([400, "SEALED_EXPIRED"]);
    });

    it("a body beyond the format's limit", async () => {
      const huge = () => new Uint8Array(9 * 1024 * 1024);
      const outcome = await refused({ body: huge }).catch(() => [413, "BODY_TOO_LARGE"]);
      expect(outcome).toEqual([413, "BODY_TOO_LARGE"]);
    });
  });

  describe("when the worker cheats or dies", () => {
    it("breaks the answer off before its end when the record is forged", async () => {
      world.proxy.tamper = (frame) => {
        if (frame.kind !== "record") {
          return frame.bytes;
        }
        const fields: unknown = JSON.parse(Buffer.from(frame.record).toString());
        return recordFrame(JSON.stringify(Object.assign({}, fields, { amount: "999999999" })));
      };
      const answer = await job.ask();
      expect(answer).toMatchObject({ status: 200, complete: false, record: undefined });
      expect(answer.text).toContain(SECRET_ANSWER);
      const receipt = await request(`${world.provider.url}/v1/receipts/${answer.requestId}`);
      expect(receipt.statusCode).toBe(404);
      await receipt.body.dump();
    });

    it("does not end an answer without its record", async () => {
      world.proxy.tamper = (frame) => (frame.kind === "record" ? "drop" : frame.bytes);
      expect(await job.ask()).toMatchObject({ complete: false, record: undefined });
    });

    it("breaks off with the worker in the middle, and serves the next request", async () => {
      world.proxy.tamper = (frame, index) => (index === 3 ? "break" : frame.bytes);
      expect(await job.ask()).toMatchObject({ status: 200, complete: false });
      world.proxy.tamper = undefined;
      expect(await job.ask()).toMatchObject({ complete: true });
    });

    it("says so in JSON when the worker breaks off before the first frame", async () => {
      world.proxy.tamper = () => "break";
      expect(await job.ask()).toMatchObject({ status: 503, code: "WORKER_UNAVAILABLE" });
    });
  });

  it("gives the money set aside back when the reader leaves in the middle", async () => {
    Object.assign(world.script, { chunks: 1_000, delayMs: 5 });
    const leave = AbortSignal.timeout(200);
    await expect(job.ask({ signal: leave })).resolves.toMatchObject({ complete: false });
    await until("the request is over", async () => {
      const metrics = await (await request(`${world.provider.url}/metrics`)).body.text();
      return metrics.includes("cocoon_provider_in_flight 0") ? true : undefined;
    });
    Object.assign(world.script, { chunks: 3, delayMs: 0 });
    expect(await job.ask({ maxCostNano: (BUDGET * 9n) / 10n })).toMatchObject({ complete: true });
  });

  it("refuses co-signatures that are forged, of another lane or of a head that the worker never signed", async () => {
    const { record } = await job.ask();
    const call = await job.call();
    if (record === undefined) {
      throw new Error("no record");
    }
    expect(await cosign({ ...call, sessionSeed: Buffer.alloc(32, 9) }, record)).toMatchObject({
      code: "HEAD_INVALID",
    });
    expect(await cosign(call, record, { amount: "1" })).toMatchObject({ code: "HEAD_INVALID" });
    expect(await cosign(call, record, { worker: "33".repeat(32) })).toMatchObject({ code: "NOT_FOUND" });
    expect(await cosign(call, record, { extra: 1 })).toMatchObject({ code: "BAD_REQUEST" });
    expect(await cosign(call, record)).toEqual({ status: 200, code: undefined });
  });

  it("writes no prompt, answer, signature or secret to its log", () => {
    const log = world.logLines.join("");
    expect(log).toContain("request failed");
    const secrets = [
      SECRET_PROMPT,
      SECRET_ANSWER,
      Buffer.from(SESSION_SEED).toString("hex"),
      "aunt narrow",
      "cocoon-authorization",
    ];
    expect(secrets.filter((secret) => log.includes(secret))).toEqual([]);
  });
});
