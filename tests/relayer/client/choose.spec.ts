import { checkWorker, type VerifiedWorker } from "../../../relayer/client/checkWorker";
import { type ChoiceWeights, DEFAULT_WEIGHTS } from "../../../relayer/client/choiceWeights";
import { choose, type Standing } from "../../../relayer/client/choose";
import { parsePolicyFile } from "../../../relayer/client/policyFile";
import { createTrackRecord } from "../../../relayer/client/trackRecord";
import { manualClock } from "../../../relayer/observe/clock";
import { toHex, toWorkerKey } from "../../../relayer/protocol";
import { claimOf, named } from "./support/claim";

const template = checkWorker(claimOf());
const FRESH: Standing = {
  hasSession: true,
  isCooling: false,
  isBanned: false,
  inFlight: 0,
  servedLast: false,
  measured: undefined,
};

interface Case extends Partial<Standing> {
  /** Times the template's. */
  readonly price?: bigint;
  readonly worker?: Partial<VerifiedWorker>;
}

/** The names of the workers in the order in which they would be asked. */
function order(cases: Readonly<Record<string, Case>>, weights?: Partial<ChoiceWeights>): readonly string[] {
  const made = Object.entries(cases).map(([name, { price = 1n, worker, ...standing }]) => {
    const { promptPrice, cachedPrice, completionPrice, reasoningPrice } = template.prices;
    const prices = {
      promptPrice: promptPrice * price * 1_000n,
      cachedPrice: cachedPrice * price * 1_000n,
      completionPrice: completionPrice * price * 1_000n,
      reasoningPrice: reasoningPrice * price * 1_000n,
    };
    const key = toWorkerKey(toHex(named(name)));
    const whole = { ...template, key, prices, hasRoom: true, capacity: 8, inFlight: 0, ...worker };
    return { name, worker: whole, standing: { ...FRESH, ...standing } };
  });
  const standingOf = ({ key }: VerifiedWorker) =>
    made.find(({ worker }) => worker.key === key)?.standing ?? FRESH;
  const chosen = choose(
    made.map(({ worker }) => worker),
    standingOf,
    { ...DEFAULT_WEIGHTS, ...weights },
  );
  return chosen.map(({ key }) => made.find(({ worker }) => worker.key === key)?.name ?? "?");
}

const measured = (firstByteMs: number, tokensPerSecond: number, successRate = 1) => ({
  measured: { firstByteMs, tokensPerSecond, successRate },
});

