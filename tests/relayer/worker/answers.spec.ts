import { encodeRecord, type ReceiptRecord } from "../../../relayer/protocol";
import { send, termsOf } from "./support/developer";
import { delta, event, USAGE, WHOLE_ANSWER } from "./support/scriptedBackend";
import { createWorld, until, type World } from "./support/world";

describe("worker answers", () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld();
  });
  afterEach(() => world.close());

  it("passes a whole answer on byte for byte and bills its usage", async () => {
    const { status, contentType, text, record } = await world.ask();
    expect({ status, contentType, text }).toEqual({
      status: 200,
      contentType: "application/json",
      text: WHOLE_ANSWER,
    });
    expect(record.leaf).toMatchObject({
      status: "ok",
      index: 0,
      promptTokens: 10n,
      completionTokens: 3n,
      amount: 40n,
    });
  });

  it("tells the length of a whole answer, and sends a stream in chunks", async () => {
    const headersOf = async (body: Readonly<Record<string, unknown>>) => {
      const { headers, sealed } = world.call(body);
      const response = await fetch(`${world.url}/v1/sealed`, { method: "POST", headers, body: sealed });
      const { byteLength } = await response.arrayBuffer();
      const isTold = response.headers.get("content-length") === String(byteLength);
      return { isTold, encoding: response.headers.get("transfer-encoding") };
    };
    expect(await headersOf({})).toEqual({ isTold: true, encoding: null });
    expect(await headersOf({ stream: true })).toEqual({ isTold: false, encoding: "chunked" });
  });

  it("passes a stream on and leaves out the usage chunk that the client did not ask for", async () => {
    const { contentType, text, record } = await world.ask({ stream: true });
    expect(contentType).toBe("text/event-stream");
    expect(text).toBe(`${delta("secret")}${delta(" ans")}${delta("wer", "stop")}data: [DONE]\n\n`);
    expect(record.leaf.amount).toBe(40n);
    expect(world.backend.bodies[0]).toMatchObject({ stream_options: { include_usage: true } });
  });

  it("keeps the usage chunk that the client asked for", async () => {
    const { text } = await world.ask({ stream: true, stream_options: { include_usage: true } });
    expect(text).toContain(event({ choices: [], usage: USAGE }));
  });

  it("passes unknown fields through and limits the tokens to what the money pays for", async () => {
    await world.ask({ my_field: [1], max_tokens: 40 }, { maxCost: 214n });
    // 84 bytes of prompt count as an estimate; the rest of the limit buys the answer
    const [body] = world.backend.bodies;
    expect(body).toMatchObject({ my_field: [1] });
    expect(body?.max_tokens).toBeLessThan(21);
    expect(body?.max_tokens).toBeGreaterThan(10);
  });

  it("adds up receipts over the lane in the order of completion", async () => {
    const first = world.call();
    let finishFirst = (): void => {};
    world.backend.script = (_body, response) => {
      finishFirst = () => response.end(WHOLE_ANSWER);
    };
    const slow = send(world.url, first);
    await until(() => world.backend.bodies.length === 1);
    world.backend.script = (_body, response) => void response.end(WHOLE_ANSWER);
    const fast = await world.ask();
    finishFirst();
    expect(fast.record.leaf).toMatchObject({ index: 0, amount: 40n });
    expect((await slow).record).toMatchObject({
      leaf: { index: 1, amount: 80n },
      head: { size: 2, amount: 80n },
    });
    expect(await world.lane()).toMatchObject({ amount: "80", reserved: "0", size: 2 });
  });

  it("seals the backend's own refusal and charges nothing", async () => {
    world.backend.script = (_body, response) => {
      response.writeHead(422, { "content-type": "application/json" }).end('{"error":{"message":"no"}}');
    };
    const { status, text, record } = await world.ask();
    expect({ status, text }).toEqual({ status: 422, text: '{"error":{"message":"no"}}' });
    expect(record.leaf).toMatchObject({ status: "refused", amount: 0n });
  });

  it("seals an error at no charge when the backend fails before the first byte", async () => {
    world.backend.script = (_body, response) => void response.destroy();
    const { status, text, record } = await world.ask({ stream: true });
    expect(status).toBe(502);
    expect(JSON.parse(text).error).toMatchObject({ type: "api_error", code: "backend_unavailable" });
    expect(record.leaf).toMatchObject({ status: "failed", amount: 0n });
  });

  it("ends a stream that breaks with an error event, and bills the deltas until then", async () => {
    world.backend.script = (_body, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(delta("one") + delta("two"), () => response.destroy());
    };
    const { text, record } = await world.ask({ stream: true });
    expect(text).toContain("backend_unavailable");
    expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
    expect(record.leaf).toMatchObject({ status: "failed", completionTokens: 2n, amount: 20n });
  });

  it("completes a stream that came without usage and end", async () => {
    world.backend.script = (_body, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(delta("one") + delta("two", "stop"));
    };
    const { text, record } = await world.ask({ stream: true, stream_options: { include_usage: true } });
    expect(text).toContain('"completion_tokens":2');
    expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
    expect(record.leaf).toMatchObject({ status: "ok", promptTokens: 0n, completionTokens: 2n });
  });

  it("cuts a backend that does not keep to its limit and never bills above the maximum cost", async () => {
    world.backend.script = (_body, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (let i = 0; i < 500; i += 1) {
        response.write(delta("x"));
      }
    };
    const { text, record } = await world.ask({ stream: true }, { maxCost: 95n });
    expect(text).toContain('"finish_reason":"length"');
    expect(record.leaf.amount).toBeLessThanOrEqual(95n);
    world.backend.script = (_body, response) =>
      void response.end(JSON.stringify({ usage: { prompt_tokens: 9_999, completion_tokens: 9_999 } }));
    const second = await world.ask({}, { maxCost: 95n });
    expect(second.record.leaf.amount - record.leaf.amount).toBe(95n);
  });

  it("stops the backend when the client hangs up and bills to the token", async () => {
    world.backend.script = (_body, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(delta("one") + delta("two") + delta("three"));
    };
    await world.leave({ stream: true }, 100);
    await until(async () => (await world.lane()).size === 1);
    expect(await world.lane()).toMatchObject({ amount: "30", reserved: "0" });
    await until(() => world.backend.abandoned() === 1);
    expect(world.lines.join("")).toContain('"status":"stopped"');
  });

  it.each([
    ["before its first byte", [], 10n],
    ["in the middle", ["one", "two"], 30n],
  ] as const)(
    "ends an answer by request %s, and gives the receipt to whoever holds the connection",
    async (_when, words, amount) => {
      world.backend.script = (_body, response) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.flushHeaders();
        response.write(words.map((word) => delta(word)).join(""));
      };
      const stop = (requestId: string) =>
        fetch(`${world.url}/v1/stop`, { method: "POST", body: JSON.stringify({ requestId }) });
      const call = world.call({ stream: true });
      const answer = send(world.url, call);
      await until(async () => (await world.lane()).reserved !== "0");
      await until(async () => {
        const stopped: unknown = await (await stop(call.requestId)).json();
        return JSON.stringify(stopped) === '{"stopped":true}';
      });
      const { record } = await answer;
      expect(record.leaf).toMatchObject({ status: "stopped", index: 0 });
      // The prompt is billed where the backend counts it.
      expect([amount - 10n, amount]).toContain(record.leaf.amount);
      await until(() => world.backend.abandoned() === 1);
      expect(await (await stop(call.requestId)).json()).toEqual({ stopped: false });
      expect((await stop("x")).status).toBe(400);
    },
  );

  it("ends an answer at its beginning, for nothing, when the stop has overtaken the request", async () => {
    world.backend.script = (_body, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.flushHeaders();
    };
    const call = world.call({ stream: true });
    const body = JSON.stringify({ requestId: call.requestId });
    expect(await (await fetch(`${world.url}/v1/stop`, { method: "POST", body })).json()).toEqual({
      stopped: false,
    });
    const { record } = await send(world.url, call);
    expect(record.leaf).toMatchObject({ status: "stopped", index: 0, amount: 0n });
    expect(await world.lane()).toMatchObject({ size: 1, reserved: "0" });
  });

  it("never writes a prompt, an answer or a key to its log", async () => {
    await world.ask();
    await world.ask({ stream: true });
    await world.ask({ model: "another" });
    await world.ask("no json: a very secret prompt");
    const log = world.lines.join("");
    expect(log).toContain("request finished");
    expect(log).not.toMatch(/secret/);
    expect(log).not.toContain(world.identity.bind);
  });
});

