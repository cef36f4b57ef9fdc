import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { type Role, readConfig } from "../../../relayer/config";
import { type Localnet, startLocalnet } from "../../../relayer/localnet/startLocalnet";
import { silentLog } from "../../../relayer/observe/log";

jest.setTimeout(120_000);

const ROOT = resolve(__dirname, "..", "..", "..");

describe("a process that cannot start", () => {
  let net: Localnet;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "cocoon-starting-"));
    net = await startLocalnet({ port: 0, blockMs: 0, log: silentLog });
  });
  afterAll(async () => {
    await net.close();
    rmSync(folder, { recursive: true });
  });

  const cocoon = (args: readonly string[], env: Record<string, string> = {}) =>
    promisify(execFile)(process.execPath, ["relayer/cli/cocoon.cjs", ...args], {
      cwd: ROOT,
      env: { ...process.env, ...env },
    }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (failed: { code: number; stdout: string; stderr: string }) => failed,
    );

  it.each<[Role, Record<string, string>, RegExp]>([
    [
      "gateway",
      { COCOON_TOTAL_MS: "soon" },
      /^The gateway cannot start\. COCOON_NETWORK_REGISTRY is not set; .*COCOON_TOTAL_MS: Invalid input/,
    ],
    ["provider", { COCOON_PROVIDER: "" }, /^The relayer cannot start\. .*COCOON_PROVIDER is not set/],
    [
      "manage",
      { COCOON_GATEWAY_URL: "nowhere" },
      /^The command cannot start\. COCOON_GATEWAY_URL: Invalid URL\./,
    ],
  ])("names what its configuration lacks: %s", (role, env, sentence) => {
    expect(() => readConfig(role, env)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
    expect(() => readConfig(role, env)).toThrow(sentence);
  });

  it("names the port that another one holds", async () => {
    const { port } = new URL(net.endpoint);
    const { code, stderr } = await cocoon(["localnet"], { COCOON_LOCALNET_PORT: port });
    expect([code, stderr]).toEqual([1, expect.stringContaining(`127.0.0.1:${port} is in use: stop what`)]);
  });

  it("leaves the directory alone in which another network runs", async () => {
    const dir = join(folder, "up");
    const kept = join(dir, "receipt.json");
    mkdirSync(dir);
    writeFileSync(join(dir, ".cocoon-up"), net.endpoint);
    writeFileSync(kept, "{}");
    const { code, stderr } = await cocoon(["up", "--once", "--dir", dir]);
    expect([code, stderr]).toEqual([1, expect.stringContaining(`A network runs in ${dir} already: stop it`)]);
    expect(existsSync(kept)).toBe(true);
  });

  it("says what a port is", async () => {
    const { code, stderr } = await cocoon(["up", "--port", "http"]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("--port is a number from 0 to 65535")]);
  });
});
