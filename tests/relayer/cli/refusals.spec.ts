import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toNano } from "@ton/core";
import { devWallet } from "../../../relayer/localnet/devWallets";
import { type Localnet, startLocalnet } from "../../../relayer/localnet/startLocalnet";
import { silentLog } from "../../../relayer/observe/log";
import { primitives, toHex } from "../../../relayer/protocol";
import { writeDeployment } from "../../../wrappers/deployments";
import { type DeployedNetwork, deployNetwork, MODEL_HASH, PRICES, STAKE } from "../support/deployNetwork";
import { commandsWith } from "./support/runCommand";

// Each command derives a wallet's key of 100,000 rounds.
jest.setTimeout(180_000);

const MODEL = toHex(MODEL_HASH);

describe("what a contract would refuse is refused before it is sent", () => {
  const folder = mkdtempSync(join(tmpdir(), "cocoon-refusals-"));
  const path = (name: string) => join(folder, name);
  let net: Localnet;
  let network: DeployedNetwork;
  let env: Record<string, string>;
  let job: string;
  const { run: cocoon } = commandsWith(() => env);
  const asStranger = { COCOON_OWNER_MNEMONIC: devWallet("spare2").mnemonic };

  beforeAll(async () => {
    net = await startLocalnet({ port: 0, blockMs: 0, finalityBlocks: 0, log: silentLog });
    network = await deployNetwork(net);
    const { registry, attestation, provider } = network;
    const addresses = { networkRegistry: registry.address, attestationRegistry: attestation.address };
    env = {
      COCOON_ENDPOINTS: net.endpoint,
      COCOON_DEPLOYMENT: path("deployment.json"),
      COCOON_PROVIDER: provider.address.toString(),
      COCOON_OWNER_MNEMONIC: devWallet("provider").mnemonic,
      COCOON_DEVELOPER_MNEMONIC: devWallet("spare1").mnemonic,
    };
    writeDeployment({ globalId: net.chain.globalId, ...addresses }, env);
    process.env.COCOON_DEPLOYMENT = env.COCOON_DEPLOYMENT;
    const sessionPublicKey = primitives.ed25519PublicKey(Buffer.alloc(32, 9));
    const opened = await network.openJob({
      nonce: 7n,
      budgetNano: toNano("1"),
      worker: 0n,
      sessionPublicKey,
    });
    job = opened.address.toString();
  });
  afterAll(async () => {
    delete process.env.COCOON_DEPLOYMENT;
    process.exitCode = undefined;
    await network.close();
    await net.close();
    rmSync(folder, { recursive: true });
  });

  const balances = () =>
    Promise.all(
      (["provider", "spare1", "spare2"] as const).map(
        async (role) => (await network.reader.account(devWallet(role).v5)).balanceNano,
      ),
    );

  async function refusal(args: readonly string[], more: Record<string, string> = {}): Promise<string> {
    const before = await balances();
    const { code, stdout, stderr } = await cocoon(args, { more });
    expect({ args, code, stdout }).toEqual({ args, code: 1, stdout: "" });
    expect(await balances()).toEqual(before);
    return stderr;
  }

  it.each<[readonly string[], RegExp]>([
    [["provider", "stake", "-5"], /is not an amount of TON \(Stake to add\)/],
    [["provider", "stake", "0"], /^0 is not an amount of TON/],
    [["provider", "stake", "five"], /^five is not an amount of TON/],
    [["provider", "stake", "0.0000000001"], /is not an amount of TON/],
    [["provider", "status", "--provider", "EQxx"], /^EQxx is not an address \(ProviderStake\)/],
    [["job", "show", "nowhere"], /^nowhere is not an address \(JobEscrow\)/],
    [["job", "open", "llama", "1"], /^llama is not a model hash: write its 64 hex digits/],
    [["job", "open", MODEL, "1", "--session-key", "ab"], /^ab is not a session public key/],
    [
      ["job", "open", MODEL, "1", "--auction", "--ceiling", "1,2,3,cheap"],
      /^A ceiling is four prices in nanoton/,
    ],
    [["network", "demand", MODEL, "many"], /^many is not a number of tokens a day/],
    [["network", "demand", MODEL, "0"], /^0 is not a number of tokens a day/],
    [["provider", "withdraw"], /^Nothing was unbonded: unbond stake first/],
  ])("%j", async (args, sentence) => {
    expect(await refusal(args)).toMatch(sentence);
  });

  it("more than the free stake is not unbonded, and the sentence tells what is free", async () => {
    const { bonded } = await network.provider.getProviderState();
    expect(bonded).toBeGreaterThan(0n);
    expect(await refusal(["provider", "unbond", "51"])).toMatch(
      new RegExp(`^\\d+(\\.\\d+)? TON are free to unbond: of ${STAKE / 10n ** 9n}, open jobs hold `),
    );
  });

  it("nobody but the owner moves stake, and nobody but the developer a job's money", async () => {
    const ofOwner = new RegExp(
      `^Only the provider's owner may do this, ${devWallet("provider").v5.toString()}; the wallet here is ${devWallet("spare2").v5.toString()}`,
    );
    for (const args of [["stake", "1"], ["unbond", "1"], ["withdraw"]]) {
      expect(await refusal(["provider", ...args], asStranger)).toMatch(ofOwner);
    }
    writeFileSync(path("catalog.json"), JSON.stringify(catalog({})));
    expect(await refusal(["provider", "offers", path("catalog.json")], asStranger)).toMatch(
      /^Only the provider's operator or owner may do this/,
    );
    expect(await refusal(["job", "topup", job, "1"])).toMatch(/^Only the job's developer may do this/);
    expect(await refusal(["job", "close", job])).toMatch(/^Only the job's developer may do this/);
  });

  it.each<[string, string | undefined, RegExp]>([
    ["is not there", undefined, /absent\.json cannot be read/],
    ["is no JSON", "{", /is not JSON/],
    ["is no object", "[]", /is no catalog: operator is missing or not valid/],
    ["has an address that is none", catalogText({ operator: "EQxx" }), /operator is missing or not valid/],
    ["lacks its capacity", catalogText({ maxOpenJobs: undefined }), /maxOpenJobs is missing/],
    [
      "has a price that is none",
      catalogText({ offers: [{ ...offer(), cached: "cheap" }] }),
      /offers\.0\.cached is missing or not valid/,
    ],
    [
      "names a model by its name",
      catalogText({ offers: [offer(), { ...offer(), model: "llama" }] }),
      /offers\.1\.model is missing/,
    ],
  ])("a catalog that %s", async (_name, text, sentence) => {
    const file = path(text === undefined ? "absent.json" : "spoilt.json");
    if (text !== undefined) {
      writeFileSync(file, text);
    }
    expect(await refusal(["provider", "offers", file])).toMatch(sentence);
  });

  it("offers that the chain has already are not sent again", async () => {
    writeFileSync(path("catalog.json"), JSON.stringify(catalog({ maxOpenJobs: 5 })));
    expect((await cocoon(["provider", "offers", path("catalog.json")])).code).toBe(0);
    const before = await balances();
    const { code, stdout } = await cocoon(["provider", "offers", path("catalog.json")]);
    expect([code, stdout]).toEqual([0, "The provider offers this already: nothing to send.\n"]);
    expect(await balances()).toEqual(before);
  });
});

function offer() {
  return {
    model: MODEL,
    prompt: PRICES.prompt.toString(),
    cached: PRICES.cached.toString(),
    completion: PRICES.completion.toString(),
    reasoning: PRICES.reasoning.toString(),
    contextLength: 4096,
    concurrency: 4,
  };
}

function catalog(changed: object) {
  const operator = devWallet("operator").v5.toString();
  const hardware = { region: "CH", gpuModel: "H200", gpuCount: 1, vramGb: 141 };
  const rest = { maxOpenJobs: 16, endpoint: "http://127.0.0.1:9", offers: [offer()] };
  return { operator, ...hardware, ...rest, ...changed };
}

function catalogText(changed: object): string {
  return JSON.stringify(catalog(changed));
}
