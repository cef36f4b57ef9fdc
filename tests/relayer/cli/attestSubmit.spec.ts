import { Command } from "commander";
import { addManageCommands } from "../../../relayer/cli/manage/commands";
import { devWallet } from "../../../relayer/localnet/devWallets";
import { createWorld, type World } from "../provider/support/world";

// Each command derives a wallet's key of 100,000 rounds.
jest.setTimeout(180_000);

describe("cocoon attest submit", () => {
  let world: World;
  beforeAll(async () => {
    // No relayer: nobody else attests the worker.
    world = await createWorld({ tdx: true, start: false });
  });
  afterAll(async () => {
    process.exitCode = undefined;
    await world.close();
  });

  async function submit(...flags: string[]) {
    let stdout = "";
    let stderr = "";
    const program = new Command("cocoon").exitOverride();
    addManageCommands(program, {
      env: {
        COCOON_ENDPOINTS: world.net.endpoint,
        COCOON_OPERATOR_MNEMONIC: devWallet("operator").mnemonic,
      },
      stdout: { write: (text) => (stdout += text) },
      stderr: { write: (text) => (stderr += text) },
      ask: () => Promise.reject(new Error("nobody answers")),
    });
    await program.parseAsync(["attest", "submit", world.worker.url, ...flags], { from: "user" });
    const code = process.exitCode;
    process.exitCode = undefined;
    return { code, stdout, stderr };
  }
  const workers = async () => (await world.network.provider.getWorkers()).keys();

  it("refuses a worker that is not bound, and sends nothing", async () => {
    expect(await submit()).toMatchObject({ code: 4, stderr: expect.stringContaining("status 503") });
  });

  it("shows in a dry run what the cold path would send, and sends nothing", async () => {
    const network = { provider: world.network.provider.address, registry: world.network.attestation.address };
    await fetch(`${world.worker.url}/v1/bind`, {
      method: "POST",
      body: JSON.stringify({
        provider: network.provider.toRawString(),
        registry: network.registry.toRawString(),
        networkId: world.net.chain.globalId,
      }),
    });
    const tried = await submit("--dry-run");
    expect(tried).toMatchObject({ code: 0, stdout: expect.stringContaining("cold, over block") });
    expect(await workers()).toEqual([]);
  });

  it("has the chain attest the worker, cold at first and hot from then on", async () => {
    const cold = await submit();
    expect(cold).toMatchObject({ code: 0, stdout: expect.stringContaining("Register the authority") });
    expect(cold.stdout).toContain(`attested  worker ${world.worker.receiptPublicKey}`);
    expect(await workers()).toEqual([BigInt(`0x${world.worker.receiptPublicKey}`)]);
    expect(await submit()).toMatchObject({ code: 0, stdout: expect.stringContaining("path      hot") });
  });

  it("says why the registry refuses a quote, and why a machine's contract does", async () => {
    const { attestation } = world.network;
    await attestation.send(
      await world.network.via("guardian"),
      { value: (await attestation.getMinValueToGovern()) + 10_000_000n },
      { $$type: "RaiseQeSvn", queryId: 1n, qeSvn: 9n },
    );
    expect(await submit()).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/ATTESTATION_REFUSED.*ErrQeTooOld.*DCAP/),
    });
    await world.net.chain.mine(200);
    world.hooks.onQuote = async () => {
      await world.net.chain.mine(1_700);
    };
    expect(await submit()).toMatchObject({ code: 1, stderr: expect.stringContaining("ErrStaleBlock") });
  });
});
