import { createPublicKey, verify } from "node:crypto";
import { Address } from "@ton/core";
import { APIError } from "openai";
import { z } from "zod";
import { parseReceiptFile, verifyReceipt, verifyReceiptOnChain } from "../../../relayer/client";
import { readJob } from "../../../relayer/client/readJob";
import { decodeLeaf, fromBase64, fromHex, hashBind, reportData, toHex } from "../../../relayer/protocol";
import {
  ADMIN_KEY,
  createWorld,
  LIMITED_KEY,
  MODEL,
  until,
  untilCosigned,
  type World,
} from "./support/world";

const PROMPT = "a prompt that no log may hold";
const messages = [{ role: "user" as const, content: PROMPT }];

const jobsSchema = z.object({
  data: z.array(z.object({ address: z.string(), settled_nano: z.string(), spent_nano: z.string() })),
});
const signatureSchema = z.object({
  text: z.string(),
  signed: z.string(),
  signature: z.string(),
  signing_address: z.string(),
});
const reportSchema = z.looseObject({
  signing_address: z.string(),
  bind: z.string(),
  evidence: z.looseObject({ reportData: z.string() }),
});
const errorSchema = z.object({
  error: z.object({ message: z.string(), type: z.string(), param: z.string().nullable(), code: z.string() }),
});

