import { DEFAULT_POLICY } from "../../../relayer/client";
import { parsePolicyFile } from "../../../relayer/client/policyFile";
import { noProvider, rulesOfJob, weaknessOf } from "../../../relayer/client/rules";

const LEAST = {
  challengeSeconds: DEFAULT_POLICY.leastChallengeSeconds,
  bondBps: DEFAULT_POLICY.leastBondBps,
};

describe("the rules under which a job is accepted", () => {
  it("are taken at exactly the policy's least values, and refused one below either", () => {
    expect(weaknessOf(DEFAULT_POLICY, LEAST)).toBeUndefined();
    expect(weaknessOf(DEFAULT_POLICY, { ...LEAST, challengeSeconds: 1_799 })).toBe(
      "a claim that nobody co-signed waits 1799 seconds, and leastChallengeSeconds is 1800",
    );
    expect(weaknessOf(DEFAULT_POLICY, { ...LEAST, bondBps: 99 })).toBe(
      "the bond is 99 hundredths of a percent of the budget, and leastBondBps is 100",
    );
  });

  it("leave time by default for a receipt to be demanded and its silence proved", () => {
    // The contract wants five minutes for the answer, a quarter of the wait.
    expect(DEFAULT_POLICY.leastChallengeSeconds / 4).toBeGreaterThanOrEqual(300);
  });

  it("may be any where the policy file says 0, and must be better where it says more", () => {
    const none = parsePolicyFile('{ "leastChallengeSeconds": 0, "leastBondBps": 0 }').client;
    expect(weaknessOf({ ...DEFAULT_POLICY, ...none }, { challengeSeconds: 0, bondBps: 0 })).toBeUndefined();
    const more = parsePolicyFile('{ "leastChallengeSeconds": 86401 }').client;
    expect(weaknessOf({ ...DEFAULT_POLICY, ...more }, { ...LEAST, challengeSeconds: 86_400 })).toBeDefined();
    expect(parsePolicyFile("{}").client).toEqual({});
    expect(() => parsePolicyFile('{ "leastChallengeSeconds": 604801 }')).toThrow("leastChallengeSeconds");
    expect(() => parsePolicyFile('{ "leastBondBps": 10001 }')).toThrow("leastBondBps");
  });

  it("are none that protect anybody before a job has them", () => {
    const fields = { bond: 100n, budget: 1_000n };
    expect(rulesOfJob({ fields, terms: undefined })).toEqual({ challengeSeconds: 0, bondBps: 0 });
    expect(rulesOfJob({ fields, terms: { rules: null } })).toEqual({ challengeSeconds: 0, bondBps: 0 });
  });

  it("are told as the reason only where everybody is passed over for them", () => {
    const weak = { weakness: "they are weak" };
    expect(noProvider("m", [weak, weak]).message).toContain("they are weak");
    expect(noProvider("m", [weak, {}]).message).toBe("No provider has room for a job now.");
    expect(noProvider("m", []).message).toBe("No provider has room for a job now.");
  });
});
