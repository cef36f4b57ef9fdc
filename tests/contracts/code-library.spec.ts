import { beginCell, type Cell, toNano } from "@ton/core";
import { Blockchain } from "@ton/sandbox";
import { accountSize } from "../../bench/gas/recorder";
import { measureSession } from "../../bench/session";
import { MAINNET_2026_CONFIG } from "../../relayer/localnet/config";
import { codeLibrary } from "../../wrappers/CodeLibrary";
import { contractCodes } from "../../wrappers/codes";
import { settle } from "../support/heads";
import { BUDGET, createWorld, enlistProvider, openJob, START } from "../support/world";

const YEAR = 31_536_000;

async function wholeCode(): Promise<Cell> {
  return (await contractCodes("whole")).job;
}

describe("CodeLibrary", () => {
  it("publishes its code with every deposit, keeps all coins, and takes nothing but empty messages", async () => {
    const chain = await Blockchain.create({ config: MAINNET_2026_CONFIG, autoDeployLibs: true });
    chain.now = START;
    const anyone = await chain.treasury("anyone");
    const code = await wholeCode();
    const library = chain.openContract(await codeLibrary(code));
    expect(library.address.workChain).toBe(-1);
    const before = await anyone.getBalance();
    for (const round of [1n, 2n]) {
      await library.send(anyone.getSender(), { value: toNano("1") }, null);
      const account = await chain.getContract(library.address);
      const state = account.account.account?.storage.state;
      const published = state?.type === "active" ? state.state.libraries?.values() : [];
      expect(published?.map(({ public: isPublic, root }) => [isPublic, root.equals(code)])).toEqual([
        [true, true],
      ]);
      expect(account.balance).toBeGreaterThan(toNano("0.9") * round);
    }
    // The first message brings the code: "about 1.1 TON once", as docs/deploy.md says.
    const kept = (await chain.getContract(library.address)).balance;
    expect(Number(before - (await anyone.getBalance()) - kept) / 1e9).toBeCloseTo(1.1, 1);
    const { transactions } = await anyone.send({
      to: library.address,
      value: toNano("1"),
      body: beginCell().storeUint(0, 32).endCell(),
    });
    const refused = transactions.find(
      ({ inMessage }) => inMessage?.info.dest?.toString() === library.address.toString(),
    );
    expect(refused?.description).toMatchObject({ aborted: true, computePhase: { exitCode: 130 } });
  });

  it("costs the rent that docs/deploy.md tells", async () => {
    const { chain } = await createWorld();
    const library = await codeLibrary(await wholeCode());
    const { cells, bits } = accountSize(await chain.getContract(library.address));
    const perYear = ((cells * 500_000 + bits * 1_000) * YEAR) / 65_536;
    expect({ cells, perYearTon: Number((perYear / 1e9).toFixed(1)) }).toEqual({
      cells: 196,
      perYearTon: 87,
    });
  });
});

describe("A network whose jobs carry whole code", () => {
  it("works as one with a library does, and costs 0.0134 TON more per session", async () => {
    const world = await createWorld({ jobCode: "whole" });
    await enlistProvider(world);
    const job = await world.job(1n);
    await job.send(
      world.developer.getSender(),
      { value: BUDGET + (await world.network.getMinValueToOpenJob()) },
      openJob(world),
    );
    await job.send(
      world.operator.getSender(),
      { value: await job.getMinValueToSettle() },
      settle({ job: job.address, amount: 5n }),
    );
    expect((await job.getJobState()).paid).toBe(5n);
    const { account } = await world.chain.getContract(job.address);
    const state = account.account?.storage.state;
    expect(state?.type === "active" && state.state.code?.equals(await wholeCode())).toBe(true);

    const more = (await measureSession("whole")).sessionTotalNano - (await measureSession()).sessionTotalNano;
    expect((Number(more) / 1e9).toFixed(4)).toBe("0.0134");
  });

  it("is not needed to get a value back: a job whose library is not published refuses it", async () => {
    const world = await createWorld({ publishJobCode: false });
    await enlistProvider(world);
    const job = await world.job(1n);
    const value = BUDGET + (await world.network.getMinValueToOpenJob());
    const before = await world.developer.getBalance();
    await job.send(world.developer.getSender(), { value }, openJob(world));
    expect(before - (await world.developer.getBalance())).toBeLessThan(toNano("0.02"));
  });
});
