import type { Cell } from "@ton/core";
import {
  storeCancelJob,
  storeCloseJob,
  storeReleaseJob,
  storeRequestAcceptance,
  storeSettle,
  storeTopUpJob,
} from "../../../wrappers/messages";
import {
  account,
  body,
  deliver,
  type Job,
  NO_RECEIVER,
  OP,
  open,
  type Role,
  UNDERPAID,
  useWorld,
} from "../../support/actors";
import { expectRefused } from "../../support/expect";
import { settle } from "../../support/heads";
import { BUDGET, service, WORKER } from "../../support/world";

const world = useWorld();
type State = "new" | "open" | "active" | "closing";

interface Case {
  readonly name: string;
  readonly from: Role;
  readonly write: (job: Job) => Cell;
  /** By state: the exit code that refuses it there; a state that is absent takes it. */
  readonly refusedIn: Partial<Record<State, string | number>>;
}

const bare = (op: number) => () => body((builder) => builder.storeUint(op, 32).storeUint(1, 64));

const CASES: readonly Case[] = [
  {
    name: "RequestAcceptance",
    from: "operator",
    write: () =>
      body(storeRequestAcceptance({ $$type: "RequestAcceptance", queryId: 1n, worker: WORKER.id })),
    refusedIn: { new: "ErrJobNotOpen", active: "ErrJobNotOpen", closing: "ErrJobNotOpen" },
  },
  {
    name: "TopUpJob",
    from: "developer",
    write: () => body(storeTopUpJob({ $$type: "TopUpJob", queryId: 1n, amount: 1n })),
    refusedIn: { new: "ErrJobNotActive", open: "ErrJobNotActive", closing: "ErrJobNotActive" },
  },
  {
    name: "Settle",
    from: "operator",
    write: (job) => body(storeSettle(settle({ job: job.address, amount: 50n }))),
    refusedIn: { new: "ErrJobNotRunning", open: "ErrJobNotRunning" },
  },
  {
    name: "ReleaseClaims",
    from: "stranger",
    write: () =>
      body((builder) => builder.storeUint(OP.ReleaseClaims, 32).storeUint(1, 64).storeUint(WORKER.id, 256)),
    refusedIn: {
      new: "ErrJobNotRunning",
      open: "ErrJobNotRunning",
      active: "ErrNothingMatured",
      closing: "ErrNothingMatured",
    },
  },
  {
    name: "CloseJob",
    from: "developer",
    write: () => body(storeCloseJob({ $$type: "CloseJob", queryId: 1n })),
    refusedIn: { new: "ErrJobNotActive", open: "ErrJobNotActive", closing: "ErrJobNotActive" },
  },
  {
    name: "CancelJob",
    from: "developer",
    write: () => body(storeCancelJob({ $$type: "CancelJob", queryId: 1n })),
    refusedIn: { new: "ErrJobNotOpen", active: "ErrJobNotOpen", closing: "ErrJobNotOpen" },
  },
  {
    name: "ExpireJob",
    from: "stranger",
    write: bare(OP.ExpireJob),
    refusedIn: { new: "ErrJobNotOpen", open: "ErrTooEarly", active: "ErrTooEarly", closing: "ErrJobNotOpen" },
  },
  {
    name: "FinalizeJob",
    from: "stranger",
    write: bare(OP.FinalizeJob),
    refusedIn: {
      new: "ErrJobNotRunning",
      open: "ErrJobNotRunning",
      active: "ErrJobNotRunning",
      closing: "ErrTooEarly",
    },
  },
  {
    name: "ReleaseJob",
    from: "operator",
    write: () => body(storeReleaseJob({ $$type: "ReleaseJob", queryId: 1n })),
    refusedIn: { new: "ErrJobNotRunning", open: "ErrJobNotRunning" },
  },
];

async function jobIn(state: State): Promise<Job> {
  if (state === "new") {
    return world().job(1n);
  }
  if (state === "open") {
    return open(world(), { service: service(undefined, UNDERPAID) });
  }
  const job = await open(world());
  if (state === "closing") {
    await job.send(
      world().developer.getSender(),
      { value: await job.getMinValueToCloseJob() },
      { $$type: "CloseJob", queryId: 1n },
    );
  }
  return job;
}

describe("JobEscrow in a state that does not allow it", () => {
  const rows = CASES.flatMap(({ name, from, write, refusedIn }) =>
    Object.entries(refusedIn).map(([state, code]) => ({ name, from, write, state, code })),
  );
  it.each(rows)("$state: refuses $name with $code", async ({ from, write, state, code }) => {
    const job = await jobIn(state === "new" || state === "open" || state === "active" ? state : "closing");
    const init = state === "new" && job.init !== undefined ? { init: job.init } : {};
    const delivery = await deliver(world(), {
      from: world()[from],
      to: job.address,
      value: BUDGET,
      body: write(job),
      ...init,
    });
    expectRefused(delivery, code);
  });
});

describe("JobEscrow and bodies that it does not know", () => {
  const bodies: [string, Cell, number][] = [
    ["an unknown opcode", body((builder) => builder.storeUint(0xdeadbeef, 32).storeUint(1, 64)), NO_RECEIVER],
    ["an opcode kept for later", body((builder) => builder.storeUint(0x4a45000f, 32)), NO_RECEIVER],
    ["an opcode alone", body((builder) => builder.storeUint(OP.Settle, 32)), 9],
    ["half an opcode", body((builder) => builder.storeUint(0x4a45, 16)), NO_RECEIVER],
    ["an empty body", body(() => undefined), NO_RECEIVER],
    ["a text", body((builder) => builder.storeUint(0, 32).storeStringTail("hello")), NO_RECEIVER],
    ["an excess of somebody else", bare(OP.Excesses)(), NO_RECEIVER],
  ];
  it.each(bodies)("returns the value of %s and changes nothing", async (_case, content, code) => {
    const job = await open(world());
    const before = await account(world().chain, job.address);
    const delivery = await deliver(world(), {
      from: world().stranger,
      to: job.address,
      value: BUDGET,
      body: content,
    });
    expectRefused(delivery, code);
    expect(await account(world().chain, job.address)).toEqual(before);
  });
});
