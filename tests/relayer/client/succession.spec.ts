import { Address } from "@ton/core";
import { DEFAULT_POLICY, type Policy } from "../../../relayer/client";
import type { Session } from "../../../relayer/client/session";
import { covers, isEnding, isInUse, lasts, leadSeconds, mayFollow } from "../../../relayer/client/succession";
import { session as newSession } from "./support/enclave";

const NOW = 10_000_000;
const WALLET = { address: Address.parseRaw(newSession().developer) };
const BUDGET = 1_000n;
const POLICY: Policy = {
  ...DEFAULT_POLICY,
  jobSeconds: 7_200,
  followSeconds: 600,
  jobBudgetNano: BUDGET,
  maxJobBudgetNano: BUDGET,
  topUpBelowBps: 2_000,
};

function deps(policy: Partial<Policy> = {}, wallet: typeof WALLET | undefined = WALLET) {
  return { policy: { ...POLICY, ...policy }, clock: { nowMs: () => NOW * 1_000 }, wallet };
}

function job(changed: Partial<Session> = {}): Session {
  return {
    ...newSession(),
    budgetNano: BUDGET,
    askedBudgetNano: BUDGET,
    deadlineSeconds: NOW + 3_600,
    ...changed,
  };
}

describe("the end of a job", () => {
  it.each<[string, number, Partial<Policy>]>([
    ["its last 180 seconds and the time for a successor", 780, {}],
    ["its last 180 seconds where there are no successors", 180, { followSeconds: 0 }],
    [
      "with the time of an auction before that",
      1_080,
      { buy: "auction", auction: { ...POLICY.auction, seconds: 300 } },
    ],
    [
      "with the award's 120 seconds at least",
      600,
      { buy: "auction", auction: { ...POLICY.auction, seconds: 300 }, followSeconds: 60 },
    ],
    ["half of its life, if that is less", 500, { jobSeconds: 1_000 }],
  ])("begins with %s", (_name, seconds, policy) => {
    expect(leadSeconds({ ...POLICY, ...policy })).toBe(seconds);
    const at = (deadlineSeconds: number) => isEnding(deps(policy), job({ deadlineSeconds }));
    expect([at(NOW + seconds + 1), at(NOW + seconds)]).toEqual([false, true]);
  });

  it("is near when less than a fifth of a budget is left that cannot grow, what is set aside counted", () => {
    const withFree = (free: bigint) => job({ reservedNano: BUDGET - free });
    expect([isEnding(deps(), withFree(200n)), isEnding(deps(), withFree(199n))]).toEqual([false, true]);
    // The same part where nothing is ever topped up.
    const never = deps({ topUpBelowBps: 0, maxJobBudgetNano: 10n * BUDGET });
    expect([isEnding(never, withFree(200n)), isEnding(never, withFree(199n))]).toEqual([false, true]);
  });

  it.each<[string, Partial<Session>, Partial<Policy>, typeof WALLET | undefined, boolean]>([
    ["a top-up fits", {}, { maxJobBudgetNano: 2n * BUDGET }, WALLET, false],
    ["a top-up is a nanoton too much", {}, { maxJobBudgetNano: 2n * BUDGET - 1n }, WALLET, true],
    ["a top-up is on its way", { askedBudgetNano: 2n * BUDGET }, {}, WALLET, false],
    [
      "somebody else has opened it",
      { developer: `0:${"77".repeat(32)}` },
      { maxJobBudgetNano: 2n * BUDGET },
      WALLET,
      true,
    ],
    ["there is no wallet", {}, { maxJobBudgetNano: 2n * BUDGET }, undefined, true],
  ])("%s: whether an empty budget ends it", (_name, changed, policy, wallet, ends) => {
    const known = { policy: { ...POLICY, ...policy }, clock: deps().clock, wallet };
    const empty = job({ reservedNano: BUDGET, ...changed });
    expect(isEnding(known, empty)).toBe(ends);
    expect(covers(known, empty, 1n)).toBe(!ends);
  });

  it("is near when what is left will not last as long as it takes to buy the next one", () => {
    const burning = job();
    burning.burnRate.sample(0n, (NOW - 1_000) * 1_000);
    burning.burnRate.sample(500n, NOW * 1_000);
    const free = (left: bigint) => job({ burnRate: burning.burnRate, reservedNano: BUDGET - left });
    const perSecond = Number(burning.burnRate.nanoPerHour()) / 3_600;
    const enough = BigInt(Math.ceil(perSecond * 780)) + 5n;
    expect([isEnding(deps(), free(enough)), isEnding(deps(), free(enough - 10n))]).toEqual([false, true]);
  });

  it("is near when all its lanes are used", () => {
    const lanes = (count: number) => new Set(Array.from({ length: count }, (_, index) => `${index}`));
    expect(isEnding(deps(), job({ openLanes: lanes(15) }))).toBe(false);
    expect(isEnding(deps(), job({ openLanes: lanes(16) }))).toBe(true);
  });

  it("is not far for a job that is ending already", () => {
    expect(lasts(deps(), job())).toBe(true);
    expect(lasts(deps(), job({ state: "opening" }))).toBe(true);
    for (const state of ["refused", "releasing", "closing", "closed"] as const) {
      expect(lasts(deps(), job({ state }))).toBe(false);
    }
  });
});

describe("a job", () => {
  it("is in use for as long after a request as it takes to buy the next one", () => {
    const asked = (secondsAgo: number) => isInUse(deps(), job({ askedAtMs: (NOW - secondsAgo) * 1_000 }));
    expect([asked(600), asked(601)]).toEqual([true, false]);
    expect(isInUse(deps(), job())).toBe(false);
  });

  it("is bought beside one that does not cover a request only if it would cover it", () => {
    expect([mayFollow(deps(), BUDGET), mayFollow(deps(), BUDGET + 1n)]).toEqual([true, false]);
    expect(mayFollow(deps({ followSeconds: 0 }), 1n)).toBe(false);
    expect(mayFollow({ ...deps(), wallet: undefined }, 1n)).toBe(false);
  });
});
