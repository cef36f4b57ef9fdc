import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Address } from "@ton/core";
import { z } from "zod";
import { devWallet } from "../../../relayer/localnet/devWallets";
import { primitives, toHex } from "../../../relayer/protocol";
import {
  ADMIN_KEY,
  API_KEYS,
  createWorld,
  MODEL,
  patient,
  until,
  type World,
} from "../gateway/support/world";
import { MODEL_HASH } from "../support/deployNetwork";
import { commandsWith } from "./support/runCommand";

jest.setTimeout(240_000);

const DAY_KEY = "sk-cocoon-daily-0123456789";
const SEED = Buffer.alloc(32, 91);
const estimateSchema = z.object({
  model: z.string(),
  providers: z.array(z.looseObject({ has_job: z.boolean(), max_cost_nano: z.string() })),
});
const sentSchema = z.object({ sent: z.array(z.object({ to: z.string() })) });

describe("the commands that ask a gateway about money", () => {
  let world: World;
  let folder: string;
  let env: Record<string, string>;
  const { run: cocoon, json } = commandsWith(() => env);
  const wide = (text: string) => text.split("\n").filter((line) => line.length > 80);

  beforeAll(async () => {
    world = await createWorld();
    folder = mkdtempSync(join(tmpdir(), "cocoon-spending-"));
    const { net, network } = world;
    const deployment = join(folder, "deployment.json");
    writeFileSync(
      deployment,
      JSON.stringify({
        globalId: net.chain.globalId,
        networkRegistry: network.registry.address.toString(),
        attestationRegistry: network.attestation.address.toString(),
      }),
    );
    process.env.COCOON_DEPLOYMENT = deployment;
    await restart();
  });
  afterAll(async () => {
    delete process.env.COCOON_DEPLOYMENT;
    process.exitCode = undefined;
    await world.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function restart(options: object = {}): Promise<void> {
    const daily = { perDayNano: 50_000_000n, models: { [MODEL]: { perDayNano: 20_000_000n } } };
    const apiKeys = [...API_KEYS, { name: "daily", key: DAY_KEY, ...daily }];
    await world.gateway.close();
    await world.startGateway({}, { apiKeys, ...options });
    env = {
      COCOON_ENDPOINTS: world.net.endpoint,
      COCOON_DEPLOYMENT: process.env.COCOON_DEPLOYMENT ?? "",
      COCOON_PROVIDER: world.network.provider.address.toString(),
      COCOON_OWNER_MNEMONIC: devWallet("provider").mnemonic,
      COCOON_DEVELOPER_MNEMONIC: devWallet("spare1").mnemonic,
      COCOON_GATEWAY_URL: `${world.gateway.url}/v1`,
      COCOON_API_KEYS: ADMIN_KEY,
    };
  }
  const ask = (key?: string) =>
    patient(() =>
      world.post(
        "/v1/chat/completions",
        { model: MODEL, max_tokens: 20, messages: [{ role: "user", content: "who is there?" }] },
        key,
      ),
    );

  it("estimates a chat and any request in a file, and opens nothing for it", async () => {
    const found = await json(estimateSchema, ["estimate", MODEL, "who is there?", "--max-tokens", "20"]);
    const [best] = found.providers;
    expect(found).toMatchObject({ model: MODEL, providers: [{ has_job: false }] });
    const { stdout, code } = await cocoon(["estimate", MODEL, "who is there?", "--max-tokens", "20"]);
    expect([code, wide(stdout)]).toEqual([0, []]);
    const cost = Number(best?.max_cost_nano) / 1e9;
    expect(stdout.split("\n")[1]).toMatch(new RegExp(`development +new +\\d+ +20 +${cost}$`));
    expect((await json(z.array(z.unknown()), ["job", "list"])).length).toBe(0);
    expect((await cocoon(["job", "list"])).stdout).toBe("The gateway has no job.\n");

    const file = join(folder, "request.json");
    writeFileSync(file, JSON.stringify({ model: MODEL, input: ["a", "bcd"] }));
    const embedding = await json(estimateSchema, ["estimate", "--request", file, "--kind", "embeddings"]);
    expect(embedding.providers[0]).toMatchObject({ completion_tokens_at_most: 0 });
  });

  it("says what is wrong with what it is asked to estimate", async () => {
    const refusals = [
      [["estimate"], /Name a model and a prompt/],
      [["estimate", MODEL, "x", "--kind", "images"], /--kind is one of chat, completions/],
      [["estimate", MODEL, "x", "--max-tokens", "many"], /--max-tokens is a number/],
      [["estimate", "--request", join(folder, "absent.json")], /absent\.json cannot be read/],
      [["estimate", "nobody-has-it", "x"], /No attested worker serves this model/],
    ] as const;
    for (const [args, message] of refusals) {
      const { code, stdout, stderr } = await cocoon(args);
      expect({ args, code, stdout }).toEqual({ args, code: 1, stdout: "" });
      expect(stderr).toMatch(message);
    }
    const { code } = await cocoon(["usage", "--url", "http://127.0.0.1:9/v1"]);
    expect(code).toBe(4);
  });

  it("tells what a key has spent, in all and today, and what is left of its limits", async () => {
    expect((await ask(DAY_KEY)).status).toBe(200);
    const usage = z.looseObject({ spent_nano: z.string() });
    const spent = await until("it is booked", async () => {
      const found = await json(usage, ["usage", "--key", DAY_KEY]);
      return found.spent_nano === "5200" ? found : undefined;
    });
    expect(spent).toMatchObject({
      name: "daily",
      limit_nano: null,
      today: [
        { model: null, spent_nano: "5200", limit_nano: "50000000" },
        { model: MODEL, spent_nano: "5200", limit_nano: "20000000" },
      ],
    });
    const { stdout, code } = await cocoon(["usage", "--key", DAY_KEY]);
    expect([code, wide(stdout)]).toEqual([0, []]);
    expect(stdout).toMatch(/^key daily$/m);
    expect(stdout).toMatch(/^in all +0\.0000052 +- +-$/m);
    expect(stdout).toMatch(/^today +0\.0000052 +0\.05 +0\.0499948$/m);
    expect(stdout).toMatch(new RegExp(`^today, ${MODEL} +0\\.0000052 +0\\.02 +0\\.0199948$`, "m"));
  });

  it("lists the gateway's jobs by addresses that can be copied, to managing keys only", async () => {
    const { stdout, code } = await cocoon(["job", "list"]);
    expect([code, wide(stdout)]).toEqual([0, []]);
    const [, address = "", state] = /^(\S{48}) {2}(\w+)$/m.exec(stdout) ?? [];
    expect([Address.isFriendly(address), state]).toEqual([true, "active"]);
    expect(stdout).toContain(`  0.0000052 of 1 TON, 0.9999948 free`);
    const refused = await cocoon(["job", "list", "--key", DAY_KEY]);
    expect([refused.code, refused.stdout]).toEqual([1, ""]);
    expect(refused.stderr).toContain("may not manage jobs");
  });

  it("lists a job that is up for auction, which has no provider yet", async () => {
    expect((await cocoon(["network", "demand", toHex(MODEL_HASH), "5000"])).code).toBe(0);
    const put = await world.post("/v1/cocoon/jobs", { model: MODEL, buy: "auction" });
    const { address } = z.object({ address: z.string() }).parse(await put.json());
    const { stdout, code } = await cocoon(["job", "list"]);
    expect([code, wide(stdout)]).toEqual([0, []]);
    const [, after = ""] = stdout.split(`${Address.parseRaw(address).toString()}  auction\n`);
    expect(after).toMatch(
      /^ {2}0 of 1 TON, .*\n.*\n {2}providers bid until \d{4}-\d\d-\d\dT\d\d:\d\d, no bid yet\n/,
    );
    expect((await world.post(`/v1/cocoon/jobs/${address}/close`, {})).status).toBe(200);
  });

  it("hands over a job that was bought by auction; the model's price is then what it was sold for", async () => {
    const model = toHex(MODEL_HASH);
    const opened = await json(sentSchema, [
      ...["job", "open", model, "0.5", "--auction", "--for", "600"],
      ...["--ceiling", "400000000,40000000,1600000000,1600000000"],
      ...["--session-key", toHex(primitives.ed25519PublicKey(SEED))],
    ]);
    const job = Address.parse(opened.sent[0]?.to ?? "").toString();
    expect((await cocoon(["provider", "bid", job, "5000"])).code).toBe(0);
    await world.net.chain.setTime(world.net.chain.now() + 601);
    expect((await cocoon(["job", "award", job])).code).toBe(0);

    await restart({ mnemonic: undefined, store: `file:${folder}/walletless` });
    const file = join(folder, "seed");
    writeFileSync(file, `${toHex(SEED)}\n`);
    expect((await cocoon(["job", "adopt", job], { answers: ["what seed?"] })).stderr).toContain(
      "64 hex digits",
    );
    expect((await cocoon(["job", "adopt", "no address", "--seed-file", file])).code).toBe(1);
    const other = await cocoon(["job", "adopt", job], { answers: ["11".repeat(32)] });
    expect([other.code, other.stderr]).toEqual([
      1,
      expect.stringContaining("not that of the job's session key"),
    ]);
    const taken = await cocoon(["job", "adopt", job, "--seed-file", file]);
    expect([taken.code, taken.stdout]).toEqual([
      0,
      `${job} is the gateway's: ${MODEL}, active, 0.5 TON to spend\n`,
    ]);
    const again = await json(z.looseObject({ address: z.string() }), ["job", "adopt", job], {
      answers: [toHex(SEED)],
    });
    expect(again.address).toBe(Address.parse(job).toRawString());

    // Nothing was sold yet.
    const marketSchema = z.array(
      z.looseObject({
        market: z.looseObject({ price_nano: z.string().nullable(), sales: z.number() }).nullable(),
      }),
    );
    expect(await json(marketSchema, ["models"])).toMatchObject([
      { market: { price_nano: null, sales: 0, demand_tokens_per_day: "5000" } },
    ]);
    const answer = await ask();
    expect([answer.status, answer.headers.get("cocoon-job")]).toEqual([
      200,
      Address.parse(job).toRawString(),
    ]);
    await until("it is settled", async () => {
      const [held] = await json(z.array(z.looseObject({ settled_nano: z.string() })), ["job", "list"]);
      return held?.settled_nano === "5200" ? true : undefined;
    });
    expect((await cocoon(["job", "close", job])).code).toBe(0);
    await until("it has ended", async () => {
      const { state } = await json(z.looseObject({ state: z.string() }), ["job", "show", job]);
      return state === "absent" ? true : undefined;
    });
    await world.net.chain.setTime(world.net.chain.now() + 301);
    const sold = await until("the sale is told", async () => {
      const [found] = await json(marketSchema, ["models"]);
      return found?.market?.sales === 1 ? found : undefined;
    });
    // Half of the ceiling, three parts read and one written, which is what the provider asks, too.
    expect(sold).toMatchObject({
      market: { price_nano: "350000000", volume_nano: "5200" },
      pricing: { blended_nano: "350000000" },
    });
    const { stdout } = await cocoon(["models"]);
    expect([wide(stdout), stdout]).toEqual([[], expect.stringMatching(/ 0\.2 +0\.8 +0\.35$/m)]);
  });
});