describe("worker timeouts", () => {
  it.each([
    ["first token", { firstTokenMs: 30 }, ""],
    ["next token", { idleMs: 30 }, delta("one")],
  ])("gives up when the backend is late with its %s", async (_what, timeouts, sent) => {
    const world = await createWorld({ backend: { timeouts } });
    world.backend.script = (_body, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
      response.write(sent);
    };
    const { text, record } = await world.ask({ stream: true });
    expect(text).toContain('"code":"timeout"');
    expect(record.leaf.status).toBe("failed");
    await world.close();
  });
});

describe("worker records", () => {
  /** More than the rows that keep them begin with. */
  const RECORDS = 20;
  let world: World;
  beforeEach(async () => {
    world = await createWorld();
  });
  afterEach(() => world.close());

  it("are shown as their answers brought them, from an index on", async () => {
    const calls = Array.from({ length: RECORDS }, () => world.call());
    const told: ReceiptRecord[] = [];
    for (const call of calls) {
      told.push((await send(world.url, call)).record);
    }
    const worker = told[0]?.worker;
    const shown = async (query: string) => {
      const job = encodeURIComponent(termsOf().job);
      const response = await fetch(`${world.url}/v1/lanes/${job}/records?${query}`);
      return { status: response.status, body: await response.json() };
    };
    const { body } = await shown(`worker=${worker}&from=0&count=64`);
    expect(body).toEqual({
      records: told.map((record, index) => ({
        requestId: calls[index]?.requestId,
        record: JSON.parse(Buffer.from(encodeRecord(record)).toString()),
      })),
    });
    expect((await shown(`worker=${worker}&from=1&count=1`)).body).toMatchObject({
      records: [{ record: { index: 1 } }],
    });
    expect((await shown(`worker=${worker}&from=${RECORDS}&count=1`)).body).toEqual({ records: [] });
    expect((await shown(`worker=${worker}&from=0&count=65`)).status).toBe(400);
    expect((await shown(`worker=${worker}&from=-1&count=1`)).status).toBe(400);
    expect((await shown(`worker=${"00".repeat(32)}&from=0&count=1`)).body).toMatchObject({
      error: { code: "STALE_KEY" },
    });
  });
});
