import { evidenceSchema } from "../../../relayer/attestation";
import {
  decodeBind,
  fromBase64,
  hashBind,
  toHex,
  toJobAddress,
  toRawAddress,
} from "../../../relayer/protocol";
import { type Call, JOB, MODEL_HASH, PROVIDER, putLane, send, termsOf } from "./support/developer";
import { createWorld, until, type World } from "./support/world";

const OTHER = toRawAddress(`0:${"77".repeat(32)}`);

async function refusal(response: Promise<Response>): Promise<string> {
  const answer = await response;
  const body = JSON.parse(await answer.text());
  return `${answer.status} ${body.error?.code}`;
}

describe("worker refusals", () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world.close());

  const withHeaders = (headers: Record<string, string>): Call => {
    const call = world.call();
    return { ...call, headers: { ...call.headers, ...headers } };
  };

  it.each([
    ["a missing header", { "cocoon-max-cost": "" }, "400 BAD_REQUEST"],
    ["a negative cost", { "cocoon-max-cost": "-1" }, "400 BAD_REQUEST"],
    ["another content type", { "content-type": "application/json" }, "400 BAD_REQUEST"],
    ["another worker's key", { "cocoon-worker": "11".repeat(32) }, "410 STALE_KEY"],
    ["a job without a lane", { "cocoon-job": OTHER }, "404 JOB_NOT_ACTIVE"],
    ["a cost that was not signed", { "cocoon-max-cost": "1001" }, "403 BAD_AUTHORIZATION"],
    ["a later expiry than signed", { "cocoon-auth-expires": "1800000061" }, "403 BAD_AUTHORIZATION"],
  ])("refuses %s", async (_what, headers, expected) => {
    await expect(send(world.url, withHeaders(headers))).rejects.toThrow(expected);
  });

  it.each([
    ["an expired request", { expiresIn: 0 }, "400 SEALED_EXPIRED"],
    ["a request valid for too long", { expiresIn: 121, authExpiresIn: 60 }, "400 SEALED_EXPIRED"],
    ["an expired authorisation", { authExpiresIn: -1 }, "403 BAD_AUTHORIZATION"],
    ["an authorisation valid for too long", { authExpiresIn: 121 }, "403 BAD_AUTHORIZATION"],
    [
      "terms that the session key did not sign",
      { terms: termsOf(JOB, { promptPrice: 1n }) },
      "403 BAD_AUTHORIZATION",
    ],
    ["more than the budget", { maxCost: 1_000_001n }, "402 INSUFFICIENT_FUNDS"],
  ])("refuses %s", async (_what, overrides, expected) => {
    await expect(world.ask({}, overrides)).rejects.toThrow(expected);
  });

  it("refuses a request that was changed, cut or sealed to another key", async () => {
    const call = world.call();
    const changed = Uint8Array.from(call.sealed);
    changed[100] = (changed[100] ?? 0) ^ 1;
    await expect(send(world.url, { ...call, sealed: changed })).rejects.toThrow("403 BAD_AUTHORIZATION");
    await expect(send(world.url, { ...call, sealed: call.sealed.subarray(0, 50) })).rejects.toThrow(
      "SEALED_TRUNCATED",
    );
    const stranger = Uint8Array.from(call.sealed);
    stranger[6] = (stranger[6] ?? 0) ^ 1;
    await expect(send(world.url, { ...call, sealed: stranger })).rejects.toThrow("410 STALE_KEY");
    const huge = { ...call, sealed: new Uint8Array(9_000_000) };
    await expect(send(world.url, huge)).rejects.toThrow(/SEALED_TOO_LARGE|fetch failed/);
  });

  it("refuses a repeat until it has expired", async () => {
    const call = world.call();
    await send(world.url, call);
    await expect(send(world.url, call)).rejects.toThrow("409 SEALED_REPLAYED");
    world.clock.advance(60_000);
    await expect(send(world.url, call)).rejects.toThrow("SEALED_EXPIRED");
  });

  it.each([
    ["no JSON", "{", 400, "bad_request"],
    ["neither messages nor prompt", { messages: undefined }, 400, "bad_request"],
    ["a wrong type", { max_tokens: "many" }, 400, "bad_request"],
    ["another model", { model: "other" }, 404, "not_found"],
  ])("seals the refusal of %s, with a receipt at price zero", async (_what, body, status, code) => {
    const before = await world.lane();
    const answer = await world.ask(body);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text).error).toMatchObject({ code, type: "invalid_request_error", param: null });
    expect(answer.record.leaf).toMatchObject({ status: "refused", index: before.size });
    expect(answer.record.head.amount.toString()).toBe(before.amount);
  });

  it("seals the refusal of a prompt that reaches the cost limit alone", async () => {
    const answer = await world.ask({}, { maxCost: 11n });
    expect(answer.status).toBe(402);
    expect(JSON.parse(answer.text).error.code).toBe("cost_limit_exceeded");
    expect(answer.record.leaf.status).toBe("refused");
  });

  it.each([
    ["another network", termsOf(JOB, { networkId: 1 }), undefined, "403 WRONG_NETWORK"],
    ["another job", termsOf(JOB), OTHER, "403 WRONG_JOB"],
    ["another provider", termsOf(JOB, { provider: OTHER }), undefined, "403 WRONG_JOB"],
    ["another model", termsOf(JOB, { modelHash: new Uint8Array(32) }), undefined, "403 WRONG_JOB"],
    ["other prices than before", termsOf(JOB, { promptPrice: 5n }), undefined, "400 BAD_REQUEST"],
  ])("refuses terms of %s", async (_what, terms, job, expected) => {
    expect(await refusal(putLane(world.url, { terms, job }))).toBe(expected);
  });

  it("never lowers a lane's budget, and raises it", async () => {
    const job = toJobAddress(`0:${"05".repeat(32)}`);
    const terms = termsOf(job);
    await putLane(world.url, { terms, budget: 500n });
    expect(await (await putLane(world.url, { terms, budget: 400n })).json()).toMatchObject({ budget: "500" });
    expect(await (await putLane(world.url, { terms, budget: 600n })).json()).toMatchObject({ budget: "600" });
  });

  it("refuses a request past its job's deadline", async () => {
    const terms = termsOf(toJobAddress(`0:${"06".repeat(32)}`));
    const deadlineAt = world.clock.nowMs() / 1000;
    await putLane(world.url, { terms, deadlineAt });
    await expect(world.ask({}, { terms })).rejects.toThrow("402 JOB_EXPIRED");
  });

  it("answers an unknown route and malformed JSON by name", async () => {
    expect(await refusal(fetch(`${world.url}/v1/nothing`))).toBe("404 NOT_FOUND");
    expect(await refusal(world.bind({ networkId: "x" }))).toBe("400 BAD_REQUEST");
    const long = fetch(`${world.url}/v1/bind`, { method: "POST", body: "x".repeat(70_000) });
    expect(await refusal(long)).toBe("413 BODY_TOO_LARGE");
  });
});

