import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Address, toNano } from "@ton/core";
import type { BlockchainTransaction } from "@ton/sandbox";
import { z } from "zod";
import { measureSession } from "../../bench/session";
import { deliverOpen, settleHead } from "../support/actors";
import { events } from "../support/expect";
import { BUDGET, createWorld, enlistProvider, STAKE, type World } from "../support/world";

const COMMITTED = z
  .object({ session: z.object({ total: z.object({ ton: z.number() }) }) })
  .parse(JSON.parse(readFileSync(join(__dirname, "../../bench/gas.json"), "utf8")));
const EARNED = toNano("0.5");
const FEE = (EARNED * 200n) / 10_000n;
const QUERY = { queryId: 1n } as const;

/** What left an account for the chain itself: gas, storage, and the forwarding of what it sent. */
function feesOf(transactions: readonly BlockchainTransaction[], address: Address): bigint {
  return transactions
    .filter((tx) => tx.inMessage?.info.dest?.toString() === address.toString())
    .reduce((sum, tx) => {
      const forwarded = [...tx.outMessages.values()].reduce(
        (fees, { info }) => fees + (info.type === "internal" ? info.forwardFee : 0n),
        0n,
      );
      return sum + tx.totalFees.coins + forwarded;
    }, 0n);
}

/** Value that arrived at an account in messages, less what left it in messages. */
function moved(transactions: readonly BlockchainTransaction[], address: Address): bigint {
  let sum = 0n;
  for (const { inMessage } of transactions) {
    if (inMessage?.info.type === "internal") {
      const { src, dest, value } = inMessage.info;
      sum += dest.equals(address) ? value.coins : 0n;
      sum -= src.equals(address) ? value.coins : 0n;
    }
  }
  return sum;
}

describe("A session", () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
    await enlistProvider(world);
  });

  it("is opened, accepted, settled, closed and released, and every nanoton is accounted for", async () => {
    const job = await world.job(1n);
    const actors = {
      developer: world.developer.address,
      operator: world.operator.address,
      owner: world.owner.address,
      treasury: world.treasury.address,
      provider: world.provider.address,
      job: job.address,
    };
    const balances = async (): Promise<Record<string, bigint>> => {
      const all: Record<string, bigint> = {};
      for (const [name, address] of Object.entries(actors)) {
        all[name] = (await world.chain.getContract(address)).balance;
      }
      return all;
    };
    const before = await balances();

    const opened = await deliverOpen(world, job);
    expect((await job.getJobState()).state).toBe(3n);
    expect((await world.provider.getProviderState()).bonded).toBe(BUDGET / 10n);

    const settled = await settleHead(world, job, { amount: EARNED });
    expect(events(settled.transactions)).toMatchObject([
      { $$type: "HeadSettledEvent", amount: EARNED, cosigned: true, paid: EARNED },
    ]);
    expect(await job.getJobState()).toMatchObject({ committed: EARNED, paid: EARNED, feesOwed: FEE });

    const closing = await job.send(
      world.developer.getSender(),
      { value: await job.getMinValueToCloseJob() },
      { $$type: "CloseJob", ...QUERY },
    );
    expect((await job.getJobState()).state).toBe(4n);
    const released = await job.send(
      world.operator.getSender(),
      { value: await job.getMinValueToEndJob() },
      { $$type: "ReleaseJob", ...QUERY },
    );

    const transactions = [opened, settled, closing, released].flatMap((each) => each.transactions);
    const after = await balances();
    // Each account holds what it held, with what the messages brought and took, less its own fees.
    for (const [name, address] of Object.entries(actors)) {
      const change = (after[name] ?? 0n) - (before[name] ?? 0n);
      expect([name, change]).toEqual([name, moved(transactions, address) - feesOf(transactions, address)]);
    }
    // Who earned and paid what, chain fees apart.
    const arrived = (address: Address, type: number): bigint =>
      transactions.reduce((sum, { inMessage }) => {
        const slice = inMessage?.body.beginParse();
        const found =
          inMessage?.info.type === "internal" &&
          inMessage.info.dest.equals(address) &&
          slice !== undefined &&
          slice.remainingBits >= 32 &&
          slice.preloadUint(32) === type;
        return sum + (found && inMessage.info.type === "internal" ? inMessage.info.value.coins : 0n);
      }, 0n);
    const PAYMENT = 0x4a45f001;
    const REFUND = 0x4a45f002;
    expect(arrived(actors.owner, PAYMENT)).toBe(EARNED - FEE);
    expect(arrived(actors.treasury, PAYMENT)).toBe(FEE);
    const refund = arrived(actors.developer, REFUND);
    expect(refund).toBeGreaterThan(BUDGET - EARNED); // with the rent that was not used
    // deposited = paid + fees + refunds, and what is left over went to the chain and nobody else.
    const sum = (all: Record<string, bigint>): bigint => Object.values(all).reduce((a, b) => a + b, 0n);
    const chainFees = Object.values(actors).reduce(
      (fees, address) => fees + feesOf(transactions, address),
      0n,
    );
    expect(sum(before) - sum(after)).toBe(chainFees);

    expect(after.job).toBe(0n);
    expect(await world.provider.getProviderState()).toMatchObject({
      stake: STAKE,
      bonded: 0n,
      openJobs: 0n,
      accepted: 1n,
      completed: 1n,
      earned: EARNED,
    });
  });

  it("costs with W5 wallets exactly what bench/gas.json says", async () => {
    const { sessionTotalNano } = await measureSession();
    expect(Number(sessionTotalNano) / 1e9).toBe(COMMITTED.session.total.ton);
  });
});