describe("the choice of a worker", () => {
  it.each<[string, Readonly<Record<string, Case>>, readonly string[]]>([
    ["the cheaper one first", { dear: { price: 2n }, cheap: {} }, ["cheap", "dear"]],
    ["none that lied", { liar: { isBanned: true }, honest: { price: 9n } }, ["honest"]],
    [
      "none without a job that takes no new one",
      { full: { hasSession: false, worker: { hasRoom: false } }, other: {} },
      ["other"],
    ],
    [
      "one with a job before a cheaper one without",
      { cheap: { hasSession: false }, open: { price: 5n } },
      ["open", "cheap"],
    ],
    [
      "one that just failed last",
      { failed: { isCooling: true }, dear: { price: 50n, hasSession: false } },
      ["dear", "failed"],
    ],
    [
      "a dearer free one before a cheap one that is full",
      { full: { worker: { inFlight: 8 } }, free: { price: 1n, worker: { inFlight: 0 } } },
      ["free", "full"],
    ],
    ["what we ourselves put on it counts at once", { ours: { inFlight: 8 }, free: {} }, ["free", "ours"]],
    ["the faster of two equals", { slow: measured(800, 50), fast: measured(100, 50) }, ["fast", "slow"]],
    ["the one that writes faster", { slow: measured(100, 10), fast: measured(100, 80) }, ["fast", "slow"]],
    [
      "a sound one at three times the price before one that fails every second time",
      { frail: measured(100, 50, 0.5), sound: { price: 3n, ...measured(100, 50) } },
      ["sound", "frail"],
    ],
    [
      "a frail one before a sound one at five times the price",
      { sound: { price: 5n, ...measured(100, 50) }, frail: measured(100, 50, 0.5) },
      ["frail", "sound"],
    ],
    [
      "the one that knows the conversation, at a little more",
      { other: {}, last: { servedLast: true, worker: { inFlight: 2 } } },
      ["last", "other"],
    ],
    [
      "another one when the one that knows it is too busy",
      { last: { servedLast: true, worker: { inFlight: 8 } }, other: {} },
      ["other", "last"],
    ],
    [
      "an unmeasured one as if it were the best",
      { known: measured(300, 20), best: measured(100, 80), fresh: {} },
      ["best", "fresh", "known"],
    ],
  ])("takes %s", (_name, cases, expected) => {
    expect(order(cases)).toEqual(expected);
  });

  it("follows the weights: nothing counts that weighs nothing", () => {
    const cases = { cheap: measured(900, 10, 0.3), fast: { price: 4n, ...measured(100, 90) } };
    expect(order(cases, { success: 0, firstByte: 0, throughput: 0 })).toEqual(["cheap", "fast"]);
    expect(order(cases, { price: 0 })).toEqual(["fast", "cheap"]);
    const kinds = {
      development: { worker: { tee: "development" as const } },
      hardware: { price: 2n, worker: { tee: "tdx" as const } },
    };
    expect(order(kinds)).toEqual(["development", "hardware"]);
    expect(order(kinds, { attestation: 1 })).toEqual(["hardware", "development"]);
  });

  it("is the same whatever the order in which workers are known, and makes numbers of odd measurements", () => {
    const cases: Record<string, Case> = {
      a: { price: 3n, ...measured(0, 0) },
      b: { price: 2n, ...measured(1e9, 1e-9, 0) },
      c: { price: 1n, worker: { capacity: 0 } },
    };
    const reversed = Object.fromEntries(Object.entries(cases).reverse());
    expect(order(cases)).toHaveLength(3);
    expect(order(reversed)).toEqual(order(cases));
    expect(choose([], () => FRESH)).toEqual([]);
  });

  it("reckons with the price of the job that is open, where one was bought for less than the offer", () => {
    const half = {
      ...{ promptPrice: 500n, cachedPrice: 500n, completionPrice: 500n, reasoningPrice: 500n },
    };
    expect(order({ listed: {}, bought: { price: 9n, prices: half } })).toEqual(["bought", "listed"]);
    expect(order({ listed: {}, bought: { price: 9n } })).toEqual(["listed", "bought"]);
  });

  it("has its weights from the policy file, the others as they are by default", () => {
    expect(parsePolicyFile('{"choice":{"price":2,"stickiness":0}}').client.choice).toEqual({
      ...DEFAULT_WEIGHTS,
      price: 2,
      stickiness: 0,
    });
    expect(parsePolicyFile("{}").client.choice).toBeUndefined();
    for (const wrong of ['{"choice":{"price":-1}}', '{"choice":{"prize":1}}', '{"choice":{"price":"1"}}']) {
      expect(() => parsePolicyFile(wrong)).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
    }
  });
});

describe("the record of what workers did", () => {
  it("follows a change within some requests, and forgives failures with time", () => {
    const clock = manualClock(0);
    const track = createTrackRecord({ clock });
    expect(track.of("w")).toBeUndefined();
    track.answered("w", 100);
    track.wrote("w", { tokens: 50, ms: 1_000 });
    expect(track.of("w")).toEqual({ firstByteMs: 100, tokensPerSecond: 50, successRate: 1 });
    for (let i = 0; i < 20; i += 1) {
      track.answered("w", 500);
    }
    expect(track.of("w")?.firstByteMs).toBeGreaterThan(490);
    track.failed("w");
    expect(track.of("w")?.successRate).toBeCloseTo(0.8);
    track.failed("w");
    expect(track.of("w")?.successRate).toBeCloseTo(0.64);
    clock.advance(5 * 60_000);
    expect(track.of("w")?.successRate).toBeCloseTo(0.82);
    track.answered("w", 500);
    expect(track.of("w")?.successRate).toBeCloseTo(0.856);
    expect(track.of("other")).toBeUndefined();
  });

  it("remembers who served a conversation, and forgets those longest unused", () => {
    const track = createTrackRecord({ clock: manualClock(0) });
    track.remember("first", "a");
    track.remember("second", "a");
    track.remember("first", "b");
    expect([track.servedBy("first"), track.servedBy("second"), track.servedBy("")]).toEqual([
      "b",
      "a",
      undefined,
    ]);
    for (let i = 0; i < 9_999; i += 1) {
      track.remember(`more ${i}`, "a");
    }
    expect([track.servedBy("first"), track.servedBy("second")]).toEqual(["b", undefined]);
  });
});
