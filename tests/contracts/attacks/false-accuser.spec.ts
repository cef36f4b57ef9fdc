import type { Builder } from "@ton/core";
import { storeCloseJob, storeReleaseJob } from "../../../wrappers/messages";
import {
  body,
  deliver,
  finalize,
  type Job,
  OP,
  open,
  QUERY,
  releaseClaims,
  settleHead,
  syncLane,
  useWorld,
} from "../../support/actors";
import { expectDone, expectEnded, expectPaid, expectRefused } from "../../support/expect";
import { testKey } from "../../support/keys";
import {
  equivocation,
  falseTotal,
  LIES,
  overcharge,
  prove,
  STEP,
  shrunkLog,
  type WorkerLog,
  workerLog,
} from "../../support/lies";
import { BUDGET, DAY, STAKE, START, WORKER } from "../../support/world";

const world = useWorld();
const BOND = BUDGET / 10n;
const netOf = (gross: bigint) => gross - (gross * 200n) / 10_000n;
const rogue = testKey("rogue");
/** TVM's own: a proof with too few hashes, a place before the first one, a receipt that is not there. */
const INTEGER_OUT_OF_RANGE = 5;
const TYPE_ERROR = 7;
type Proof = (builder: Builder) => unknown;

/** A job in which an honest worker has claimed its whole log. */
async function claimed(): Promise<{ job: Job; log: WorkerLog }> {
  const job = await open(world());
  await settleHead(world(), job, { amount: 4n * STEP, session: null });
  return { job, log: workerLog(job.address) };
}

async function release(job: Job) {
  return deliver(world(), {
    from: world().operator,
    to: job.address,
    value: await job.getMinValueToEndJob(),
    body: body(storeReleaseJob({ $$type: "ReleaseJob", queryId: QUERY })),
  });
}