describe("gateway, with a real network behind it", () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world.close());

  async function receiptOf(id: string | null) {
    const answer = await world.get(`/v1/receipts/${id}`);
    expect(answer.status).toBe(200);
    return parseReceiptFile(await answer.text());
  }
  async function jobs() {
    return jobsSchema.parse(await (await world.get("/v1/cocoon/jobs")).json()).data;
  }
  async function failure(promise: Promise<unknown>): Promise<APIError> {
    const thrown = await promise.then(
      () => undefined,
      (error: unknown) => error,
    );
    if (!(thrown instanceof APIError)) {
      throw new Error(`Not an API error: ${String(thrown)}`);
    }
    return thrown;
  }

  it("lists the model with its price, context and providers", async () => {
    const list = await world.openai.models.list();
    expect(list.data).toMatchObject([
      {
        id: MODEL,
        object: "model",
        context_length: 4096,
        providers: 1,
        pricing: { prompt_nano: "200000000" },
      },
    ]);
  });

  it("opens a job by itself, answers, tells the cost, and hands out a receipt that verifies", async () => {
    const { data, response } = await world.openai.chat.completions
      .create({ model: MODEL, messages, max_tokens: 20 })
      .withResponse();
    expect(data.choices[0]?.message.content).toBe("Hello from the enclave");
    // 10 prompt and 4 completion tokens
    expect(data.usage).toMatchObject({ completion_tokens: 4, cost_nano: "5200" });
    const file = await receiptOf(response.headers.get("cocoon-receipt"));
    expect(file.job).toBe(response.headers.get("cocoon-job"));
    const verdict = await verifyReceiptOnChain({ reader: world.network.reader }, file);
    expect(verdict.checks.filter(({ outcome }) => outcome === "failed")).toEqual([]);
    expect(verdict.checks.filter(({ outcome }) => outcome === "ok").map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        "request",
        "response",
        "head signature",
        "inclusion",
        "attested on chain",
        "terms on chain",
      ]),
    );
  });

  it("hands out the signature under which an answer's receipt stands, to be checked without this code", async () => {
    const { response } = await world.openai.chat.completions
      .create({ model: MODEL, messages })
      .withResponse();
    const id = response.headers.get("cocoon-receipt");
    const proof = signatureSchema.parse(await (await world.get(`/v1/signature/${id}`)).json());
    const x = Buffer.from(proof.signing_address, "hex").toString("base64url");
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    const [signed, signature] = [Buffer.from(proof.signed, "hex"), Buffer.from(proof.signature, "hex")];
    expect(verify(null, signed, key, signature)).toBe(true);
    const leaf = decodeLeaf(fromBase64((await receiptOf(id)).leaf));
    expect(proof.text).toBe(`${toHex(leaf.requestHash)}:${toHex(leaf.responseHash)}`);
    expect((await world.get(`/v1/signature/resp_${id}?signing_algo=ed25519`)).status).toBe(200);
    expect((await world.get(`/v1/signature/${id}?signing_algo=ecdsa`)).status).toBe(400);
    expect((await world.get(`/v1/signature/${id}`, LIMITED_KEY)).status).toBe(404);
  });

  it("finds a receipt by its own id, also where a model's server has called another answer so", async () => {
    const ask = async () => {
      const answer = await world.post("/v1/chat/completions", { model: MODEL, messages });
      await answer.text();
      return answer.headers.get("cocoon-receipt") ?? "";
    };
    const first = await ask();
    const before = await (await world.get(`/v1/signature/${first}`)).json();
    world.script.id = first;
    await ask();
    world.script.id = `resp_${first}`;
    await ask();
    world.script.id = undefined;
    for (const name of [first, `resp_${first}`]) {
      expect(await (await world.get(`/v1/signature/${name}`)).json()).toEqual(before);
    }
  });

  it.each([true, false])("finds a receipt by the id in the answer's body (stream: %s)", async (stream) => {
    const answer = await world.post("/v1/chat/completions", { model: MODEL, messages, stream });
    const [, name] = /"id":"([^"]+)"/.exec(await answer.text()) ?? [];
    const id = answer.headers.get("cocoon-receipt");
    expect(name).not.toBe(id);
    const [byName, byId] = await Promise.all(
      [name, id].map(async (each) => await (await world.get(`/v1/signature/${each}`)).json()),
    );
    expect(byName).toEqual(byId);
    expect((await world.get(`/v1/receipts/${name}`)).status).toBe(200);
    expect((await world.get(`/v1/receipts/${name}`, LIMITED_KEY)).status).toBe(404);
  });

  it("passes on evidence that a worker makes over the caller's nonce", async () => {
    const nonce = "5a".repeat(32);
    const path = `/v1/attestation/report?model=${MODEL}&nonce=${nonce}`;
    const report = reportSchema.parse(await (await world.get(path)).json());
    const { receiptPublicKey } = world.supply.worker();
    expect(report).toMatchObject({
      signing_address: receiptPublicKey,
      nonce,
      provider: world.supply.address,
    });
    const bound = reportData(hashBind(fromBase64(report.bind)), fromHex(nonce));
    expect(report.evidence.reportData).toBe(toHex(bound));
    expect((await world.get(`${path}&signing_address=${receiptPublicKey}`)).status).toBe(200);
    for (const [wrong, status] of [
      [`/v1/attestation/report?model=${MODEL}&nonce=5a`, 400],
      [`/v1/attestation/report?nonce=${nonce}`, 400],
      [`/v1/attestation/report?model=none&nonce=${nonce}`, 404],
      [`${path}&signing_address=${"00".repeat(32)}`, 404],
    ] as const) {
      expect((await world.get(wrong)).status).toBe(status);
    }
    world.supply.proxy.reply = (asked) =>
      asked.startsWith("/v1/attestation/report")
        ? { status: 200, body: { ...report, nonce: "00".repeat(32) } }
        : undefined;
    expect((await world.get(path)).status).toBe(502);
    world.supply.proxy.reply = undefined;
  });

  it("streams, with usage and cost in the last chunk", async () => {
    const stream = await world.openai.chat.completions.create({
      model: MODEL,
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = "";
    let finish: string | null | undefined;
    let last: unknown;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? "";
      finish = chunk.choices[0]?.finish_reason ?? finish;
      last = chunk;
    }
    expect([text, finish]).toEqual(["Hello from the enclave", "stop"]);
    expect(last).toMatchObject({ usage: { cost_nano: "5200" }, cocoon: { cost_nano: "5200" } });
  });

  it("ends a stream without usage with the receipt as a comment and [DONE]", async () => {
    const answer = await world.post("/v1/chat/completions", { model: MODEL, messages, stream: true });
    const text = await answer.text();
    expect(text).not.toContain('"usage"');
    expect(text).toMatch(/: cocoon \{"receipt":"[0-9a-f]{32}".*"cost_nano":"5200"\}\n\ndata: \[DONE\]\n\n$/);
  });

  it("serves completions and passes unknown fields through", async () => {
    const answer = await world.post("/v1/completions", {
      model: MODEL,
      prompt: PROMPT,
      top_k: 5,
      my_field: {},
    });
    expect(await answer.json()).toMatchObject({ choices: [{ text: "Hello from the enclave" }] });
  });

  it("keeps receipts of many answers at once in order, and co-signs the last", async () => {
    await Promise.all(
      Array.from({ length: 12 }, () => world.openai.chat.completions.create({ model: MODEL, messages })),
    );
    const { response } = await world.openai.chat.completions
      .create({ model: MODEL, messages })
      .withResponse();
    const id = response.headers.get("cocoon-receipt");
    await until("the head is co-signed", async () => {
      const file = await receiptOf(id);
      return file.cosignature !== undefined && verifyReceipt(file).ok ? true : undefined;
    });
    await until("the provider was paid", async () => {
      const [job] = await jobs();
      return job?.settled_nano === job?.spent_nano ? true : undefined;
    });
    expect(await jobs()).toHaveLength(1);
  });

  it("stops the generation when the client goes, and still gets the receipt of what was made", async () => {
    world.script.delayMs = 100;
    world.script.words = Array.from({ length: 100 }, (_, i) => ` ${i}`);
    const stream = await world.openai.chat.completions.create({ model: MODEL, messages, stream: true });
    let seen = 0;
    for await (const _chunk of stream) {
      seen += 1;
      if (seen === 3) {
        stream.controller.abort();
      }
    }
    world.script.delayMs = 0;
    world.script.words = ["Hello", " from", " the", " enclave"];
    // Without the stopped answer's receipt the lane would have a gap, and no later head would be co-signed.
    await untilCosigned(async () => {
      const { response } = await world.openai.chat.completions
        .create({ model: MODEL, messages })
        .withResponse();
      const path = `/v1/receipts/${response.headers.get("cocoon-receipt")}`;
      return async () => await (await world.get(path)).text();
    });
  });

  describe("refuses in OpenAI's shape", () => {
    it.each([
      ["no key", undefined, { model: MODEL, messages }, 401, "unauthorized", null],
      ["a wrong key", "sk-cocoon-wrong-0123456789", { model: MODEL, messages }, 401, "unauthorized", null],
      ["malformed JSON", ADMIN_KEY, "{nonsense", 400, "bad_request", null],
      ["a body that is no object", ADMIN_KEY, "[]", 400, "bad_request", null],
      ["no messages", ADMIN_KEY, { model: MODEL }, 400, "bad_request", "messages"],
      [
        "a wrong type",
        ADMIN_KEY,
        { model: MODEL, messages, max_tokens: "many" },
        400,
        "bad_request",
        "max_tokens",
      ],
      ["an unknown model", ADMIN_KEY, { model: "gpt-none", messages }, 404, "not_found", "model"],
      [
        "an oversized body",
        ADMIN_KEY,
        { model: MODEL, messages, pad: "x".repeat(9_000_000) },
        413,
        "body_too_large",
        null,
      ],
    ])("%s", async (_name, key, body, status, code, param) => {
      const answer = await fetch(`${world.gateway.url}/v1/chat/completions`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        },
        body: typeof body === "string" ? body : JSON.stringify(body),
      });
      const { error } = errorSchema.parse(await answer.json());
      expect({ status: answer.status, code: error.code, param: error.param }).toEqual({
        status,
        code,
        param,
      });
      expect(typeof error.message).toBe("string");
    });

    it("the model server's own refusal, unchanged and free of charge", async () => {
      world.script.status = 422;
      const error = await failure(world.openai.chat.completions.create({ model: MODEL, messages }));
      world.script.status = 200;
      expect([error.status, error.message]).toEqual([
        422,
        expect.stringContaining("The model cannot do that."),
      ]);
    });

    it("what a key's spend limit does not cover", async () => {
      const client = world.client(LIMITED_KEY);
      await client.chat.completions.create({ model: MODEL, messages, max_tokens: 20 });
      const error = await failure(client.chat.completions.create({ model: MODEL, messages, n: 100 }));
      expect([error.status, error.code]).toEqual([429, "spend_limit_exceeded"]);
    });

    it("job management by a limited key, and another key's receipt", async () => {
      expect((await world.get("/v1/cocoon/jobs", LIMITED_KEY)).status).toBe(401);
      const { response } = await world.openai.chat.completions
        .create({ model: MODEL, messages })
        .withResponse();
      const path = `/v1/receipts/${response.headers.get("cocoon-receipt")}`;
      expect((await world.get(path, LIMITED_KEY)).status).toBe(404);
    });
  });

  it("goes on with its job after a restart, and opens no second one", async () => {
    const before = await jobs();
    await world.gateway.close();
    await world.startGateway();
    await world.openai.chat.completions.create({ model: MODEL, messages });
    const after = await jobs();
    expect(after.map(({ address }) => address)).toEqual(before.map(({ address }) => address));
  });

  it("shows health and metrics", async () => {
    expect(await (await world.get("/healthz")).json()).toMatchObject({ ok: true, providers: 1, jobs: 1 });
    expect((await world.get("/metrics", "")).status).toBe(401);
    const counted = await (await world.get("/metrics")).text();
    const of = (code: string) =>
      new RegExp(
        `^cocoon_gateway_requests_total\\{route="/v1/chat/completions",code="${code}"\\} (\\d+)$`,
        "m",
      );
    expect(counted).toMatch(of("ok"));
    expect(of("backend_refused").exec(counted)).toBeNull();
    world.script.status = 422;
    await failure(world.openai.chat.completions.create({ model: MODEL, messages }));
    world.script.status = 200;
    const after = await (await world.get("/metrics")).text();
    expect([of("backend_refused").exec(after)?.[1], of("ok").exec(after)?.[1]]).toEqual([
      "1",
      of("ok").exec(counted)?.[1],
    ]);
  });

  it("closes a job on request", async () => {
    const [job] = await jobs();
    const { reader } = world.network;
    const before = await reader.account(Address.parseRaw(job?.address ?? ""));
    const closed = await world.post(`/v1/cocoon/jobs/${job?.address}/close`, {});
    expect(await closed.json()).toMatchObject({ state: "releasing" });
    await until("its provider has released it", async () => {
      const chain = await readJob({ reader }, { address: job?.address ?? "" });
      return chain.state === "absent" ? true : undefined;
    });
    // A job that ends between the look at its account and its getters is absent too.
    let looks = 0;
    const late: typeof reader = {
      ...reader,
      account: (address) => (++looks === 1 ? Promise.resolve(before) : reader.account(address)),
    };
    expect(await readJob({ reader: late }, { address: job?.address ?? "" })).toEqual({ state: "absent" });
    expect(looks).toBe(2);
  });

  it("says that the provider is away when it is", async () => {
    await world.stopProvider();
    const error = await failure(world.openai.chat.completions.create({ model: MODEL, messages }));
    expect(error.status).toBeGreaterThanOrEqual(500);
  });

  it("writes no prompt, answer or key to its log", () => {
    const log = world.logLines.join("\n");
    expect(log).toContain("request served");
    for (const secret of [PROMPT, "enclave", ADMIN_KEY, LIMITED_KEY, "sing good jump"]) {
      expect(log).not.toContain(secret);
    }
  });
});
