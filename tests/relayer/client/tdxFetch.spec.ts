import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import OpenAI, { APIError } from "openai";
import { describeTdxDevelopment } from "../../../relayer/attestation";
import * as client from "../../../relayer/client";
import { devWallet } from "../../../relayer/localnet/devWallets";
import { createLog } from "../../../relayer/observe/log";
import { toHex } from "../../../relayer/protocol";
import { createWorld, GATEWAY_POLICY, MODEL, type World } from "../gateway/support/world";
import { named } from "../support/deployNetwork";

jest.setTimeout(180_000);

const PLATFORM = { rootSeed: named("root of the SDK's machines"), image: "SDK tests" };

describe("createCocoonFetch and workers in TDX machines", () => {
  let world: World;
  let folder: string;
  let rootKey: string;
  beforeAll(async () => {
    world = await createWorld({ tdx: PLATFORM });
    folder = mkdtempSync(join(tmpdir(), "cocoon-sdk-tdx-"));
    const described = describeTdxDevelopment(PLATFORM, world.net.chain.now());
    rootKey = toHex(described.rootKey);
    writeFileSync(join(folder, "collateral.json"), JSON.stringify(described.collateral));
  });
  afterAll(async () => {
    await world.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** One question through a fetch of its own: the answer, or why the log says that the worker was refused. */
  async function ask(options: Partial<client.CocoonFetchOptions>): Promise<string> {
    const lines: string[] = [];
    const { net, network } = world;
    const fetch = client.createCocoonFetch({
      network: { globalId: net.chain.globalId, networkRegistry: network.registry.address.toString() },
      endpoints: [net.endpoint],
      mnemonic: devWallet("spare3").mnemonic,
      store: "memory:",
      policy: { ...GATEWAY_POLICY, tees: ["tdx"] },
      log: createLog({ name: "sdk", level: "warn", destination: { write: (line) => lines.push(line) } }),
      clock: world.clock,
      ...options,
    });
    try {
      const openai = new OpenAI({ apiKey: "not used", fetch, maxRetries: 0 });
      const messages = [{ role: "user" as const, content: "a prompt" }];
      const answer = await openai.chat.completions.create({ model: MODEL, messages });
      return answer.choices[0]?.message.content ?? "";
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(APIError);
      const refusals = lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === "worker refused");
      return String(refusals[0]?.reason);
    } finally {
      await fetch.close();
    }
  }
  const collateral = () => client.createFileCollateral(join(folder, "collateral.json"));
  const accepted = (policy: object) => client.parsePolicyFile(JSON.stringify(policy));

  it("refuses them where no way to verify quotes is given, and says so", async () => {
    expect(await ask({})).toContain("quoteRootNotPinned");
  });

  it("refuses a machine whose certificates do not end in Intel's root, or in the one that is given", async () => {
    expect(await ask({ quotes: { collateral: collateral() } })).toMatch(/fails these checks: .*[rR]oot/);
  });

  it("refuses by a policy file: other tiers, other images, other sites, newer collateral", async () => {
    const quotes = { collateral: collateral(), rootKey };
    const refusal = (policy: object) => ask({ quotes, accepted: accepted(policy) });
    expect(await refusal({ tiers: [1] })).toContain("tier of the worker's image");
    expect(await refusal({ images: ["11".repeat(32)] })).toContain(
      "policy does not allow the worker's image",
    );
    expect(await refusal({ knownSites: ["22".repeat(16)] })).toContain("no site that the policy knows");
    expect(await refusal({ minEvaluationNumber: 10_000 })).toContain("fails these checks");
  });

  it("verifies the quote in process, and seals to what it proves", async () => {
    const quotes = { collateral: collateral(), rootKey };
    // The development machine's name, as every certificate that is made here says it.
    const policy = accepted({ tiers: [0], tees: ["tdx"], knownSites: ["11".repeat(16)] });
    expect(await ask({ quotes, accepted: policy })).toBe("Hello from the enclave");
  });
});
