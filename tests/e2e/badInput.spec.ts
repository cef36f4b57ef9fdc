import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request } from "undici";
import { z } from "zod";
import { createSecretBox } from "../../relayer/client/secretBox";
import { ERROR_CODES } from "../../relayer/errors";
import { devWallets } from "../../relayer/localnet/devWallets";
import { fromHex, toBase64, toHex } from "../../relayer/protocol";
import { ask, createAsker } from "./support/asker";
import { readSealedSecrets } from "./support/books";
import { type Network, type RoleName, startNetwork } from "./support/network";
import { until } from "./support/until";

const BOOT_MS = 300_000;
/** A failure must be told within this time, on a busy machine too. */
const LIMIT_MS = 60_000;
const OVERSIZE = 9 * 1024 * 1024;
/** Words that stand nowhere else: where they show, a prompt leaked. */
const SECRET = "zebrafish orchid lantern";
const WRONG_KEY = "ck-00000000000000000000000000000000";

const errorSchema = z.strictObject({
  error: z.strictObject({
    message: z.string().min(10),
    type: z.enum([
      "invalid_request_error",
      "authentication_error",
      "rate_limit_error",
      "insufficient_quota",
      "api_error",
    ]),
    param: z.string().nullable(),
    code: z.enum(ERROR_CODES.map((code) => code.toLowerCase())),
  }),
});

describe("what goes wrong between a client and the chain", () => {
  let network: Network;

  beforeAll(async () => {
    network = await startNetwork({
      name: "bad-input",
      env: { localnet: { COCOON_LOCALNET_BLOCK_MS: "100" } },
    });
  }, BOOT_MS);
  afterAll(() => network?.stop(), 60_000);

  const question = (model = "cocoon-tiny") =>
    JSON.stringify({ model, messages: [{ role: "user", content: SECRET }] });
  const post = async (body: string, apiKey = network.plan.apiKey) => {
    const answer = await request(`${network.baseUrl}/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
      body,
      headersTimeout: LIMIT_MS,
    });
    const json: unknown = await answer.body.json();
    return { status: answer.statusCode, json };
  };
  /** Status and code of a refusal; throws when it does not have OpenAI's shape. */
  const refusal = async (body: string, apiKey?: string) => {
    const { status, json } = await post(body, apiKey);
    const { error } = errorSchema.parse(json);
    return { status, code: error.code, type: error.type };
  };
  const untilServed = () =>
    until(
      "it is served again",
      async () => ((await post(question())).status === 200 ? true : undefined),
      120_000,
    );

  it("serves, before anything goes wrong", async () => {
    const client = createAsker(network);
    await ask(client, SECRET, false);
    await ask(client, SECRET, true);
  }, 120_000);

  it(
    "refuses a wrong API key",
    async () => {
      const refused = { status: 401, code: "unauthorized", type: "authentication_error" };
      expect(await refusal(question(), WRONG_KEY)).toEqual(refused);
    },
    LIMIT_MS,
  );

  it(
    "refuses a body that is not JSON",
    async () => {
      const refused = { status: 400, code: "bad_request", type: "invalid_request_error" };
      expect(await refusal(`{"model": "cocoon-tiny", "messages": [${SECRET}`)).toEqual(refused);
    },
    LIMIT_MS,
  );

  it(
    "refuses a model that nobody serves",
    async () => {
      const refused = { status: 404, code: "not_found", type: "invalid_request_error" };
      expect(await refusal(question("gpt-none"))).toEqual(refused);
    },
    LIMIT_MS,
  );

  it(
    "refuses a body of 9 MiB",
    async () => {
      const refused = { status: 413, code: "body_too_large", type: "invalid_request_error" };
      expect(await refusal(question().replace(SECRET, SECRET.padEnd(OVERSIZE, " x")))).toEqual(refused);
    },
    LIMIT_MS,
  );

  it(
    "reads a body of 9 MiB to its end after refusing it, so that whoever is still writing gets the answer",
    async () => {
      const sending = httpRequest(`${network.baseUrl}/chat/completions`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${network.plan.apiKey}`,
          "content-type": "application/json",
          "content-length": OVERSIZE,
        },
      });
      sending.flushHeaders();
      const [answer]: IncomingMessage[] = await once(sending, "response");
      sending.end(Buffer.alloc(OVERSIZE, " "));
      await once(sending, "finish");
      expect(answer?.statusCode).toBe(413);
      expect(await answer?.toArray()).not.toHaveLength(0);
      expect(sending.errored).toBeNull();
    },
    LIMIT_MS,
  );

  it.each<readonly ["backend" | RoleName, readonly string[]]>([
    ["backend", ["backend_unavailable", "worker_unavailable"]],
    ["worker", ["worker_unavailable", "stale_key", "no_provider"]],
    ["relayer", ["worker_unavailable", "no_provider"]],
  ])(
    "names the failure while the %s is dead, and serves again once it is back",
    async (role, codes) => {
      await network.kill(role);
      const { status, code, type } = await refusal(question());
      expect(codes).toContain(code);
      expect([502, 503]).toContain(status);
      expect(type).toBe("api_error");
      await network.start(role);
      await untilServed();
    },
    300_000,
  );

  it("serves an open job while the chain is away, names the failure of a new one, and recovers", async () => {
    await network.kill("localnet");
    const { data } = await ask(createAsker(network), SECRET, false).then(() => listJobs());
    for (const { address } of data.filter(({ state }) => state === "active")) {
      await close(address);
    }
    expect(await refusal(question())).toEqual({ status: 503, code: "chain_unavailable", type: "api_error" });
    await network.start("localnet");
    await untilServed();
  }, 300_000);

  const authorized = () => ({ authorization: `Bearer ${network.plan.apiKey}` });
  const listJobs = async () => {
    const { body } = await request(`${network.baseUrl}/cocoon/jobs`, { headers: authorized() });
    return z
      .object({ data: z.array(z.object({ address: z.string(), state: z.string() })) })
      .parse(await body.json());
  };
  const close = async (address: string) => {
    const { statusCode, body } = await request(`${network.baseUrl}/cocoon/jobs/${address}/close`, {
      method: "POST",
      headers: authorized(),
    });
    await body.dump();
    expect(statusCode).toBe(200);
  };

  it("has written no secret to any log", async () => {
    await network.stopOne("gateway");
    const { plan } = network;
    const sealed = await readSealedSecrets(network.dataDir("gateway"));
    const box = createSecretBox(fromHex(plan.storeKey, 32));
    const seeds = sealed.map(({ job, sealedSecret }) => box.open(job, sealedSecret));
    expect(seeds.length).toBeGreaterThan(1);
    const secrets = [
      ...SECRET.split(" "),
      "You said",
      plan.apiKey,
      WRONG_KEY,
      plan.storeKey,
      plan.tdxRootSeed,
      ...seeds.flatMap((seed) => [toHex(seed), toBase64(seed)]),
      ...devWallets().flatMap(({ mnemonic }) => {
        const words = mnemonic.split(" ").slice(0, 4);
        return [words.join(" "), words.join(","), words.join('","')];
      }),
    ];
    const leaks = [...network.logs()].flatMap(([file, text]) =>
      secrets.filter((secret) => text.includes(secret)).map((secret) => `${file}: ${secret}`),
    );
    expect(leaks).toEqual([]);
    for (const role of ["localnet", "worker", "relayer", "gateway"]) {
      expect(network.logs().get(`${role}.log`)).toContain('"msg":');
    }
  }, 60_000);
});
