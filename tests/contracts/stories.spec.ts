import type { Address } from "@ton/core";
import {
  storeChangeParams,
  storeDisputeClaim,
  storeExecuteChange,
  storeNetworkParams,
  storePause,
  storeQueueChange,
  storeSyncParams,
} from "../../wrappers/messages";
import {
  body,
  type Delivery,
  deliver,
  expire,
  finalize,
  type Job,
  open,
  QUERY,
  releaseClaims,
  settleHead,
  useWorld,
  type Wallet,
} from "../support/actors";
import { expectDone, expectEnded, expectPaid, expectRefused, storageFee } from "../support/expect";
import { DAY, networkParams, STAKE, START } from "../support/world";

// Somebody stops, or turns against the others. A stranger pokes; everyone leaves with exactly what they are owed.

const world = useWorld();
const COSIGNED = 300_000_000n;
const CLAIM = 700_000_000n;
const DEADLINE = 7 * DAY;
const feeOf = (gross: bigint) => (gross * 200n) / 10_000n;
const netOf = (gross: bigint) => gross - feeOf(gross);
const at = (seconds: number) => {
  world().chain.now = START + seconds;
};

/** The end pays exactly this, the developer all the rest, and the provider has its stake to itself again. */
async function expectEveryoneOut(
  ended: Delivery,
  { due, fees, earned }: { due: bigint; fees: bigint; earned: bigint },
) {
  const { owner, treasury, developer, provider } = world();
  const held = ended.before.balance - storageFee(ended.tx);
  expectPaid(ended, owner.address, due);
  expectPaid(ended, treasury.address, fees);
  expectPaid(ended, developer.address, held - due - fees, "Refund");
  expect(ended.after).toEqual({ balance: 0n, data: undefined });
  expect(await provider.getProviderState()).toMatchObject({ stake: STAKE, bonded: 0n, openJobs: 0n, earned });
  await takeStakeHome();
}

/** Stake leaves once unbonding is over, whatever has happened. */
async function takeStakeHome() {
  const { provider, owner, chain } = world();
  const value = await provider.getMinValueToChangeStake();
  await provider.send(owner.getSender(), { value }, { $$type: "Unbond", queryId: QUERY, amount: STAKE });
  chain.now = (chain.now ?? START) + 7 * DAY;
  const home = await provider.send(
    owner.getSender(),
    { value },
    { $$type: "WithdrawUnbonded", queryId: QUERY },
  );
  expect(home.transactions).toHaveTransaction({ from: provider.address, to: owner.address, value: STAKE });
}

const send = async (from: Wallet, to: Address, value: bigint, content: ReturnType<typeof body>) =>
  deliver(world(), { from, to, value, body: content });

async function served(): Promise<Job> {
  const job = await open(world());
  await settleHead(world(), job, { amount: COSIGNED });
  return job;
}

