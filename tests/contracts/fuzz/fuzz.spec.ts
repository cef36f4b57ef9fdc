import { type Address, beginCell, storeShardAccount } from "@ton/core";
import { JobEscrow } from "../../../wrappers/JobEscrow";
import { open, settleHead, useWorld } from "../../support/actors";
import { WORKER } from "../../support/world";
import { readAccount } from "./account";
import { createBags } from "./bags";
import { fuzz, replayScript } from "./fuzz";
import { useNativeHash } from "./nativeHash";
import { play } from "./play";
import { playPortions, portionsOf } from "./portions";
import { playInProcesses } from "./processes";
import { setStage } from "./stage";
import { readJob, readProvider } from "./views";

const SEQUENCES = 1_000;
/** The same sequences each time, so that a change is to blame for what it breaks; `npm run fuzz` draws new ones. */
const SEED = 41;

/** A run that never got to these would prove nothing. */
const REACHED = [
  "OpenJob",
  "OpenTask",
  "OpenAuction",
  "RequestAcceptance",
  "ReserveBond",
  "BondReserved",
  "bounced ReserveBond",
  "TopUpJob",
  "SyncLane",
  "LaneSynced",
  "bounced LaneSynced",
  "Settle",
  "ReleaseClaims",
  "CloseJob",
  "CancelJob",
  "ExpireJob",
  "FinalizeJob",
  "ReleaseJob",
  "DisputeClaim",
  "ResolveDispute",
  "ProveEquivocation",
  "ProveOvercharge",
  "ProveFalseTotal",
  "ProveShrunkLog",
  "DemandReceipt",
  "ShowReceipt",
  "ProveWithheld",
  "JobClosed",
  "DeliverTask",
  "BidOnJob",
  "BidPlaced",
  "bounced BidPlaced",
  "BidLost",
  "AwardJob",
  "ConfirmBid",
  "AnnounceAuction",
  "ReportSale",
  "AddStake",
  "Unbond",
  "WithdrawUnbonded",
  "SetCatalog",
  "SetOffers",
  "SubmitStatement",
  "SubmitQuote",
  "QuoteVerified",
  "WorkerAttested",
  "RecheckWorker",
  "CheckWorker",
  "WorkerChecked",
  "DropWorker",
  "Pause",
  "QueueChange",
  "ExecuteChange",
  "CancelChange",
  "AcceptGovernor",
  "RevokeImage",
  "RevokeModel",
  "RaiseEpoch",
  "RevokeAttestor",
  "RevokeCertificate",
  "RevokeFmspc",
  "RaiseQeSvn",
  "SyncParams",
  "ProviderAdmitted",
  "DeclareDemand",
  "AskPrice",
] as const;

useNativeHash();

describe("All contracts together", () => {
  it(`keep every rule in ${SEQUENCES} random sequences (seed ${SEED})`, async () => {
    const { violation, carriedOut } = fuzz(await setStage(), { sequences: SEQUENCES, seed: SEED });
    // What is thrown tells the rule and how to see it broken again.
    expect(violation && `${violation.rule}\n\n${replayScript(violation.sequence)}`).toBeUndefined();
    for (const name of REACHED) {
      expect([...carriedOut.keys()]).toContain(name);
    }
  }, 1_800_000);
});

describe("A sequence in which claims mature while a dispute is under way", () => {
  it("keeps every rule: the bond is of what is contested when it arrives", async () => {
    const step = { act: 0, job: 0, amount: 0, detail: 0, sender: 0, value: 0, arrivals: 0, choice: 0 };
    const one = play(await setStage(), {
      opening: "withheld",
      strategies: {
        developers: ["replaying", "honest"],
        providers: ["honest", "honest"],
        arbiter: "honest",
      },
      steps: [
        { ...step, actor: "developer", act: 75, value: 24 },
        { ...step, actor: "developer" },
        { ...step, actor: "provider" },
      ],
      unstakes: false,
    });
    expect(one.carriedOut.get("DisputeClaim")).toBe(1);
  });
});

describe("Portions of a run", () => {
  it("are all that was asked for, and none is another seed's", () => {
    const portions = portionsOf(1_100, 5);
    expect(portions.map(({ sequences }) => sequences)).toEqual([250, 250, 250, 250, 100]);
    const seeds = [5, 6, 7].flatMap((seed) => portionsOf(100_000, seed).map((portion) => portion.seed));
    expect(new Set(seeds).size).toBe(3 * 400);
  });

  it("come to the same in two processes as in one", async () => {
    const portions = [1, 2, 3].map((seed) => ({ seed, sequences: 3 }));
    const here = playPortions(await setStage(), portions, () => undefined);
    const there = await playInProcesses(portions, { jobs: 2, onProgress: () => undefined });
    expect(here.sequences).toBe(9);
    expect(there).toEqual(here);
  }, 600_000);
});

describe("Accounts as sequences read them", () => {
  const world = useWorld();

  async function account(address: Address) {
    const { account } = await world().chain.getContract(address);
    const boc = beginCell().store(storeShardAccount(account)).endCell().toBoc().toString("base64");
    return readAccount(createBags(), boc);
  }

  it("say of a job what its getters say", async () => {
    const job = await open(world());
    await settleHead(world(), job, { amount: 1_000n });
    await settleHead(world(), job, { amount: 3_000n, session: null });
    await settleHead(world(), job, { amount: 5_000n, session: null });
    const view = readJob(await account(job.address));
    const asked = world().chain.openContract(JobEscrow.fromAddress(job.address));
    const { state, budget, committed, paid, feesOwed, bond, developer } = await asked.getJobState();
    expect(view).toMatchObject({ state: Number(state), budget, committed, paid, feesOwed });
    expect(view?.accepted?.bond).toBe(bond);
    expect(view?.identity.developer.equals(developer)).toBe(true);
    expect(view?.lanes.get(WORKER.id)).toEqual((await asked.getLanes()).get(WORKER.id));
  });

  it("say of a provider what its getters say", async () => {
    await open(world());
    const { address } = world().provider;
    const state = await world().provider.getProviderState();
    const { registered, stake, bonded, unbonding, paused } = state;
    const view = readProvider(await account(address));
    expect(view).toMatchObject({ registered, stake, bonded, unbonding, paused });
    expect(view?.openJobs).toBe(Number(state.openJobs));
    const workers = await world().provider.getWorkers();
    const { expiresAt, epoch } = view?.workers.get(WORKER.id) ?? {};
    expect(workers.get(WORKER.id)).toMatchObject({
      expiresAt: BigInt(expiresAt ?? 0),
      epoch: BigInt(epoch ?? 0),
    });
    expect((await account(address)).balance).toBe((await world().chain.getContract(address)).balance);
  });
});
