import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beginCell, Dictionary, toNano } from "@ton/core";
import { mnemonicNew } from "@ton/crypto";
import { z } from "zod";
import type { Check } from "../../../relayer/cli/manage/checks";
import {
  checkPort,
  checkSecrets,
  checkState,
  checkTee,
  checkVersion,
} from "../../../relayer/cli/manage/machineChecks";
import { devWallet } from "../../../relayer/localnet/devWallets";
import { type Localnet, startLocalnet } from "../../../relayer/localnet/startLocalnet";
import { silentLog } from "../../../relayer/observe/log";
import { storeNetworkParams } from "../../../wrappers/messages";
import { NetworkRegistry } from "../../../wrappers/NetworkRegistry";
import { networkParams } from "../../support/world";
import { type DeployedNetwork, deployNetwork } from "../support/deployNetwork";
import { commandsWith } from "./support/runCommand";

jest.setTimeout(180_000);

const DEAD = "http://127.0.0.1:9/api/v2/jsonRPC";
const resultSchema = z.object({
  ok: z.boolean(),
  checks: z.array(
    z.object({ name: z.string(), outcome: z.string(), detail: z.string(), fix: z.string().optional() }),
  ),
});

describe("cocoon doctor", () => {
  let net: Localnet;
  let network: DeployedNetwork;
  let folder: string;
  let env: Record<string, string>;
  const { run: cocoon } = commandsWith(() => env);

  beforeAll(async () => {
    net = await startLocalnet({ port: 0, blockMs: 0, finalityBlocks: 0, log: silentLog });
    network = await deployNetwork(net);
    folder = mkdtempSync(join(tmpdir(), "cocoon-doctor-"));
    env = {
      COCOON_ENDPOINTS: net.endpoint,
      COCOON_GLOBAL_ID: String(net.chain.globalId),
      COCOON_DEPLOYMENT: deployment({}),
      COCOON_DATA_DIR: join(folder, "data"),
      COCOON_GATEWAY_URL: "http://127.0.0.1:9/v1",
    };
  });
  afterAll(async () => {
    await network.close();
    await net.close();
    rmSync(folder, { recursive: true, force: true });
  });

  let files = 0;
  function deployment(changed: object): string {
    files += 1;
    const path = join(folder, `deployment-${files}.json`);
    const content = {
      globalId: net.chain.globalId,
      networkRegistry: network.registry.address.toString(),
      attestationRegistry: network.attestation.address.toString(),
      ...changed,
    };
    writeFileSync(path, JSON.stringify(content));
    return path;
  }
  /** What it finds about one thing. */
  async function found(name: string, more: Record<string, string> = {}) {
    const { code, stdout } = await cocoon(["doctor", "--json"], { more });
    const { ok, checks } = resultSchema.parse(JSON.parse(stdout));
    expect(code).toBe(ok ? 0 : 10);
    for (const check of checks) {
      // Whatever is not well says what to do.
      expect([check.name, check.outcome === "ok" || check.fix !== undefined]).toEqual([check.name, true]);
    }
    return checks.filter((check) => check.name === name);
  }

  it("looks at everything, in an order that can be read, within 80 columns or by whole addresses", async () => {
    const { stdout } = await cocoon(["doctor"]);
    const names = stdout.split("\n").flatMap((line) => /^(?:ok|FAILED|note) +(\S+)/.exec(line)?.[1] ?? []);
    expect(names).toEqual([
      ...["version", "endpoint", "clock", "network", "gateway", "state", "secrets", "TEE"],
      ...["port", "port", "port"],
    ]);
    expect(stdout).toContain("no TEE device here\n                      -> A worker for others");
    const wide = stdout.split("\n").filter((line) => line.length > 80);
    // A name that is longer than what is left of a line stands alone in it.
    expect(wide.filter((line) => line.trim().includes(" "))).toEqual([]);
  });

  describe("the chain", () => {
    it("names the endpoint that does not answer, and asks another one about everything else", async () => {
      const more = { COCOON_ENDPOINTS: `${DEAD},${net.endpoint}` };
      expect(await found("endpoint", more)).toMatchObject([
        {
          outcome: "failed",
          detail: `${DEAD} does not answer.`,
          fix: expect.stringContaining("COCOON_ENDPOINTS"),
        },
        { outcome: "ok" },
      ]);
      expect(await found("clock", more)).toMatchObject([{ outcome: "ok" }]);
      expect(await found("network", more)).toMatchObject([{ outcome: "ok" }]);
    });

    it("compares this machine's clock with the chain's, either way", async () => {
      await net.chain.mine();
      const real = Date.now.bind(Date);
      for (const [offsetMs, words] of [
        [60_000, /^\d+ s ahead of the chain$/],
        [-60_000, /^\d+ s behind the chain$/],
      ] as const) {
        const clock = jest.spyOn(Date, "now").mockImplementation(() => real() + offsetMs);
        try {
          expect(await found("clock")).toMatchObject([
            {
              outcome: "failed",
              detail: expect.stringMatching(words),
              fix: expect.stringContaining("time synchronisation"),
            },
          ]);
        } finally {
          clock.mockRestore();
        }
      }
      await net.chain.mine();
      expect(await found("clock")).toMatchObject([{ outcome: "ok" }]);
      expect(await found("clock", { COCOON_ENDPOINTS: DEAD })).toMatchObject([
        { outcome: "failed", detail: "No chain to compare with.", fix: expect.stringContaining("endpoint") },
      ]);
    });

    it("knows the network by its deployment or its address, and its jobs' code", async () => {
      const address = network.registry.address.toString();
      const detail = `${address}: jobs of this version's code (library)`;
      expect(await found("network")).toMatchObject([{ outcome: "ok", detail }]);
      const byAddress = {
        COCOON_NETWORK_REGISTRY: network.registry.address.toRawString(),
        COCOON_DEPLOYMENT: "",
      };
      expect(await found("network", byAddress)).toMatchObject([{ outcome: "ok", detail }]);
    });

    it("says when there is no network, another one, or one of other code", async () => {
      const failure = async (more: Record<string, string>) => (await found("network", more))[0];
      expect(await failure({ COCOON_DEPLOYMENT: join(folder, "absent.json") })).toMatchObject({
        outcome: "failed",
        detail: expect.stringContaining("There is no "),
        fix: expect.stringContaining("COCOON_DEPLOYMENT"),
      });
      const nobody = network.attestation.address.workChain === 0 ? `0:${"00".repeat(32)}` : "";
      expect(await failure({ COCOON_DEPLOYMENT: deployment({ networkRegistry: nobody }) })).toMatchObject({
        outcome: "failed",
        detail: expect.stringContaining("There is no contract at "),
      });
      expect(await failure({ COCOON_DEPLOYMENT: deployment({ globalId: -3 }) })).toMatchObject({
        outcome: "failed",
        detail: `the deployment is of network -3, the configuration of ${net.chain.globalId}`,
        fix: expect.stringContaining("COCOON_GLOBAL_ID=-3"),
      });
      const networkRegistry = (await deployOther()).address.toString();
      expect(await failure({ COCOON_DEPLOYMENT: deployment({ networkRegistry }) })).toMatchObject({
        outcome: "failed",
        detail: expect.stringMatching(/has jobs of code 0*abc… ?|which this version does not know/),
        fix: expect.stringContaining("Install the version"),
      });
    });

    /** A registry whose jobs have a code that no version knows. */
    async function deployOther() {
      const { v5: address } = devWallet("deployer");
      const params = networkParams({
        treasury: address,
        arbiter: address,
        attestationRegistry: network.attestation.address,
      });
      const other = network.open(
        await NetworkRegistry.fromInit(
          ...([address, null, address, 60n, Dictionary.empty<bigint, number>(), false] as const),
          ...([1n, 1n, 0xabcn, 1n, beginCell().store(storeNetworkParams(params)).endCell()] as const),
        ),
      );
      await other.send(await network.via("deployer"), { value: toNano("0.1") }, null);
      return other;
    }

    it("tells what a wallet lacks, and words that are none", async () => {
      expect(await found("wallet", { COCOON_OWNER_MNEMONIC: devWallet("provider").mnemonic })).toMatchObject([
        { outcome: "ok", detail: expect.stringMatching(/^owner: \d/) },
      ]);
      const poor = (await mnemonicNew(24)).join(" ");
      expect(await found("wallet", { COCOON_DEVELOPER_MNEMONIC: poor })).toMatchObject([
        {
          outcome: "failed",
          detail: expect.stringMatching(/^developer: only 0 TON at /),
          fix: "Send it at least 0.5 TON.",
        },
      ]);
      const more = { COCOON_OPERATOR_MNEMONIC: "no words at all" };
      const [wrong] = await found("wallet", more);
      expect(wrong).toMatchObject({ outcome: "failed", fix: "Check the words in COCOON_OPERATOR_MNEMONIC." });
      expect(JSON.stringify(wrong)).not.toContain("no words at all");
    });
  });

  describe("the servers beside it", () => {
    let status = 200;
    const server = createServer((_request, response) => {
      response.statusCode = status;
      response.end("{}");
    });
    let url: string;
    beforeAll(async () => {
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const { port } = server.address() as AddressInfo;
      url = `http://127.0.0.1:${port}`;
    });
    afterAll(() => server.close());

    it("tells a backend that is down or refuses from one that answers", async () => {
      const backend = async (to: string) => (await found("backend", { COCOON_BACKEND_URL: to }))[0];
      expect(await backend(`${url}/v1`)).toMatchObject({ outcome: "ok" });
      status = 500;
      expect(await backend(`${url}/v1`)).toMatchObject({
        outcome: "failed",
        detail: `${url}/v1/models answers 500.`,
        fix: expect.stringContaining("COCOON_BACKEND_URL"),
      });
      status = 200;
      expect(await backend("http://127.0.0.1:9/v1")).toMatchObject({
        outcome: "failed",
        detail: "http://127.0.0.1:9/v1 does not answer.",
      });
    });

    it("tells a gateway that is down, is none, or lacks a key", async () => {
      const gateway = async (to: string, key = "ck-at-least-16-characters") =>
        (await found("gateway", { COCOON_GATEWAY_URL: to, COCOON_API_KEYS: key }))[0];
      expect(await gateway("http://127.0.0.1:9/v1")).toMatchObject({
        outcome: "failed",
        detail: expect.stringContaining("No gateway answers"),
        fix: expect.stringContaining("COCOON_GATEWAY_URL"),
      });
      expect((await gateway(url))?.detail).toContain("is no gateway of Cocoon");
      expect((await gateway(url, ""))?.detail).toContain("COCOON_API_KEYS");
    });
  });

  describe("this machine", () => {
    const failed = (detail: RegExp, fix: string | RegExp): Partial<Check> => ({
      outcome: "failed",
      detail: expect.stringMatching(detail),
      fix: typeof fix === "string" ? fix : expect.stringMatching(fix),
    });

    it("refuses a Node that is too old, by its first two numbers", () => {
      expect(checkVersion("20.19.0")).toMatchObject({ outcome: "ok" });
      expect(checkVersion("22.0.0")).toMatchObject({ outcome: "ok" });
      for (const old of ["20.18.9", "18.20.0"]) {
        expect(checkVersion(old)).toMatchObject(failed(/too old$/, "Install Node 20.19 or later."));
      }
    });

    it("finds a state folder that is missing, closed to others, open to others, a file, or on a full disk", async () => {
      const missing = join(folder, "not", "yet");
      expect(await checkState(missing)).toMatchObject({
        outcome: "ok",
        detail: expect.stringContaining(`${missing} (to be made): `),
      });
      const own = join(folder, "own");
      mkdirSync(own, { mode: 0o700 });
      expect(await checkState(own)).toMatchObject({ outcome: "ok" });
      expect(await checkState(own, 2 ** 60)).toMatchObject(
        failed(/^only [\d.]+ GiB free at /, /^Free at least [\d.]+ GiB more/),
      );
      chmodSync(own, 0o755);
      expect(await checkState(own)).toMatchObject(failed(/open to others \(mode 755\)/, `chmod 700 ${own}`));
      const file = join(folder, "file");
      writeFileSync(file, "");
      expect(await checkState(file)).toMatchObject(failed(/is no folder/, /COCOON_DATA_DIR/));
      expect(await checkState(join(file, "below"))).toMatchObject(failed(/is no folder/, /COCOON_DATA_DIR/));
    });

    it("finds a state folder that cannot be written", async () => {
      const closed = join(folder, "closed");
      mkdirSync(closed);
      chmodSync(folder, 0o755);
      chmodSync(closed, 0o500);
      const asNobody = process.geteuid?.() === 0;
      if (asNobody) {
        process.seteuid?.(65_534);
      }
      try {
        expect(await checkState(join(closed, "data"))).toMatchObject(
          failed(/closed cannot be written/, /COCOON_DATA_DIR/),
        );
      } finally {
        if (asNobody) {
          process.seteuid?.(0);
        }
      }
    });

    it("finds a file of variables that others may read", async () => {
      const file = join(folder, ".env");
      expect(await checkSecrets(file)).toMatchObject({ outcome: "ok" });
      writeFileSync(file, "", { mode: 0o600 });
      expect(await checkSecrets(file)).toMatchObject({ outcome: "ok" });
      chmodSync(file, 0o640);
      expect(await checkSecrets(file)).toMatchObject(failed(/others may read .*640/, `chmod 600 ${file}`));
    });

    it("names the TEE that it is in, or that there is none", () => {
      const device = join(folder, "tdx_guest");
      expect(checkTee([[device, "Intel TDX"]])).toMatchObject({
        outcome: "note",
        fix: expect.stringContaining("TDX or SEV-SNP guest"),
      });
      writeFileSync(device, "");
      expect(checkTee([[device, "Intel TDX"]])).toMatchObject({
        outcome: "ok",
        detail: `Intel TDX (${device})`,
      });
    });

    it("tells a free port from one in use, and from one that cannot be opened", async () => {
      const server = createServer().listen(0, "127.0.0.1");
      await new Promise((resolve) => server.once("listening", resolve));
      const { port } = server.address() as AddressInfo;
      const look = (host: string) => checkPort("gateway", { port, variable: "COCOON_GATEWAY_PORT", host });
      expect(await look("127.0.0.1")).toMatchObject({
        outcome: "note",
        detail: `${port} (gateway) is in use`,
        fix: expect.stringContaining("COCOON_GATEWAY_PORT"),
      });
      // An address that belongs to documents, so to no machine.
      expect(await look("192.0.2.1")).toMatchObject(
        failed(/cannot be opened at 192\.0\.2\.1: EADDRNOTAVAIL/, /COCOON_HOST.*COCOON_GATEWAY_PORT/),
      );
      await new Promise((resolve) => server.close(resolve));
      expect(await look("127.0.0.1")).toMatchObject({ outcome: "ok" });
    });

    it("looks at the ports that the configuration names", async () => {
      const ports = {
        COCOON_GATEWAY_PORT: "18001",
        COCOON_PROVIDER_PORT: "18002",
        COCOON_WORKER_PORT: "18003",
      };
      expect((await found("port", ports)).map(({ detail }) => detail.split(" ")[0])).toEqual([
        "18001",
        "18002",
        "18003",
      ]);
    });
  });
});
