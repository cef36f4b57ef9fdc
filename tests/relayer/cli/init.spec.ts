import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { parse } from "dotenv";
import { z } from "zod";
import { walletFromMnemonic } from "../../../relayer/chain";
import { addManageCommands } from "../../../relayer/cli/manage/commands";
import { readConfig } from "../../../relayer/config";
import { devWallet } from "../../../relayer/localnet/devWallets";

const REGISTRY = devWallet("deployer").v5.toString();
const ATTESTATION = devWallet("guardian").v5.toString();
const STAKE = devWallet("provider").v5.toString();
const NETWORK = ["--network", "testnet", "--registry", REGISTRY, "--attestation-registry", ATTESTATION];
const resultSchema = z.object({
  dryRun: z.boolean(),
  file: z.string(),
  role: z.string(),
  wallet: z.string(),
});

// A new wallet is drawn until it has a valid check, at 100,000 hash rounds each time.
jest.setTimeout(60_000);

describe("cocoon init", () => {
  const folder = mkdtempSync(join(tmpdir(), "cocoon-init-"));
  const out = join(folder, ".env");
  afterEach(() => rmSync(out, { force: true }));
  afterAll(() => rmSync(folder, { recursive: true }));

  async function init(args: readonly string[]) {
    let stdout = "";
    let stderr = "";
    const program = new Command("cocoon").exitOverride();
    addManageCommands(program, {
      env: {},
      stdout: { write: (text) => (stdout += text) },
      stderr: { write: (text) => (stderr += text) },
      ask: () => Promise.reject(new Error("nobody answers")),
    });
    await program.parseAsync(["init", "--out", out, ...args], { from: "user" });
    const code = process.exitCode ?? 0;
    process.exitCode = undefined;
    return { code, stdout, stderr };
  }
  const written = () => parse(readFileSync(out, "utf8"));

  it("makes a developer's configuration that a gateway takes, with a wallet and keys of its own", async () => {
    const { code, stdout } = await init(["--role", "developer", ...NETWORK, "--budget", "2.5", "--json"]);
    const result = resultSchema.parse(JSON.parse(stdout));
    const config = readConfig("gateway", written());
    expect([code, config.COCOON_GLOBAL_ID, config.COCOON_JOB_BUDGET_NANO]).toEqual([0, -3, 2_500_000_000n]);
    expect(config.COCOON_NETWORK_REGISTRY.toString()).toBe(REGISTRY);
    const words = (written().COCOON_DEVELOPER_MNEMONIC ?? "").split(" ");
    const { address } = await walletFromMnemonic({ words, networkGlobalId: -3 });
    expect(result.wallet).toBe(address.toString({ bounceable: false, testOnly: true }));
    expect(statSync(out).mode & 0o777).toBe(0o600);
    // Words and keys stand in the file alone.
    const { COCOON_API_KEYS: apiKey = "?", COCOON_STORE_KEY: storeKey = "?" } = written();
    const secrets = [words.join(" "), apiKey, storeKey];
    expect(secrets.filter((secret) => stdout.includes(secret))).toEqual([]);
  });

  it("makes a provider's configuration that a relayer takes, with the operator's words that it was given", async () => {
    const file = join(folder, "words");
    writeFileSync(file, `${devWallet("operator").mnemonic.split(" ").join("\n")}\n`);
    const role = ["--role", "provider", "--provider", STAKE, "--words-file", file];
    const { code, stdout } = await init([
      ...role,
      ...NETWORK,
      "--workers",
      "http://10.0.0.1:8090,http://10.0.0.2:8090",
    ]);
    const config = readConfig("provider", written());
    expect([code, config.COCOON_OPERATOR_MNEMONIC]).toEqual([0, devWallet("operator").mnemonic]);
    expect(config.COCOON_WORKERS).toEqual(["http://10.0.0.1:8090", "http://10.0.0.2:8090"]);
    expect(stdout.split("\n").filter((line) => line.length > 80 && !line.includes(folder))).toEqual([]);
    expect(stdout.includes("aunt narrow")).toBe(false);
  });

  it("says a word about each variable", async () => {
    await init(["--role", "developer", ...NETWORK]);
    const lines = readFileSync(out, "utf8").split("\n");
    const bare = lines.filter((line, index) => {
      const before = lines[index - 1] ?? "";
      return /^[A-Z_]+=/.test(line) && !before.startsWith("#") && !/^[A-Z_]+=/.test(before);
    });
    expect(bare).toEqual([]);
  });

  it("leaves a file alone that is there, unless it is forced", async () => {
    writeFileSync(out, "MINE=1\n", { mode: 0o644 });
    const refused = await init(["--role", "developer", ...NETWORK]);
    expect([refused.code, readFileSync(out, "utf8")]).toEqual([1, "MINE=1\n"]);
    expect(refused.stderr).toContain("--force");
    expect((await init(["--role", "developer", ...NETWORK, "--force"])).code).toBe(0);
    expect([written().MINE, statSync(out).mode & 0o777]).toEqual([undefined, 0o600]);
  });

  it("writes nothing in a dry run", async () => {
    const { code, stdout } = await init(["--role", "developer", ...NETWORK, "--dry-run"]);
    expect([code, stdout.includes("Nothing was written")]).toEqual([0, true]);
    expect(() => statSync(out)).toThrow("ENOENT");
  });

  it.each<[string, readonly string[]]>([
    ["--registry is missing", ["--role", "developer", "--network", "testnet"]],
    ["--registry must be a TON address", ["--role", "developer", "--network", "testnet", "--registry", "EQ"]],
    ["--budget must be an amount of TON", ["--role", "developer", ...NETWORK, "--budget", "-1"]],
    ["--provider is missing", ["--role", "provider", ...NETWORK]],
    ["--workers must be URLs", ["--role", "provider", ...NETWORK, "--provider", STAKE, "--workers", "here"]],
    ["--role", ["--role", "both", ...NETWORK]],
  ])("names what is wrong: %s", async (sentence, args) => {
    const { code, stderr } = await init(args);
    expect([code, stderr]).toEqual([1, expect.stringContaining(sentence)]);
    expect(() => statSync(out)).toThrow("ENOENT");
  });
});