describe("Whoever falls silent", () => {
  it("a developer: what its worker has claimed is paid after the window, by a stranger's messages", async () => {
    const job = await served();
    await settleHead(world(), job, { amount: CLAIM, session: null }, world().stranger);
    at(DAY);
    expectDone(await releaseClaims(world(), job), { kept: -netOf(CLAIM - COSIGNED), out: 3 });
    at(DEADLINE);
    expectDone(await expire(world(), job), { out: 2 });
    at(DEADLINE + DAY);
    const ended = await finalize(world(), job);
    await expectEveryoneOut(ended, {
      due: 0n,
      fees: feeOf(COSIGNED) + feeOf(CLAIM - COSIGNED),
      earned: CLAIM,
    });
  });

  it("a provider: the developer has all back that was not earned, and the provider its bond", async () => {
    const job = await open(world());
    at(DEADLINE);
    await expire(world(), job);
    at(DEADLINE + DAY);
    await expectEveryoneOut(await finalize(world(), job), { due: 0n, fees: 0n, earned: 0n });
  });

  it("a relayer, whose heads somebody else carries: they pay the owner all the same", async () => {
    const job = await open(world());
    expectDone(await settleHead(world(), job, { amount: COSIGNED }, world().stranger), {
      kept: -netOf(COSIGNED),
      out: 3,
    });
    await settleHead(world(), job, { amount: CLAIM, session: null }, world().stranger);
    at(DEADLINE);
    await expire(world(), job);
    at(DEADLINE + DAY);
    const ended = await finalize(world(), job);
    const due = CLAIM - COSIGNED;
    await expectEveryoneOut(ended, { due: netOf(due), fees: feeOf(COSIGNED) + feeOf(due), earned: CLAIM });
  });

  it("an arbiter: the disputed claim stands when its time is over, and the developer has its bond back", async () => {
    const job = await served();
    await settleHead(world(), job, { amount: CLAIM, session: null });
    const { developer } = world();
    const bond = (CLAIM - COSIGNED) / 10n;
    const value = bond + (await job.getMinValueToDispute());
    expectDone(
      await send(
        developer,
        job.address,
        value,
        body(storeDisputeClaim({ $$type: "DisputeClaim", queryId: QUERY })),
      ),
      { kept: bond, out: 2 },
    );
    at(2 * DAY - 1);
    expectRefused(await finalize(world(), job), "ErrClaimPending");
    at(2 * DAY);
    const ended = await finalize(world(), job);
    const due = CLAIM - COSIGNED;
    expectEnded(ended, { out: 6 });
    await expectEveryoneOut(ended, { due: netOf(due), fees: feeOf(COSIGNED) + feeOf(due), earned: CLAIM });
  });

  it("everybody at once: the last to know is a stranger, a year later", async () => {
    const job = await served();
    await settleHead(world(), job, { amount: CLAIM, session: null });
    at(365 * DAY);
    await expire(world(), job);
    const ended = await finalize(world(), job);
    const due = CLAIM - COSIGNED;
    await expectEveryoneOut(ended, { due: netOf(due), fees: feeOf(COSIGNED) + feeOf(due), earned: CLAIM });
  });
});

describe("A governor turned hostile", () => {
  it("with the guardian's help delays nothing that is owed: dates, shares and bonds are those of the acceptance", async () => {
    const job = await served();
    const { network, provider, governor, guardian, stranger, attestation, treasury } = world();
    const value = await network.getMinValueToGovern();
    const harsh = {
      ...networkParams({
        treasury: stranger.address,
        arbiter: governor.address,
        attestationRegistry: attestation.address,
      }),
      feeBps: 1_000n,
      bondBps: 10_000n,
      challengeSeconds: BigInt(7 * DAY),
      closeSeconds: BigInt(7 * DAY),
      unbondingSeconds: BigInt(365 * DAY),
    };
    const change = body(
      storeChangeParams({ $$type: "ChangeParams", params: body(storeNetworkParams(harsh)) }),
    );
    const changeHash = BigInt(`0x${change.hash().toString("hex")}`);
    await send(
      governor,
      network.address,
      value,
      body(storeQueueChange({ $$type: "QueueChange", queryId: QUERY, changeHash })),
    );
    await send(guardian, network.address, value, body(storePause({ $$type: "Pause", queryId: QUERY })));
    await settleHead(world(), job, { amount: CLAIM, session: null });
    at(DAY);
    const executed = body(storeExecuteChange({ $$type: "ExecuteChange", queryId: QUERY, change }));
    expectDone(await send(stranger, network.address, value, executed), { out: 2 });
    await send(
      stranger,
      provider.address,
      await provider.getMinValueToSyncParams(),
      body(storeSyncParams({ $$type: "SyncParams", queryId: QUERY })),
    );
    expect((await provider.getProviderState()).paused).toBe(true);

    expectDone(await releaseClaims(world(), job), { kept: -netOf(CLAIM - COSIGNED), out: 3 });
    at(DEADLINE);
    await expire(world(), job);
    at(DEADLINE + DAY);
    const ended = await finalize(world(), job);
    const fees = feeOf(COSIGNED) + feeOf(CLAIM - COSIGNED);
    expectEnded(ended, { out: 5 });
    expectPaid(ended, treasury.address, fees);
    expectPaid(
      ended,
      world().developer.address,
      ended.before.balance - storageFee(ended.tx) - fees,
      "Refund",
    );
    expect(await provider.getProviderState()).toMatchObject({ stake: STAKE, bonded: 0n, earned: CLAIM });
  });
});