describe("A false accuser, who loses gas and nothing else is changed,", () => {
  const claims: Record<string, (log: WorkerLog) => readonly [Proof, string | number]> = {
    "shows one head twice": (log) => [equivocation(log.head(), log.head()), "ErrNoFraud"],
    "shows one head signed at two times": (log) => [
      equivocation(log.head(), log.head({ issuedAt: START + 61 })),
      "ErrNoFraud",
    ],
    "shows two honest heads, the later one dearer": (log) => [
      equivocation(log.head({ size: 2 }), log.head()),
      "ErrNoFraud",
    ],
    "shows them the other way round": (log) => [
      equivocation(log.head(), log.head({ size: 2 })),
      "ErrNoFraud",
    ],
    "shows a receipt that costs its price": (log) => [
      overcharge(2, { head: log.head(), receipt: log.receipt(2) }),
      "ErrNoFraud",
    ],
    "shows two receipts in order": (log) => [
      overcharge(2, { head: log.head(), receipt: log.receipt(2), previous: log.receipt(1) }),
      "ErrNoFraud",
    ],
    "shows two receipts that are not neighbours, in the wrong order": (log) => [
      overcharge(1, { head: log.head(), receipt: log.receipt(1), previous: log.receipt(2) }),
      "ErrNotInLog",
    ],
    "shows a first receipt and one before it": (log) => [
      overcharge(0, { head: log.head(), receipt: log.receipt(0), previous: log.receipt(3) }),
      INTEGER_OUT_OF_RANGE,
    ],
    "shows the last receipt and its total": (log) => [falseTotal(log.head(), log.receipt(3)), "ErrNoFraud"],
    "shows another receipt as the last one": (log) => [falseTotal(log.head(), log.receipt(2)), "ErrNotInLog"],
    "shows the last receipt of an earlier size": (log) => [
      falseTotal(log.head(), log.receipt(2, 3)),
      "ErrNotInLog",
    ],
    "shows no receipt at all": (log) => [falseTotal(log.head(), null), TYPE_ERROR],
    "shows an honest log twice": (log) => [shrunkLog(1, log, log), "ErrNoFraud"],
    "shows an honest log and says that another leaf lies in it": (log) => [
      shrunkLog(1, { ...log, leafHash: () => 1n }, log),
      "ErrNotInLog",
    ],
    "says the same of the later one": (log) => [
      shrunkLog(1, log, { ...log, leafHash: () => 1n }),
      "ErrNotInLog",
    ],
  };
  it.each(Object.keys(claims))("%s", async (name) => {
    const { job, log } = await claimed();
    const [proof, code] = claims[name]?.(log) ?? [];
    if (proof === undefined || code === undefined) {
      throw new Error("There is no such claim.");
    }
    const refused = await prove(world(), job, proof, { from: world().developer });
    expectRefused(refused, code);
    expect((await job.getJobState()).committed).toBe(4n * STEP);
  });

  it("shows a log that somebody else has signed", async () => {
    const { job } = await claimed();
    const theirs = workerLog(job.address, { worker: rogue });
    const dearer = theirs.head({ amount: STEP });
    expectRefused(await prove(world(), job, equivocation(theirs.head(), dearer)), "ErrBadWorkerSignature");
    expectRefused(await prove(world(), job, equivocation(theirs.head(), dearer, rogue.id)), "ErrNoSuchLane");
  });

  it("shows heads for another job, another network, or an earlier opening of this one", async () => {
    const { job, log } = await claimed();
    const other = await world().job(7n);
    for (const [change, code] of [
      [{ job: other.address }, "ErrBadWorkerSignature"],
      [{ networkId: -3 }, "ErrBadWorkerSignature"],
      [{ issuedAt: START - 1 }, "ErrBadDates"],
    ] as const) {
      const lie = equivocation(log.head(), log.head({ amount: STEP, ...change }));
      expectRefused(await prove(world(), job, lie), code);
    }
  });

  it("bends one hash of a proof, leaves one out, or adds one", async () => {
    const job = await open(world());
    const log = workerLog(job.address, { changes: { 2: { amount: 3n * STEP + 1n } } });
    const longer = workerLog(job.address, { size: 9, changes: { 2: { amount: 3n * STEP + 1n } } });
    const bent = workerLog(job.address, {
      changes: { 2: { amount: 3n * STEP + 1n }, 0: { status: "failed" } },
    });
    for (const [receipt, code] of [
      [bent.receipt(2), "ErrNotInLog"],
      [log.receipt(2, 3), "ErrNotInLog"],
      [longer.receipt(2), "ErrNotInLog"],
    ] as const) {
      expectRefused(await prove(world(), job, overcharge(2, { head: log.head(), receipt })), code);
    }
    // In its true place it is a lie.
    expectEnded(await prove(world(), job, overcharge(2, { head: log.head(), receipt: log.receipt(2) })), {
      out: 3,
    });
  });

  it("shows a receipt at a place beyond the log", async () => {
    const { job, log } = await claimed();
    for (const index of [4, 2 ** 40]) {
      const refused = await prove(
        world(),
        job,
        overcharge(index, { head: log.head(), receipt: log.receipt(3) }),
      );
      expectRefused(refused, "ErrNotInLog");
    }
  });

  it("is not let in by a job of a worker that signs for the same provider elsewhere", async () => {
    const { job } = await claimed();
    const second = await open(world(), { worker: 0n }, 2n);
    const log = workerLog(second.address);
    expectRefused(
      await prove(world(), second, equivocation(log.head(), log.head({ amount: STEP }))),
      "ErrNoSuchLane",
    );
    await syncLane(world(), second.address);
    expectEnded(await prove(world(), second, equivocation(log.head(), log.head({ amount: STEP }))), {
      out: 3,
    });
    expect((await job.getJobState()).state).toBe(3n);
  });
});

