import { beginCell, toNano } from "@ton/core";
import { internal } from "@ton/sandbox";
import "@ton/test-utils";
import { BUDGET, createWorld, enlistProvider, openJob } from "../support/world";

const BOUNCED = 0xffffffff;
/** What of a message comes back after the opcode. */
const BOUNCED_BITS = 256;

describe("BondReserved to a job that its dates have ended", () => {
  it("bounces and frees exactly the bond that was locked for it", async () => {
    const world = await createWorld();
    await enlistProvider(world);
    const job = await world.job(1n);
    const value = BUDGET + (await world.network.getMinValueToOpenJob());
    const { transactions } = await job.send(world.developer.getSender(), { value }, openJob(world));
    const sent = transactions.find(
      ({ inMessage }) =>
        inMessage?.info.type === "internal" &&
        inMessage.info.src.equals(world.provider.address) &&
        inMessage.info.dest.equals(job.address),
    )?.inMessage;
    const before = await world.provider.getProviderState();
    expect(before).toMatchObject({ bonded: BUDGET / 10n, openJobs: 1n });

    // The network returns it as it returns any message to an account that does not exist.
    const returned = beginCell()
      .storeUint(BOUNCED, 32)
      .storeBits((sent?.body ?? beginCell().endCell()).bits.substring(0, BOUNCED_BITS))
      .endCell();
    const bounce = await world.chain.sendMessage(
      internal({
        from: job.address,
        to: world.provider.address,
        value: toNano("0.01"),
        body: returned,
        bounced: true,
        bounce: false,
      }),
    );

    expect(bounce.transactions).toHaveTransaction({
      from: job.address,
      to: world.provider.address,
      exitCode: 0,
      actionResultCode: 0,
      outMessagesCount: 2,
    });
    expect(bounce.transactions).toHaveTransaction({ from: world.provider.address, to: world.owner.address });
    expect(await world.provider.getProviderState()).toMatchObject({
      stake: before.stake,
      bonded: 0n,
      openJobs: 0n,
      expired: 1n,
    });
  });
});
