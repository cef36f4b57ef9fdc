import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify, stripVTControlCharacters } from "node:util";
import { Address, toNano } from "@ton/core";
import { z } from "zod";
import { chat } from "../../../relayer/cli/manage/gatewayCommands";
import { devWallet } from "../../../relayer/localnet/devWallets";
import { primitives, toHex } from "../../../relayer/protocol";
import { JobEscrow } from "../../../wrappers/JobEscrow";
import { settle } from "../../support/heads";
import { testKey } from "../../support/keys";
import { DAY, statement } from "../../support/world";
import { ADMIN_KEY, createWorld, MODEL, until, type World } from "../gateway/support/world";
import { IMAGE_HASH, MODEL_HASH, STAKE, toUint } from "../support/deployNetwork";
import { commandsWith } from "./support/runCommand";

// A machine that runs many suites at once is slow, and each command derives a key of 100,000 rounds.
jest.setTimeout(240_000);

const ROOT = resolve(__dirname, "..", "..", "..");
const DEAD = "http://127.0.0.1:9/api/v2/jsonRPC";
const checksSchema = z.object({
  ok: z.boolean(),
  checks: z.array(
    z.object({ name: z.string(), outcome: z.string(), detail: z.string(), fix: z.string().optional() }),
  ),
});
const sentSchema = z.object({
  dryRun: z.boolean(),
  sent: z.array(z.object({ to: z.string(), valueNano: z.string() })),
  notes: z.array(z.string()),
});

const auctionSchema = z.looseObject({
  state: z.string(),
  provider: z.string().optional(),
  auction: z.looseObject({ endsAt: z.number() }),
});

