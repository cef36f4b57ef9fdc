import { DEFAULT_POLICY } from "../../../relayer/provider";
import { chooseClaim, chooseCosigned, type Moment } from "../../../relayer/provider/settle/chooseSettlement";
import type { Lane, SignedHead } from "../../../relayer/store";

const NOW = 1_000_000;
const head = (size: bigint, amountNano: bigint): SignedHead => ({
  job: "0:aa",
  worker: "bb",
  size,
  root: "",
  amountNano,
  issuedAtSeconds: NOW - 10,
  signature: "",
});
const lane = (over: Partial<Lane> = {}): Lane => ({
  job: "0:aa",
  worker: "bb",
  head: head(5n, 500n),
  cosigned: { head: head(4n, 400n), cosignature: "c" },
  claimedNano: 0n,
  settledNano: 0n,
  pendingNano: 0n,
  pendingUntilSeconds: undefined,
  ...over,
});
const moment = (over: Partial<Moment> = {}): Moment => ({
  nowSeconds: NOW,
  policy: {
    ...DEFAULT_POLICY,
    settleMinNano: 1_000n,
    settleMaxAgeMs: 5_000,
    cosignGraceMs: 60_000,
    beforeEndSeconds: 100,
  },
  closing: false,
  lastClaimAt: NOW + 100_000,
  budgetNearlySpent: false,
  waitingMs: 0,
  ...over,
});

describe("what a relayer settles, and when", () => {
  it("lets small co-signed amounts wait", () => {
    expect(chooseCosigned(lane(), moment())).toBeUndefined();
  });

  it.each<[string, Partial<Moment>]>([
    ["they have waited long enough", { waitingMs: 5_000 }],
    ["the budget is nearly spent", { budgetNearlySpent: true }],
    ["the job closes", { closing: true }],
    ["the lane ends soon", { lastClaimAt: NOW + 50 }],
  ])("settles them when %s", (_when, over) => {
    expect(chooseCosigned(lane(), moment(over))).toMatchObject({ head: { size: 4n }, cosignature: "c" });
  });

  it("does not settle crumbs towards the end of a budget: a tenth of what is worth a message otherwise", () => {
    const of = (dueNano: bigint) =>
      chooseCosigned(
        lane({ cosigned: { head: head(4n, dueNano), cosignature: "c" } }),
        moment({ budgetNearlySpent: true }),
      );
    expect(of(99n)).toBeUndefined();
    expect(of(100n)).toBeDefined();
  });

  it("settles an amount worth a message at once", () => {
    const large = lane({ cosigned: { head: head(4n, 1_000n), cosignature: "c" } });
    expect(chooseCosigned(large, moment())).toBeDefined();
  });

  it("settles nothing that is settled already", () => {
    expect(chooseCosigned(lane({ settledNano: 400n }), moment({ closing: true }))).toBeUndefined();
  });

  it("claims without a co-signature only when the job ends and the developer had time for one", () => {
    expect(chooseClaim(lane(), moment())).toBeUndefined();
    expect(chooseClaim(lane(), moment({ closing: true }))).toBeUndefined();
    const later = moment({ closing: true, nowSeconds: NOW + 60 });
    expect(chooseClaim(lane(), later)).toMatchObject({ head: { size: 5n }, cosignature: undefined });
    expect(chooseClaim(lane(), moment({ lastClaimAt: NOW + 50 }))).toBeDefined();
  });

  it("gives a developer that asks for the end the same time from then on, where there is as much", () => {
    const old = { closing: true, nowSeconds: NOW + 3_600 };
    expect(chooseClaim(lane(), moment(old))).toBeDefined();
    const asked = { ...old, releaseAskedAt: NOW + 3_590 };
    expect(chooseClaim(lane(), moment(asked))).toBeUndefined();
    expect(chooseClaim(lane(), moment({ ...asked, nowSeconds: NOW + 3_649 }))).toBeUndefined();
    expect(chooseClaim(lane(), moment({ ...asked, nowSeconds: NOW + 3_650 }))).toBeDefined();
    expect(chooseClaim(lane(), moment({ ...asked, lastClaimAt: NOW + 3_650 }))).toBeDefined();
  });

  it("does not claim twice what waits on the chain, nor what is co-signed", () => {
    const ending = moment({ closing: true, nowSeconds: NOW + 60 });
    expect(chooseClaim(lane({ settledNano: 100n, pendingNano: 400n }), ending)).toBeUndefined();
    const cosigned = lane({ cosigned: { head: head(5n, 500n), cosignature: "c" } });
    expect(chooseClaim(cosigned, ending)).toBeUndefined();
  });
});
