import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { freePort } from "../../../relayer/cli/up/plan";
import { devWallet } from "../../../relayer/localnet/devWallets";
import { type Receiver, startReceiver } from "../alerts/receiver";
import { until } from "../support/until";

jest.setTimeout(240_000);

const CLI = join(__dirname, "..", "..", "..", "relayer", "cli", "cocoon.cjs");
const TOKEN = "123456:not-for-any-log";
const adminSchema = z.object({ url: z.string(), token: z.string() });
const listSchema = z.object({
  workers: z.array(z.object({ url: z.string(), state: z.string() })),
  kept: z.boolean().optional(),
});

/** `cocoon relayer` with a file of workers, nobody at its chain endpoint, and no worker that lives. */
describe("the relayer's process", () => {
  const folder = mkdtempSync(join(tmpdir(), "cocoon-relayer-"));
  const file = join(folder, "workers");
  const dataDir = join(folder, "data");
  const log = join(folder, "log");
  const [one, two, three] = ["http://127.0.0.1:9", "http://127.0.0.1:10", "http://127.0.0.1:11"];
  let relayer: ChildProcess;
  let receiver: Receiver;
  const env: Record<string, string> = {};
  beforeAll(async () => {
    receiver = await startReceiver();
    writeFileSync(file, `# the first rack\n${one} left\n`);
    Object.assign(env, {
      COCOON_LOG_LEVEL: "warn",
      COCOON_ENDPOINTS: "http://127.0.0.1:9/api/v2/jsonRPC",
      COCOON_NETWORK_REGISTRY: devWallet("deployer").v5.toString(),
      COCOON_ATTESTATION_REGISTRY: devWallet("deployer").v5.toString(),
      COCOON_PROVIDER: devWallet("provider").v5.toString(),
      COCOON_OPERATOR_MNEMONIC: devWallet("operator").mnemonic,
      COCOON_ATTESTORS: "http://127.0.0.1:9",
      COCOON_PROVIDER_PORT: String(await freePort(0)),
      COCOON_DATA_DIR: dataDir,
      COCOON_WORKERS_FILE: file,
      COCOON_WORKERS: "",
      COCOON_ALERT_WEBHOOK: `${receiver.url}/hook`,
      COCOON_ALERT_TELEGRAM_API: receiver.url,
      COCOON_ALERT_TELEGRAM_TOKEN: TOKEN,
      COCOON_ALERT_TELEGRAM_CHAT: "7",
      DATABASE_URL: "",
    });
    relayer = spawn(process.execPath, [CLI, "relayer"], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "ignore", openSync(log, "a")],
    });
    await untilWorkers([one]);
  });
  afterAll(async () => {
    relayer.kill("SIGKILL");
    await receiver.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const admin = () => adminSchema.parse(JSON.parse(readFileSync(join(dataDir, "admin.json"), "utf8")));
  const urls = async () => {
    const { url, token } = admin();
    const answer = await fetch(`${url}/workers`, { headers: { authorization: `Bearer ${token}` } });
    return listSchema.parse(await answer.json()).workers.map((worker) => worker.url);
  };
  const untilWorkers = (wanted: readonly string[]) =>
    until(
      `the workers are ${wanted.join(" ")}`,
      async () => {
        const now = await urls().catch(() => undefined);
        return now?.join(" ") === wanted.join(" ") ? true : undefined;
      },
      120_000,
    );
  const cocoon = (args: readonly string[]) =>
    promisify(execFile)(process.execPath, [CLI, "relayer", "workers", ...args], {
      env: { ...process.env, ...env },
    }).then(
      ({ stdout }) => ({ code: 0, stdout, stderr: "" }),
      (failed: { code: number; stdout: string; stderr: string }) => failed,
    );

  it("opens its admin routes to those who can read its file, on the loopback interface", async () => {
    expect(statSync(join(dataDir, "admin.json")).mode & 0o777).toBe(0o600);
    const { url } = admin();
    expect(new URL(url).hostname).toBe("127.0.0.1");
    for (const authorization of ["", "Bearer ", `Bearer ${"0".repeat(64)}`]) {
      const answer = await fetch(`${url}/workers`, { headers: { authorization } });
      expect(answer.status).toBe(401);
    }
  });

  it("takes a worker in by command, drains it by command, and writes both into the file", async () => {
    const added = await cocoon(["add", two, "--json"]);
    expect(listSchema.parse(JSON.parse(added.stdout))).toMatchObject({
      kept: true,
      workers: [{}, { url: two }],
    });
    expect(readFileSync(file, "utf8")).toBe(`# the first rack\n${one} left\n${two}\n`);
    const [listed, drained, unknown, wrong] = await Promise.all([
      cocoon(["list"]),
      cocoon(["drain", one]),
      cocoon(["drain", three]),
      cocoon(["add", "ftp://somewhere"]),
    ]);
    expect(listed.stdout.split("\n")[0]).toMatch(/^worker +state +model +running +queued$/);
    expect([drained.code, unknown.code, wrong.code]).toEqual([0, 1, 1]);
    expect(wrong.stderr).toContain("is no worker's URL");
    expect(readFileSync(file, "utf8")).toBe(`# the first rack\n${two}\n`);
    await untilWorkers([two]);
  });

  it("follows its file, keeps what it has when the file is wrong, and looks again at SIGHUP", async () => {
    writeFileSync(file, `${two}\n${three}\n`);
    await untilWorkers([two, three]);
    writeFileSync(file, `${three}\nnonsense\n`);
    relayer.kill("SIGHUP");
    await until("the wrong file is read", async () =>
      readFileSync(log, "utf8").includes("nonsense is no worker's URL") ? true : undefined,
    );
    expect(await urls()).toEqual([two, three]);
    writeFileSync(file, `${three}\n`);
    relayer.kill("SIGHUP");
    await untilWorkers([three]);
  });

  it("tells its operator over webhook and Telegram that nobody serves and no chain answers, and logs no token", async () => {
    const told = (path: string, text: string) =>
      receiver.received.some((one) => one.path === path && JSON.stringify(one.body).includes(text));
    await until(
      "the alerts have come",
      async () =>
        ["No worker serves", "No chain endpoint answers"].every(
          (text) => told("/hook", text) && told(`/bot${TOKEN}/sendMessage`, text),
        )
          ? true
          : undefined,
      90_000,
    );
    expect(readFileSync(log, "utf8").includes(TOKEN)).toBe(false);
  });

  it("is alive and not ready: its probes say so", async () => {
    const at = (path: string) => fetch(`http://127.0.0.1:${env.COCOON_PROVIDER_PORT}${path}`);
    const [health, ready] = await Promise.all([at("/healthz"), at("/readyz")]);
    expect([health.status, ready.status]).toEqual([200, 503]);
    expect(await ready.json()).toEqual({ ok: false, workers: 0, stopping: false });
    // Metrics are set each ten seconds: they may still tell of the worker that was taken out.
    await until("one dead worker is shown", async () =>
      (await (await at("/metrics")).text()).includes('cocoon_provider_workers{state="dead"} 1')
        ? true
        : undefined,
    );
  });

  it("says where it looked when no relayer runs there, with exit code 4", async () => {
    const ended = await cocoon(["list", "--data-dir", folder]);
    expect([ended.code, ended.stderr]).toEqual([4, expect.stringContaining(folder)]);
  });

  it("stops at SIGTERM with 0, and takes its admin file away", async () => {
    const exit = once(relayer, "exit");
    relayer.kill("SIGTERM");
    expect(await exit).toEqual([0, null]);
    expect(() => statSync(join(dataDir, "admin.json"))).toThrow("ENOENT");
  });
});