describe("the commands that look at a network and send to it", () => {
  let world: World;
  let folder: string;
  let env: Record<string, string>;
  let ownProvider: string;

  beforeAll(async () => {
    world = await createWorld();
    folder = mkdtempSync(join(tmpdir(), "cocoon-cli-"));
    const { net, network } = world;
    ownProvider = network.provider.address.toString();
    const deployment = join(folder, "deployment.json");
    writeFileSync(
      deployment,
      JSON.stringify({
        globalId: net.chain.globalId,
        networkRegistry: network.registry.address.toString(),
        attestationRegistry: network.attestation.address.toString(),
      }),
    );
    env = {
      COCOON_ENDPOINTS: net.endpoint,
      COCOON_DEPLOYMENT: deployment,
      COCOON_PROVIDER: ownProvider,
      COCOON_OWNER_MNEMONIC: devWallet("provider").mnemonic,
      COCOON_DEVELOPER_MNEMONIC: devWallet("spare1").mnemonic,
      COCOON_GATEWAY_URL: `${world.gateway.url}/v1`,
      COCOON_API_KEYS: ADMIN_KEY,
    };
    // The scripts read it as they do under Blueprint.
    process.env.COCOON_DEPLOYMENT = deployment;
  });
  afterAll(async () => {
    delete process.env.COCOON_DEPLOYMENT;
    process.exitCode = undefined;
    await world.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const { run: cocoon, json } = commandsWith(() => env);
  const stakeOf = async (address = ownProvider) =>
    await json(z.looseObject({ stakeNano: z.coerce.bigint(), unbondingNano: z.coerce.bigint() }), [
      "provider",
      "status",
      "--provider",
      address,
    ]);

  it("shows network and provider as text of at most 80 columns, and as JSON", async () => {
    const shown = await json(z.looseObject({ threshold: z.number(), models: z.array(z.string()) }), [
      "network",
      "show",
    ]);
    expect(shown).toMatchObject({ threshold: 2, models: [toHex(MODEL_HASH)], paused: false });
    expect(await stakeOf()).toMatchObject({
      stakeNano: STAKE,
      registered: true,
      endpoint: world.supply.proxy.url,
    });
    for (const args of [
      ["network", "show"],
      ["provider", "status"],
    ]) {
      const { stdout } = await cocoon(args);
      const lines = stdout.trimEnd().split("\n");
      expect(lines.length).toBeGreaterThan(6);
      expect(lines.filter((line) => line.length > 80)).toEqual([]);
      expect(stripVTControlCharacters(stdout)).toBe(stdout);
    }
  });

  it("shows what a stake would send in a dry run, and sends nothing; then stakes and unbonds", async () => {
    const tried = await json(sentSchema, ["provider", "stake", "5", "--dry-run"]);
    expect(tried).toMatchObject({ dryRun: true, sent: [{ to: ownProvider }] });
    expect((await stakeOf()).stakeNano).toBe(STAKE);
    const sent = await json(sentSchema, ["provider", "stake", "5"]);
    expect(sent.sent).toEqual(tried.sent);
    expect((await stakeOf()).stakeNano).toBe(STAKE + toNano("5"));
    expect((await cocoon(["provider", "unbond", "2"])).code).toBe(0);
    expect((await stakeOf()).unbondingNano).toBe(toNano("2"));
  });

  it("asks for a typed yes on mainnet, and takes nothing else for one", async () => {
    const more = { COCOON_GLOBAL_ID: "-239" };
    const before = await stakeOf();
    for (const answer of ["no", "y", ""]) {
      expect((await cocoon(["provider", "stake", "1"], { answers: [answer], more })).code).toBe(3);
    }
    expect((await stakeOf()).stakeNano).toBe(before.stakeNano);
    expect((await cocoon(["provider", "stake", "1"], { answers: ["yes"], more })).code).toBe(0);
    expect((await stakeOf()).stakeNano).toBe(before.stakeNano + toNano("1"));
  });

  it("says by its exit code what went wrong, in one line", async () => {
    const cases: readonly (readonly [number, string, readonly string[], Record<string, string>])[] = [
      [1, "Name the provider", ["provider", "status"], { COCOON_PROVIDER: "" }],
      [1, "WALLET_MNEMONIC", ["provider", "stake", "1"], { COCOON_OWNER_MNEMONIC: "" }],
      [4, "CHAIN_UNAVAILABLE", ["provider", "status"], { COCOON_ENDPOINTS: DEAD }],
      [4, "No gateway answers", ["models"], { COCOON_GATEWAY_URL: "http://127.0.0.1:9/v1" }],
      [1, "API key", ["models"], { COCOON_API_KEYS: "sk-cocoon-wrong-0123456789" }],
      [5, "send it the difference", ["provider", "stake", "90000000"], {}],
    ];
    for (const [code, sentence, args, more] of cases) {
      const ended = await cocoon(args, { more });
      expect([args, ended.code, ended.stdout.includes("Error")]).toEqual([args, code, false]);
      expect(ended.stderr).toContain(sentence);
      // Beside what is waited for, where that takes a second.
      const lines = ended.stderr.trimEnd().split("\n");
      expect(lines.filter((line) => !line.endsWith(" …"))).toHaveLength(1);
    }
  });

  it("lists models with their prices", async () => {
    const { stdout } = await cocoon(["models"]);
    expect(stdout.split("\n")[1]).toMatch(
      new RegExp(`^${MODEL} +4096 +1 +1 development/attestors +0.2 +0.8 +-$`),
    );
    expect(await json(z.array(z.looseObject({ id: z.string() })), ["models"])).toMatchObject([{ id: MODEL }]);
  });

  it("chats through the gateway, remembers, and tells cost and sum", async () => {
    const { code, stdout } = await cocoon(["chat"], { answers: ["who are you?", "and now?", ""] });
    expect(code).toBe(0);
    expect(stdout.match(/Hello from the enclave/g)).toHaveLength(2);
    expect(stdout).toContain("0.0000052 TON, 0.0000104 so far, receipt ");
  });

  it("goes on chatting on a terminal when a question fails, and forgets that question", async () => {
    let [stdout, stderr] = ["", ""];
    const answers = ["who are you?", "a question that fails", "and now?", ""];
    const io = {
      env,
      stdout: { write: (text: string) => (stdout += text), isTTY: true },
      stderr: { write: (text: string) => (stderr += text) },
      ask: async () => {
        const answer = answers.shift() ?? "";
        world.script.status = answer.includes("fails") ? 422 : 200;
        return answer;
      },
    };
    await chat(io, undefined, {});
    expect(stdout.match(/Hello from the enclave/g)).toHaveLength(2);
    expect(stdout).toContain("0.0000104 so far");
    expect(stderr).toContain("The gateway answered 422: The model cannot do that.\n");
    world.script.status = 422;
    expect((await cocoon(["chat"], { answers: ["a question that fails", ""] })).code).toBe(1);
    world.script.status = 200;
  });

  it("finds nothing that keeps jobs away from a sound provider, and compares its price", async () => {
    const { ok, checks } = await json(checksSchema, ["provider", "why"]);
    expect(ok).toBe(true);
    expect(checks.map(({ name }) => name)).toEqual([
      "registered",
      "stake",
      "capacity",
      "offers",
      "attestation",
      "endpoint",
      "price",
    ]);
  });

  it("registers a second provider, says why it gets no jobs, and mends its offers", async () => {
    const catalog = join(folder, "catalog.json");
    const offer = {
      model: toHex(MODEL_HASH),
      prompt: "900000000",
      cached: "1",
      completion: "900000000",
      reasoning: "1",
      contextLength: 512,
      concurrency: 4,
    };
    const file = {
      operator: devWallet("operator").v5.toString(),
      maxOpenJobs: 0,
      endpoint: "http://127.0.0.1:9",
      region: "CH",
      gpuModel: "H200",
      gpuCount: 1,
      vramGb: 141,
      offers: [offer],
    };
    writeFileSync(catalog, JSON.stringify(file));
    const { notes } = await json(sentSchema, ["provider", "register", catalog, "1", "--index", "1"]);
    const address = notes.at(-1)?.split(/\s+/)[1] ?? "";
    const found = await cocoon(["provider", "why", "--provider", address, "--json"]);
    const { checks } = checksSchema.parse(JSON.parse(found.stdout));
    expect([
      found.code,
      checks.filter(({ outcome }) => outcome === "failed").map(({ name }) => name),
    ]).toEqual([10, ["capacity", "attestation", "endpoint"]]);
    expect(checks.every(({ outcome, fix }) => outcome === "ok" || fix !== undefined)).toBe(true);
    expect(checks.find(({ name }) => name === "price")?.detail).toContain("1 of 1 others are cheaper");
    writeFileSync(catalog, JSON.stringify({ ...file, maxOpenJobs: 4, offers: [{ ...offer, prompt: "1" }] }));
    expect((await cocoon(["provider", "offers", catalog, "--provider", address])).code).toBe(0);
    expect(await stakeOf(address)).toMatchObject({ maxOpenJobs: 4, offers: [{ promptNano: "1" }] });
  });

  it("calculates a day from price, throughput and load", async () => {
    const day = z.object({ day: z.looseObject({ netNano: z.string(), fiat: z.number() }) });
    const speed = ["--tokens-per-second", "1000", "--load", "0.5", "--rate", "3"];
    const { day: found } = await json(day, ["provider", "earnings", ...speed]);
    // 43.2 million written at 0.8 TON a million, three times as many read at 0.2, and the fee taken off.
    const gross = 43_200_000n * 800n + 3n * 43_200_000n * 200n;
    const { feeBps } = await json(z.looseObject({ feeBps: z.number() }), ["network", "show"]);
    const net = gross - (gross * BigInt(feeBps)) / 10_000n;
    expect(found).toMatchObject({ grossNano: gross.toString(), netNano: net.toString() });
    expect(found.fiat).toBeCloseTo((Number(net) / 1e9) * 3, 6);
    expect((await cocoon(["provider", "earnings", "--tokens-per-second", "fast"])).code).toBe(1);
  });

  it("estimates a day from a card and a model's size, at the middle of the market's prices", async () => {
    const estimate = ["--gpu", "H100", "--params", "8", "--batch", "16", "--market"];
    const reckoned = await json(
      z.looseObject({
        tokensPerSecond: z.number(),
        price: z.looseObject({ promptNano: z.string(), offers: z.number() }),
      }),
      ["provider", "earnings", ...estimate, "--model", toHex(MODEL_HASH)],
    );
    // 3.35 TB/s, half of it reached, over 16 GB of weights, for each of 16 requests.
    expect(reckoned.tokensPerSecond).toBe(1_675);
    // Of two offers the lower: 0.000000001 and 0.2 TON a million.
    expect(reckoned.price).toMatchObject({ promptNano: "1", offers: 2 });
    const { code, stdout } = await cocoon(["provider", "earnings", ...estimate, "--rate", "3"]);
    expect([code, stdout.split("\n").filter((line) => line.length > 80)]).toEqual([0, []]);
    expect(stdout).toMatch(/^speed {4}1675 tokens a second, estimated from memory bandwidth: measure$/m);
    expect((await cocoon(["provider", "earnings", "--gpu", "toaster", "--params", "8"])).code).toBe(1);
  });

  it("opens, tops up, shows and closes a job", async () => {
    const key = toHex(primitives.ed25519PublicKey(new Uint8Array(32).fill(9)));
    const opened = await json(sentSchema, ["job", "open", toHex(MODEL_HASH), "1", "--session-key", key]);
    expect(opened.notes.at(-1)).toMatch(/ active$/);
    const job = Address.parse(opened.sent[0]?.to ?? "").toString();
    expect((await cocoon(["job", "topup", job, "0.5"])).code).toBe(0);
    const view = z.looseObject({ state: z.string(), budgetNano: z.coerce.bigint() });
    expect(await json(view, ["job", "show", job])).toMatchObject({
      state: "active",
      budgetNano: toNano("1.5"),
    });
    expect((await cocoon(["job", "close", job])).code).toBe(0);
    expect((await json(z.looseObject({ state: z.string() }), ["job", "show", job])).state).toMatch(
      /^(closing|absent)$/,
    );
  });

  it("makes a session key where none is given, and shows its seed once, before the job is seen", async () => {
    const seed = /^session key's seed, keep it secret: [0-9a-f]{64}$/m;
    const { code, stdout } = await cocoon(["job", "open", toHex(MODEL_HASH), "0.1"]);
    expect([code, stdout.match(new RegExp(seed, "gm"))?.length]).toEqual([0, 1]);
    expect(stdout.search(/^JobEscrow /m)).toBeGreaterThan(stdout.search(seed));
    const tried = await cocoon(["job", "open", toHex(MODEL_HASH), "0.1", "--dry-run"]);
    expect([tried.code, seed.test(tried.stdout)]).toEqual([0, false]);
  });

  it("examines this machine, and says what to mend", async () => {
    const sound = await json(checksSchema, ["doctor"]);
    expect(sound.checks).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: "endpoint", outcome: "ok" }),
        expect.objectContaining({ name: "clock", outcome: "ok" }),
        expect.objectContaining({ name: "gateway", outcome: "ok", detail: "1 model" }),
      ]),
    );
    const { code, stdout } = await cocoon(["doctor"], {
      more: { COCOON_ENDPOINTS: DEAD, COCOON_BACKEND_URL: "http://127.0.0.1:9/v1" },
    });
    expect(code).toBe(10);
    expect(stdout).toMatch(/FAILED {2}endpoint .*does not answer/);
    expect(stdout).toMatch(/FAILED {2}backend .*does not answer/);
    expect(stdout).toContain("-> Name one that answers in COCOON_ENDPOINTS");
  });

  it("completes commands in a shell", async () => {
    const { stdout } = await cocoon(["completion", "bash"]);
    const script = `${stdout}
      COMP_WORDS=(cocoon provider st); COMP_CWORD=2; _cocoon; echo "\${COMPREPLY[@]}"
      COMP_WORDS=(cocoon job open --se); COMP_CWORD=3; _cocoon; echo "\${COMPREPLY[@]}"`;
    const completed = await promisify(execFile)("bash", ["-c", script]);
    expect(completed.stdout.split("\n").slice(0, 2)).toEqual(["stake status", "--session-key"]);
    expect((await cocoon(["completion", "tcsh"])).code).toBe(1);
  });

  it("as a process: results alone on stdout, no colours, and the exit code", async () => {
    const cli = join(ROOT, "relayer", "cli", "cocoon.cjs");
    const run = (args: readonly string[]) =>
      promisify(execFile)(process.execPath, [cli, ...args], {
        env: { ...process.env, ...env, CI: "true" },
      }).then(
        ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
        (failed: { code: number; stdout: string; stderr: string }) => failed,
      );
    const [shown, refused] = await Promise.all([
      run(["provider", "status", "--json"]),
      run(["chat", "--key", "sk-cocoon-wrong-0123456789"]),
    ]);
    expect(JSON.parse(shown.stdout)).toMatchObject({ address: ownProvider });
    expect([refused.code, refused.stdout]).toEqual([1, ""]);
    expect(stripVTControlCharacters(refused.stderr)).toBe(refused.stderr);
    expect(refused.stderr).toContain("BACKEND_REFUSED: The gateway answered 401");
  });

  it("as a process: tells its version, helps in 80 columns, and verifies a receipt at the configured endpoint", async () => {
    const run = (args: readonly string[]) =>
      promisify(execFile)(process.execPath, ["relayer/cli/cocoon.cjs", ...args], {
        cwd: ROOT,
        env: { ...process.env, ...env, CI: "true" },
      }).then(
        ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
        (failed: { code: number; stdout: string; stderr: string }) => failed,
      );
    const answer = await world.post("/v1/chat/completions", {
      model: MODEL,
      messages: [{ role: "user", content: "what may I keep?" }],
    });
    const receipt = join(folder, "receipt.json");
    writeFileSync(
      receipt,
      await (await world.get(`/v1/receipts/${answer.headers.get("cocoon-receipt")}`)).text(),
    );
    const [version, help, verified, absent] = await Promise.all(
      [["--version"], ["job", "--help"], ["verify", receipt], ["verify", join(folder, "absent.json")]].map(
        run,
      ),
    );
    expect(version?.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(help?.stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
    expect([verified?.code, verified?.stderr]).toEqual([0, ""]);
    expect(verified?.stdout).toContain("attested on chain");
    expect(verified?.stdout).toContain("The receipt holds.");
    expect(stripVTControlCharacters(verified?.stdout ?? "")).toBe(verified?.stdout);
    const wide = verified?.stdout.split("\n").filter((line) => line.length > 80) ?? [];
    expect(wide.filter((line) => line.trim().includes(" "))).toEqual([]);
    expect([absent?.code, absent?.stderr]).toEqual([2, `${join(folder, "absent.json")} cannot be read.\n`]);
  });

  // Last, with the next one, because they move the chain's time.
  it("declares demand, puts a job up for auction, bids, awards it, and asks a question on the chain", async () => {
    const model = toHex(MODEL_HASH);
    expect((await cocoon(["network", "demand", model, "5000"])).code).toBe(0);
    const view = z.looseObject({
      markets: z.array(z.looseObject({ model: z.string(), demandTokensPerDay: z.coerce.bigint() })),
    });
    const { markets } = await json(view, ["network", "show"]);
    expect(markets).toMatchObject([{ model, demandTokensPerDay: 5_000n }]);
    expect((await cocoon(["network", "show"])).stdout).toContain("demand 5000 tokens a day");

    const asked = await json(sentSchema, ["job", "task", model, "0.02", "hello"]);
    const task = Address.parse(asked.sent[0]?.to ?? "").toRawString();
    await until("the task was answered", async () => {
      const answer = await fetch(`${world.supply.provider.url}/v1/tasks/${task}`);
      return answer.status === 200 ? true : undefined;
    });

    const ceiling = "400000000,40000000,1600000000,1600000000";
    const put = ["job", "open", model, "0.5"];
    for (const half of [
      ["--auction"],
      ["--ceiling", ceiling],
      ["--for", "600"],
      ["--auction", "--ceiling", ceiling, "--for", "soon"],
    ]) {
      const { code, stderr } = await cocoon([...put, ...half]);
      expect([code, stderr]).toEqual([1, expect.stringMatching(/--ceiling|whole number/)]);
    }
    const order = [...put, "--auction", "--ceiling", ceiling, "--for", "900"];
    const tried = await json(sentSchema, [...order, "--dry-run"]);
    expect([tried.dryRun, tried.sent[0]?.valueNano]).toEqual([true, expect.stringMatching(/^5\d{8}$/)]);
    const opened = await json(sentSchema, order);
    const job = Address.parse(opened.sent[0]?.to ?? "").toString();
    expect((await cocoon(["job", "award", job])).stderr).toContain("Nobody has bid");
    expect((await cocoon(["job", "show", job])).stdout).toContain("best bid   none yet");
    expect((await cocoon(["provider", "bid", job, "5000"])).code).toBe(0);
    const bidOn = await json(auctionSchema, ["job", "show", job]);
    expect(bidOn).toMatchObject({
      state: "open",
      auction: {
        model,
        ceiling: { promptNano: "400000000", reasoningNano: "1600000000" },
        best: { provider: ownProvider, bps: 5_000 },
      },
    });
    expect(bidOn.provider).toBeUndefined();
    expect(bidOn.auction.endsAt - Math.floor(Date.now() / 1_000)).toBeGreaterThan(800);
    const { stdout: page } = await cocoon(["job", "show", job]);
    expect(page).toContain("0.4, 0.04, 1.6, 1.6");
    expect(page).toContain("best bid   50 % of the ceiling, bond 0.05 TON");
    const ofAuction = page.slice(page.indexOf("auction ")).split("\n");
    expect(ofAuction.filter((line) => line.length > 80)).toEqual([]);
    await world.net.chain.setTime(world.net.chain.now() + 901);
    expect((await cocoon(["job", "award", job])).stdout).toContain("50 % of the ceiling");
    const shown = await json(z.looseObject({ state: z.string() }), ["job", "show", job]);
    expect(shown.state).toBe("active");
  });

  it("demands a receipt of what the worker alone has signed, and does not call it withheld before its time", async () => {
    const { net, network } = world;
    const worker = testKey("worker that withholds");
    const attestors = [testKey("attestor 0"), testKey("attestor 1")];
    const now = net.chain.now();
    const signed = statement(network, {
      ...{ key: worker.id, modelHash: toUint(MODEL_HASH), imageHash: toUint(IMAGE_HASH) },
      ...{ notBefore: now, expiresAt: now + DAY, networkId: net.chain.globalId, attestors },
    });
    const anyone = await network.via("spare2");
    await network.attestation.send(anyone, { value: toNano("0.1") }, signed);
    const ours = ["--worker", worker.publicKey.toString("hex")];
    const opened = await json(sentSchema, ["job", "open", toHex(MODEL_HASH), "1", ...ours]);
    const address = Address.parse(opened.sent[0]?.to ?? "");
    const job = address.toString();
    expect((await cocoon(["job", "demand", job, "0"])).stderr).toContain("No claim that waits");
    const head = { job: address, amount: toNano("0.4"), size: 3, worker, session: null };
    const issued = { ...head, issuedAt: net.chain.now(), networkId: net.chain.globalId };
    const contract = network.open(JobEscrow.fromAddress(address));
    await contract.send(anyone, { value: toNano("0.1") }, settle(issued));

    const tried = await json(sentSchema, ["job", "demand", job, "2", "--dry-run"]);
    const least = await contract.getMinValueToDemand();
    expect(tried).toMatchObject({ dryRun: true, sent: [{ to: job, valueNano: `${least}` }] });
    expect(await contract.getDemand()).toBeNull();
    expect((await cocoon(["job", "demand", job, "3"])).stderr).toContain("No claim that waits");
    expect((await cocoon(["job", "demand", job, "-1"])).code).not.toBe(0);
    const stranger = { more: { COCOON_DEVELOPER_MNEMONIC: devWallet("spare2").mnemonic } };
    expect((await cocoon(["job", "demand", job, "2"], stranger)).stderr).toContain(
      "Only the job's developer",
    );
    expect((await cocoon(["job", "withheld", job])).stderr).toContain("No receipt of this job is demanded");

    const { notes } = await json(sentSchema, ["job", "demand", job, "2"]);
    const demand = await contract.getDemand();
    expect(demand).toMatchObject({ index: 2n, size: 3n, worker: worker.id });
    const due = new Date(Number(demand?.answerBy) * 1_000).toISOString();
    expect(notes.at(-1)).toContain(`due by ${due}`);
    expect((await cocoon(["job", "withheld", job], stranger)).stderr).toContain(`until ${due}`);
  });

  it("disputes what the worker alone has signed, and the arbiter divides it when claims have stopped", async () => {
    const { net, network } = world;
    const worker = testKey("worker of a disputed job");
    const attestors = [testKey("attestor 0"), testKey("attestor 1")];
    const now = net.chain.now();
    const signed = statement(network, {
      ...{ key: worker.id, modelHash: toUint(MODEL_HASH), imageHash: toUint(IMAGE_HASH) },
      ...{ notBefore: now, expiresAt: now + DAY, networkId: net.chain.globalId, attestors },
    });
    const anyone = await network.via("spare2");
    await network.attestation.send(anyone, { value: toNano("0.1") }, signed);

    const model = toHex(MODEL_HASH);
    const ours = ["--worker", worker.publicKey.toString("hex")];
    const opened = await json(sentSchema, ["job", "open", model, "1", ...ours]);
    const address = Address.parse(opened.sent[0]?.to ?? "");
    const job = address.toString();
    expect((await cocoon(["job", "dispute", job])).stderr).toContain("No claim waits");
    const head = { job: address, amount: toNano("0.4"), worker, session: null, issuedAt: net.chain.now() };
    const contract = network.open(JobEscrow.fromAddress(address));
    await contract.send(anyone, { value: toNano("0.1") }, settle({ ...head, networkId: net.chain.globalId }));

    // A tenth of the claim, and what the getter asks for.
    const bond = toNano("0.04");
    const least = bond + (await contract.getMinValueToDispute());
    const tried = await json(sentSchema, ["job", "dispute", job, "--dry-run"]);
    expect(tried).toMatchObject({ dryRun: true, sent: [{ to: job, valueNano: `${least}` }] });
    expect(tried.notes[0]).toMatch(
      new RegExp(`^waits {6}0\\.4 TON until .*${worker.publicKey.toString("hex")}$`),
    );
    expect(tried.notes[1]).toBe("contested  0.4 TON, bond 0.04 TON");
    const mainnet = { answers: ["no"], more: { COCOON_GLOBAL_ID: "-239" } };
    expect((await cocoon(["job", "dispute", job], mainnet)).code).toBe(3);
    expect((await contract.getJobState()).state).toBe(3n);
    const stranger = { more: { COCOON_DEVELOPER_MNEMONIC: devWallet("spare2").mnemonic } };
    expect((await cocoon(["job", "dispute", job], stranger)).stderr).toContain("Only the job's developer");

    const { notes } = await json(sentSchema, ["job", "dispute", job]);
    const dispute = await contract.getDispute();
    const endsAt = new Date(Number(dispute?.endsAt) * 1_000).toISOString();
    expect([dispute?.bond, notes.at(-1)]).toEqual([bond, expect.stringContaining(`until ${endsAt}`)]);
    expect((await cocoon(["job", "dispute", job])).stderr).toContain("The job is disputed");
    const shown = await cocoon(["job", "show", job]);
    expect(shown.stdout).toContain(`the arbiter may decide until ${endsAt}`);
    expect(shown.stdout).toContain("0 TON settled\n           0.4 TON claimed, to be paid from ");
    const lane = z.object({ waiting: z.array(z.object({ nano: z.string(), maturesAt: z.number() })) });
    expect(
      await json(z.looseObject({ state: z.string(), lanes: z.array(lane) }), ["job", "show", job]),
    ).toMatchObject({
      state: "disputed",
      closeAt: Number((await contract.getJobState()).closeAt),
      dispute: { bondNano: "40000000", endsAt: Number(dispute?.endsAt) },
      // The provider's relayer gives its own worker a lane, too.
      lanes: expect.arrayContaining([{ waiting: [{ nano: "400000000", maturesAt: expect.any(Number) }] }]),
    });

    const arbiter = { more: { WALLET_MNEMONIC: devWallet("guardian").mnemonic } };
    const resolve = (bps: string, as = arbiter) => cocoon(["job", "resolve", job, bps], as);
    expect((await resolve("10001")).stderr).toContain("from 0 to 10000");
    expect((await resolve("2500")).stderr).toContain("decide from then on");
    // A day and some minutes later, for the machine and the chain alike.
    const realNow = Date.now.bind(Date);
    const clock = jest.spyOn(Date, "now").mockImplementation(() => realNow() + DAY * 1_000 + 1_200_000);
    try {
      await net.chain.mine();
      const other = { more: { WALLET_MNEMONIC: devWallet("spare2").mnemonic } };
      expect((await resolve("2500", other)).stderr).toContain("Only the arbiter");
      const before = (await network.provider.getProviderState()).earned;
      const decided = await resolve("2500");
      expect([decided.code, decided.stderr.includes("Error")]).toEqual([0, false]);
      expect(decided.stdout).toContain("provider   0.11 TON, less the network's fee");
      expect((await network.provider.getProviderState()).earned - before).toBe(toNano("0.11"));
      expect(await json(z.looseObject({ state: z.string() }), ["job", "show", job])).toMatchObject({
        state: "absent",
      });
    } finally {
      clock.mockRestore();
    }
  });
});
