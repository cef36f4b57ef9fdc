import type { Address, Cell, StateInit } from "@ton/core";
import { internal } from "@ton/sandbox";
import * as fc from "fast-check";
import { contractCodes } from "../../wrappers/codes";
import { jobEscrow } from "../../wrappers/JobEscrow";
import { providerStake } from "../../wrappers/ProviderStake";
import { OP, open, useWorld } from "../support/actors";
import { type Books, openBooks } from "../support/invariants";
import { DAY, START } from "../support/world";
import type { Cast, Step } from "./attacks/cast";
import { expireBody, finalizeBody, scene, unbondBody, withdrawBody } from "./attacks/scene";

// Cells are hashed in JavaScript, which is half of this suite's time; Node's own SHA-256 gives the same bytes.
jest.mock("@ton/crypto", () => ({
  ...jest.requireActual("@ton/crypto"),
  sha256_sync: (source: string | Buffer) =>
    jest.requireActual("node:crypto").createHash("sha256").update(source).digest(),
}));

const SEQUENCES = Number(process.env.COCOON_FUZZ_SEQUENCES ?? 30);
const SEED = Number(process.env.COCOON_FUZZ_SEED ?? Date.now() % 2 ** 31);
const STEPS = 30;
const PLENTY = 100_000_000n;
/** Seconds that pass at once; long jumps are rare, since they end every attestation. */
const JUMPS = [60, 60, 60, 7_200, 7_200, 46_800, 46_800, DAY, 3 * DAY, 30 * DAY];

const REACHED = [
  "OpenJob",
  "RequestAcceptance",
  "BondReserved",
  "TopUpJob",
  "LaneSynced",
  "Settle",
  "ReleaseClaims",
  "CloseJob",
  "CancelJob",
  "ExpireJob",
  "FinalizeJob",
  "ReleaseJob",
  "JobClosed",
  "RegisterProvider",
  "ProviderAdmitted",
  "AddStake",
  "Unbond",
  "WithdrawUnbonded",
  "WorkerAttested",
  "WorkerChecked",
  "DropWorker",
  "Pause",
  "OpenAuction",
  "BidPlaced",
  "BidLost",
  "AwardJob",
  "ConfirmBid",
  "ProveEquivocation",
] as const;

const step = fc.record({
  act: fc.noBias(fc.nat(999)),
  a: fc.noBias(fc.nat(999)),
  b: fc.noBias(fc.nat(999)),
  c: fc.noBias(fc.nat(999)),
  arrivals: fc.noBias(fc.nat(4)),
  choice: fc.noBias(fc.nat(999)),
});

const world = useWorld();

async function cast(): Promise<Cast> {
  const { network, attestation, owner, operator, developer, stranger, governor, guardian, treasury } =
    world();
  const codes = await contractCodes();
  const registry = network.address;
  const owners = [owner.address, treasury.address];
  const developers = [developer.address, stranger.address];
  const providers = await Promise.all(
    owners.map((address) => providerStake({ registry, owner: address, index: 0, jobCode: codes.job })),
  );
  const jobs = await Promise.all(
    developers.flatMap((address) =>
      [1n, 2n].map(async (nonce) => ({
        developer: address,
        nonce,
        contract: await jobEscrow({ registry, developer: address, nonce, providerCode: codes.provider }),
      })),
    ),
  );
  await open(world());
  await open(world(), {}, 2n);
  return {
    network: registry,
    attestation: attestation.address,
    owners,
    operator: operator.address,
    governor: governor.address,
    guardian: guardian.address,
    stranger: stranger.address,
    providers: providers.map(({ address, init }) => ({ address, init: required(init) })),
    jobs: jobs.map(({ contract, ...of }) => ({
      ...of,
      address: contract.address,
      init: required(contract.init),
    })),
    least: {
      open: await network.getMinValueToOpenJob(),
      register: await network.getMinValueToRegister(),
      govern: await network.getMinValueToGovern(),
      attest: await attestation.getMinValueToSubmitStatement(2n),
      plenty: PLENTY,
    },
  };
}

function required(init: { code: Cell; data: Cell } | undefined): StateInit {
  if (init === undefined) {
    throw new Error("The generated wrappers carry no code.");
  }
  return init;
}

async function play(roles: Cast, steps: readonly Step[]) {
  const { chain } = world();
  const books = await openBooks(chain, {
    jobs: roles.jobs.map(({ address }) => address),
    providers: roles.providers.map(({ address }) => address),
    registries: [roles.network, roles.attestation],
  });
  const post = (from: Address, to: Address, value: bigint, content: Cell, init?: StateInit) =>
    books.post(internal({ from, to, value, body: content, bounce: true, ...(init && { stateInit: init }) }));

  for (const { act, a, arrivals, choice, ...rest } of steps) {
    if (act % 7 === 0) {
      // What is on its way arrives within seconds on the chain: hours do not pass before it.
      await books.drain();
      chain.now = (chain.now ?? START) + (JUMPS[a % JUMPS.length] ?? 0);
      continue;
    }
    for (const { from, to, value, content, init } of scene(roles, { act, a, ...rest }, chain.now ?? START)) {
      post(from, to, value, content, init);
    }
    for (let index = 0; index < arrivals; index += 1) {
      await books.step(choice + index);
    }
  }
  await books.drain();

  // Whatever happened: anyone can end every job after its last date, and then every stake can be taken home.
  chain.now = (chain.now ?? START) + 366 * DAY;
  for (const round of [expireBody, finalizeBody]) {
    for (const { address } of roles.jobs) {
      const job = books.job(address);
      if (job !== undefined && job.state > 0n) {
        post(roles.stranger, address, PLENTY, round);
      }
    }
    await books.drain();
    chain.now += 3 * DAY;
  }
  for (const { address } of roles.jobs) {
    const job = books.job(address);
    expect(job === undefined || job.state === 0n ? "gone" : `${job.state} of ${job.terms?.provider}`).toBe(
      "gone",
    );
  }
  await takeStakeHome(roles, post, books);
  return books.carriedOut.keys();
}

async function takeStakeHome(
  roles: Cast,
  post: (from: Address, to: Address, value: bigint, content: Cell) => void,
  books: Books,
) {
  const { chain } = world();
  for (const [index, { address }] of roles.providers.entries()) {
    const before = books.provider(address);
    const owner = roles.owners[index];
    if (before === undefined || owner === undefined) {
      continue;
    }
    expect(before).toMatchObject({ bonded: 0n, openJobs: 0n });
    if (before.stake > 0n) {
      post(owner, address, PLENTY, unbondBody(before.stake));
      await books.drain();
    }
    chain.now = (chain.now ?? START) + 8 * DAY;
    post(owner, address, PLENTY, withdrawBody);
    await books.drain();
    expect(books.provider(address)).toMatchObject({ stake: 0n, unbonding: 0n });
  }
}

describe("All contracts together", () => {
  it(`keep their books in ${SEQUENCES} random sequences (COCOON_FUZZ_SEED=${SEED})`, async () => {
    const roles = await cast();
    const { chain } = world();
    const start = chain.snapshot();
    const carriedOut = new Set<number>();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: STEPS, maxLength: STEPS }), async (steps) => {
        await chain.loadFrom(start);
        chain.now = START;
        for (const op of await play(roles, steps)) {
          carriedOut.add(op);
        }
      }),
      { numRuns: SEQUENCES, seed: SEED },
    );
    // A run that never got anywhere would prove nothing.
    if (SEQUENCES >= 100) {
      for (const name of REACHED) {
        expect([...carriedOut]).toContain(OP[name]);
      }
    }
  }, 600_000);
});
