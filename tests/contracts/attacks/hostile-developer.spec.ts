import { Address, toNano } from "@ton/core";
import { contractCodes } from "../../../wrappers/codes";
import { jobEscrow } from "../../../wrappers/JobEscrow";
import { storeOpenAuction, storeOpenJob, storeOpenTask } from "../../../wrappers/messages";
import {
  body,
  deliver,
  deliverOpen,
  finalize,
  OP,
  open,
  QUERY,
  releaseClaims,
  settleHead,
  useWorld,
} from "../../support/actors";
import { exitCode, expectDone, expectEnded, expectPaid, expectRefused } from "../../support/expect";
import { BUDGET, DAY, openAuction, openJob, PRICES, START, service } from "../../support/world";
import { openTaskMessage } from "../tasks/cast";

const world = useWorld();
const EARNED = toNano("0.8");
const netOf = (gross: bigint) => gross - (gross * 200n) / 10_000n;
const bare = (op: number) => body((builder) => builder.storeUint(op, 32).storeUint(QUERY, 64));

async function close(nonce = 1n) {
  const job = await world().job(nonce);
  return job.send(
    world().developer.getSender(),
    { value: await job.getMinValueToCloseJob() },
    { $$type: "CloseJob", queryId: QUERY },
  );
}

describe("A developer tries not to pay", () => {
  it("by co-signing nothing: the worker's claim is paid when its window ends", async () => {
    const job = await open(world());
    await settleHead(world(), job, { amount: EARNED, session: null });
    world().chain.now = START + DAY;
    const released = await releaseClaims(world(), job);
    expectDone(released, { kept: -netOf(EARNED), out: 3 });
    expectPaid(released, world().owner.address, netOf(EARNED));
  });

  it("by closing right after the answer: the claim still arrives and is paid with the end", async () => {
    const job = await open(world());
    await close();
    world().chain.now = START + 3_600;
    await settleHead(world(), job, { amount: EARNED, session: null });
    world().chain.now = START + DAY;
    expectRefused(await finalize(world(), job, world().developer), "ErrClaimPending");
    world().chain.now = START + 3_600 + DAY;
    const ended = await finalize(world(), job, world().developer);
    expectEnded(ended, { out: 6 });
    expectPaid(ended, world().owner.address, netOf(EARNED));
  });

  it("by living in the masterchain, or naming a market there, whose messages cost more than the end is paid for", async () => {
    const { chain, network, stranger } = world();
    const budget = BUDGET + (await network.getMinValueToOpenAuction()) + toNano("0.1");
    const market = new Address(-1, Buffer.alloc(32, 7));
    const abroad = await chain.treasury("abroad", { workchain: -1 });
    const theirs = chain.openContract(
      await jobEscrow({
        registry: network.address,
        developer: abroad.address,
        nonce: 1n,
        providerCode: (await contractCodes()).provider,
      }),
    );
    const openings = [
      {
        from: world().developer,
        job: await world().job(1n),
        write: storeOpenAuction(openAuction(world(), { market })),
      },
      {
        from: abroad,
        job: theirs,
        write: storeOpenAuction(openAuction(world(), { market: stranger.address })),
      },
      { from: abroad, job: theirs, write: storeOpenJob(openJob(world())) },
      { from: abroad, job: theirs, write: storeOpenTask(openTaskMessage(world())) },
    ];
    for (const { from, job, write } of openings) {
      const refused = await deliver(world(), {
        from,
        to: job.address,
        value: budget,
        body: body(write),
        ...(job.init === undefined ? {} : { init: job.init }),
      });
      expectRefused(refused, "ErrNotBasechain");
    }
  });

  it("by cancelling a job that runs", async () => {
    const job = await open(world());
    const value = await job.getMinValueToEndJob();
    for (const [op, code] of [
      [OP.CancelJob, "ErrJobNotOpen"],
      [OP.ReleaseJob, "ErrNotOperator"],
      [OP.FinalizeJob, "ErrJobNotRunning"],
      [OP.ExpireJob, "ErrTooEarly"],
    ] as const) {
      const delivery = await deliver(world(), {
        from: world().developer,
        to: job.address,
        value,
        body: bare(op),
      });
      expectRefused(delivery, code);
    }
  });

  it("by opening the same job anew while it runs", async () => {
    const job = await open(world());
    await settleHead(world(), job, { amount: EARNED, session: null });
    expectRefused(await deliverOpen(world(), job, { budget: 1n }), "ErrJobNotNew");
    expect((await job.getJobState()).committed).toBe(EARNED);
  });

  it("by carrying ever newer heads to push the date of the first claim", async () => {
    const job = await open(world());
    await settleHead(world(), job, { amount: EARNED, session: null });
    for (let hour = 1n; hour < 24n; hour += 4n) {
      world().chain.now = START + Number(hour) * 3_600;
      await settleHead(world(), job, { amount: EARNED + hour, session: null }, world().developer);
    }
    world().chain.now = START + DAY;
    expectDone(await releaseClaims(world(), job), { kept: -netOf(EARNED), out: 3 });
  });

  it("by co-signing next to nothing over a higher claim: the claim stands", async () => {
    const job = await open(world());
    await settleHead(world(), job, { amount: EARNED, session: null });
    await settleHead(world(), job, { amount: 1n }, world().developer);
    world().chain.now = START + DAY;
    const rest = EARNED - 1n;
    expectDone(await releaseClaims(world(), job), { kept: -netOf(rest), out: 3 });
  });
});

describe("A developer tries to have it cheaper", () => {
  it.each(["prompt", "cached", "completion", "reasoning"] as const)(
    "with a %s price one below the offer",
    async (kind) => {
      const job = await world().job(1n);
      const opened = await deliverOpen(world(), job, {
        service: service(undefined, { ...PRICES, [kind]: PRICES[kind] - 1n }),
      });
      expect(opened.transactions).toHaveTransaction({
        op: OP.ReserveBond,
        exitCode: exitCode("ErrPriceTooLow"),
      });
      expect((await job.getJobState()).state).toBe(1n);
    },
  );

  it("with a budget that the message does not bring", async () => {
    const job = await world().job(1n);
    const refused = await job.send(
      world().developer.getSender(),
      { value: BUDGET },
      {
        $$type: "OpenJob",
        queryId: QUERY,
        kind: 0n,
        budget: BUDGET,
        acceptBy: BigInt(START + DAY),
        deadline: BigInt(START + DAY),
        owner: world().owner.address,
        index: 0n,
        worker: 0n,
        sessionPublicKey: 1n,
        service: service(),
      },
    );
    expect(refused.transactions).toHaveTransaction({ to: job.address, exitCode: exitCode("ErrValueTooLow") });
  });
});