describe("What was co-signed, or has matured,", () => {
  const lies = Object.keys(LIES).map((name) => [name] as const);
  const lieOf = (name: string, job: Job) => {
    const write = LIES[name];
    if (write === undefined) {
      throw new Error("There is no such lie.");
    }
    return write(job.address);
  };

  it.each(lies)("is out of reach of every proof: %s", async (name) => {
    const job = await open(world());
    await settleHead(world(), job, { amount: 7n * STEP, size: 7 });
    expectRefused(
      await prove(world(), job, lieOf(name, job), { from: world().developer }),
      "ErrClaimSettled",
    );
    expectEnded(await release(job), { out: 5 });
  });

  it("is out of reach when it has matured without anyone's word", async () => {
    const job = await open(world());
    await settleHead(world(), job, { amount: 4n * STEP, session: null });
    const lie = lieOf("a head dearer than its last receipt", job);
    world().chain.now = START + DAY;
    // One nanoton more than has matured can still be proved; what has matured is paid with the end.
    const proved = await prove(world(), job, lie);
    expectEnded(proved, { out: 5 });
    expectPaid(proved, world().owner.address, netOf(4n * STEP));
  });

  it("stays paid when a lie is proved after it", async () => {
    const job = await open(world());
    expectDone(await settleHead(world(), job, { amount: STEP }), { kept: -netOf(STEP), out: 3 });
    const proved = await prove(world(), job, lieOf("two heads of one size with different roots", job));
    expectPaid(proved, world().owner.address, 0n);
    expect(proved.transactions).not.toHaveTransaction({
      from: world().owner.address,
      to: world().developer.address,
    });
  });
});

describe("A provider whose worker has lied", () => {
  const lie = (job: Job, issuedAt = START + 60) =>
    falseTotal(
      workerLog(job.address).head({ amount: 5n * STEP, issuedAt }),
      workerLog(job.address).receipt(3),
    );

  it("gains nothing by reporting itself first: it loses the bond but for the bounty", async () => {
    const job = await open(world());
    await settleHead(world(), job, { amount: 5n * STEP, session: null });
    const proved = await prove(world(), job, lie(job), { from: world().owner });
    expectPaid({ ...proved, to: world().provider.address }, world().owner.address, 0n);
    expect(proved.transactions).toHaveTransaction({
      from: world().provider.address,
      to: world().owner.address,
      op: OP.Bounty,
      value: BOND / 5n,
    });
    expect((await world().provider.getProviderState()).stake).toBe(STAKE - BOND);
  });

  it("cannot run ahead of the proof by releasing the job, closing it, or taking the claim home", async () => {
    const job = await open(world());
    await settleHead(world(), job, { amount: 5n * STEP, session: null });
    expectRefused(await release(job), "ErrClaimPending");
    expectRefused(await releaseClaims(world(), job), "ErrNothingMatured");
    expectRefused(await finalize(world(), job, world().owner), "ErrJobNotRunning");
    const close = body(storeCloseJob({ $$type: "CloseJob", queryId: QUERY }));
    const value = await job.getMinValueToCloseJob();
    expectRefused(
      await deliver(world(), { from: world().owner, to: job.address, value, body: close }),
      "ErrNotDeveloper",
    );
    expectEnded(await prove(world(), job, lie(job)), { out: 3 });
  });

  it.each([
    ["what was signed before", START + 60],
    ["what was dated ahead", START + DAY],
  ])("cannot end the lane so that the proof finds no worker: %s stays proof", async (_case, issuedAt) => {
    const job = await open(world());
    await settleHead(world(), job, { amount: 5n * STEP, session: null, issuedAt });
    world().chain.now = START + 120;
    const { provider, operator } = world();
    await provider.send(
      operator.getSender(),
      { value: await provider.getMinValueToDropWorker() },
      { $$type: "DropWorker", queryId: QUERY, receiptPublicKey: WORKER.id },
    );
    await syncLane(world(), job.address);
    expectEnded(await prove(world(), job, lie(job, issuedAt)), { out: 3 });
    expect((await provider.getWorkers()).get(WORKER.id)).toMatchObject({ expiresAt: 0n, epoch: 0xffffffffn });
  });
});
