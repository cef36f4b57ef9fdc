import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { createTdxDevelopmentSource } from "../../../relayer/attestation";
import { formatCollateral } from "../../../relayer/attestation/tdx/collateral";
import { makeTestCollateral } from "../../../relayer/attestation/tdx/makeTestCollateral";
import { TEST_FACTS } from "../../../relayer/attestation/tdx/makeTestQuote";
import { addManageCommands } from "../../../relayer/cli/manage/commands";
import { devWallet } from "../../../relayer/localnet/devWallets";
import { toHex } from "../../../relayer/protocol";
import { writeDeployment } from "../../../wrappers/deployments";
import { createWorld, TDX_PLATFORM, until, type World } from "../provider/support/world";

// Each command derives a wallet's key of 100,000 rounds.
jest.setTimeout(180_000);

const FMSPC = toHex(TEST_FACTS.fmspc);

describe("cocoon attest post", () => {
  const folder = mkdtempSync(join(tmpdir(), "cocoon-post-"));
  const files = { quote: join(folder, "quote"), collateral: join(folder, "collateral.json") };
  const env = { COCOON_DEPLOYMENT: join(folder, "deployment.json") };
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ tdx: true, start: false });
    const { attestation, registry } = world.network;
    const deployment = { globalId: world.net.chain.globalId, attestationRegistry: attestation.address };
    writeDeployment({ ...deployment, networkRegistry: registry.address }, env);
    const evidence = await createTdxDevelopmentSource(TDX_PLATFORM).quote(new Uint8Array(64));
    writeFileSync(files.quote, evidence.kind === "tdx" ? evidence.quote : "");
    const issuedAt = world.net.chain.now() - 1;
    const made = makeTestCollateral({ rootSeed: TDX_PLATFORM.rootSeed, issuedAt });
    writeFileSync(files.collateral, JSON.stringify(formatCollateral(made)));
  });
  afterAll(async () => {
    process.exitCode = undefined;
    rmSync(folder, { recursive: true });
    await world.close();
  });

  async function post(...flags: string[]) {
    let stdout = "";
    let stderr = "";
    const program = new Command("cocoon").exitOverride();
    addManageCommands(program, {
      env: {
        ...env,
        COCOON_ENDPOINTS: world.net.endpoint,
        // Nobody in particular: the registry takes documents from anyone.
        WALLET_MNEMONIC: devWallet("spare1").mnemonic,
      },
      stdout: { write: (text) => (stdout += text) },
      stderr: { write: (text) => (stderr += text) },
      ask: () => Promise.reject(new Error("nobody answers")),
    });
    const named = ["--quote", files.quote, "--collateral", files.collateral];
    await program.parseAsync(["attest", "post", ...named, ...flags], { from: "user" });
    const code = process.exitCode;
    process.exitCode = undefined;
    return { code, stdout, stderr };
  }
  const numberOnChain = async () =>
    (await world.network.attestation.getQuotePolicy()).minimums.get(BigInt(`0x${FMSPC}`))?.number;

  it("shows in a dry run what it would send, and sends nothing", async () => {
    expect(await post("--dry-run")).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`Post tcb-info ${FMSPC}:18`),
    });
    expect(await numberOnChain()).toBe(0n);
  });

  it("posts what is news to the chain, and then nothing", async () => {
    const { code, stdout } = await post();
    expect([code, stdout.match(/posted .*/g)]).toEqual([
      0,
      [`posted    tcb-info ${FMSPC}:18`, "posted    qe-identity 18"],
    ]);
    await until("the chain has both", async () => {
      const { qeNumber } = await world.network.attestation.getQuotePolicy();
      return (await numberOnChain()) === 18n && qeNumber === 18n ? true : undefined;
    });
    expect(await post()).toMatchObject({ code: 0, stdout: expect.stringContaining("nothing ") });
  });

  it("says what is wrong with files that cannot be read", async () => {
    expect(await post("--collateral", join(folder, "absent.json"))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("collateral file"),
    });
  });
});
