import { storeCancelJob } from "../../../wrappers/messages";
import { body, deliver, expire, type Job, OP, open, QUERY, UNDERPAID, useWorld } from "../../support/actors";
import {
  events,
  expectEnded,
  expectExcess,
  expectPaid,
  expectRefused,
  storageFee,
} from "../../support/expect";
import { DAY, START, service } from "../../support/world";

const world = useWorld();

describe("JobEscrow cancel", () => {
  const refused = () => open(world(), { service: service(undefined, UNDERPAID) });

  async function cancel(job: Job, from = world().developer, short = 0n) {
    return deliver(world(), {
      from,
      to: job.address,
      value: (await job.getMinValueToEndJob()) - short,
      body: body(storeCancelJob({ $$type: "CancelJob", queryId: QUERY })),
    });
  }

  it("returns everything it holds to the developer and is gone, and tells the provider nothing", async () => {
    const job = await refused();
    const cancelled = await cancel(job);

    expectEnded(cancelled, { out: 3 });
    expectPaid(
      cancelled,
      world().developer.address,
      cancelled.before.balance - storageFee(cancelled.tx),
      "Refund",
    );
    expectExcess(cancelled);
    expect(cancelled.transactions).not.toHaveTransaction({ op: OP.JobClosed });
    expect(events(cancelled.transactions)).toMatchObject([
      { $$type: "JobClosedEvent", outcome: 0n, earned: 0n },
    ]);
  });

  it("refuses anyone but the developer", async () => {
    expectRefused(await cancel(await refused(), world().stranger), "ErrNotDeveloper");
  });

  it("refuses one nanoton below the least value", async () => {
    expectRefused(await cancel(await refused(), world().developer, 1n), "ErrValueTooLow");
  });

  it("refuses once it is Active", async () => {
    expectRefused(await cancel(await open(world())), "ErrJobNotOpen");
  });

  it("is expired by a stranger from acceptBy on, everything back to the developer", async () => {
    const job = await refused();
    world().chain.now = START + DAY - 1;
    expectRefused(await expire(world(), job), "ErrTooEarly");
    world().chain.now = START + DAY;
    const expired = await expire(world(), job);
    expectEnded(expired, { out: 3 });
    expectPaid(expired, world().developer.address, expired.before.balance - storageFee(expired.tx), "Refund");
  });
});