describe("worker identity", () => {
  it("binds once, to one provider, and states what it serves", async () => {
    const world = await createWorld();
    const bind = decodeBind(fromBase64(world.identity.bind));
    expect(bind).toMatchObject({ tee: "development", provider: PROVIDER, modelHash: MODEL_HASH });
    expect(bind.notAfter - bind.notBefore).toBe(86_400);
    expect(await (await world.bind()).json()).toEqual(world.identity);
    expect(await refusal(world.bind({ provider: OTHER }))).toBe("400 BAD_REQUEST");
    expect(await (await fetch(`${world.url}/v1/identity`)).json()).toEqual(world.identity);
    expect(await (await fetch(`${world.url}/healthz`)).json()).toMatchObject({
      ok: true,
      bound: true,
      inFlight: 0,
    });
    world.clock.advance(86_400_000);
    await expect(world.ask()).rejects.toThrow("410 STALE_KEY");
    await world.close();
  });
});

describe("worker's report for a caller's nonce", () => {
  it("holds the same statement and evidence over the nonce, and is refused when asked for too often", async () => {
    const world = await createWorld();
    const nonce = "5a".repeat(32);
    const report = (query: string) => fetch(`${world.url}/v1/attestation/report?${query}`);
    const answer = JSON.parse(await (await report(`model=m&nonce=${nonce}`)).text());
    expect(answer).toMatchObject({ bind: world.identity.bind, model: "m", nonce });
    expect(evidenceSchema.parse(answer.evidence)).toMatchObject({
      reportData: toHex(hashBind(fromBase64(world.identity.bind))) + nonce,
    });
    expect(await refusal(report(`model=other&nonce=${nonce}`))).toBe("404 NOT_FOUND");
    expect(await refusal(report("nonce=5a"))).toBe("400 BAD_REQUEST");
    for (let count = 1; count < 10; count += 1) {
      expect((await report(`nonce=${nonce}`)).status).toBe(200);
    }
    expect(await refusal(report(`nonce=${nonce}`))).toBe("503 OVERLOADED");
    world.clock.advance(500);
    expect((await report(`nonce=${nonce}`)).status).toBe(200);
    await world.close();
  });
});

describe("worker limits", () => {
  it("holds money and a place for each running request", async () => {
    const world = await createWorld({ worker: { maxConcurrent: 2 } });
    const job = toJobAddress(`0:${"07".repeat(32)}`);
    const terms = termsOf(job);
    await putLane(world.url, { terms, budget: 1_500n });
    const finish: (() => void)[] = [];
    world.backend.script = (_body, response) =>
      void finish.push(() => response.end('{"usage":{"prompt_tokens":1}}'));
    const first = world.ask({}, { terms });
    await until(() => finish.length === 1);
    await expect(world.ask({}, { terms })).rejects.toThrow("402 INSUFFICIENT_FUNDS");
    const second = world.ask({}, { terms, maxCost: 500n });
    await until(() => finish.length === 2);
    await expect(world.ask()).rejects.toThrow("503 OVERLOADED");
    for (const end of finish) {
      end();
    }
    expect((await first).record.leaf.index + (await second).record.leaf.index).toBe(1);
    await world.close();
  });

  it("lets a running answer finish when it shuts down, and takes no other", async () => {
    const world = await createWorld();
    let finish = (): void => {};
    world.backend.script = (_body, response) => {
      finish = () => response.end('{"usage":{"prompt_tokens":1}}');
    };
    const running = world.ask();
    await until(() => world.backend.bodies.length === 1);
    const closed = world.worker.close();
    await expect(world.ask()).rejects.toThrow();
    finish();
    expect((await running).record.leaf.status).toBe("ok");
    await closed;
    await world.backend.close();
  });

  it("counts a prompt exactly where the backend has a tokenizer, and refuses one that does not fit", async () => {
    const world = await createWorld({
      backend: { tokenizePath: "/tokenize" },
      worker: { model: { name: "m", hash: MODEL_HASH, contextLength: 10, maxOutputTokens: 5 } },
    });
    const answer = await world.ask();
    expect([answer.status, JSON.parse(answer.text).error.code]).toEqual([400, "context_too_long"]);
    await world.close();
  });
});
