import { DEFAULT_POLICY } from "../../../relayer/client";
import { isNeedless } from "../../../relayer/client/consolidate";
import type { Session } from "../../../relayer/client/session";
import { toRawAddress } from "../../../relayer/protocol";
import { session as newSession } from "./support/enclave";

const REST_MS = DEFAULT_POLICY.consolidateAfterMs;
const NOW = 10 * REST_MS;
/** Two hours on, in seconds. */
const LATER = NOW / 1_000 + 7_200;

function job(changed: Partial<Session> = {}): Session {
  return {
    ...newSession(),
    state: "active",
    lastUsedMs: NOW - REST_MS - 1,
    reservedNano: 0n,
    deadlineSeconds: LATER,
    openLanes: new Set(["a"]),
    ...changed,
  };
}

/** Which of the jobs, by their place in the list, are to be closed. */
function needless(...sessions: readonly Session[]): readonly number[] {
  return sessions.flatMap((session, index) =>
    isNeedless(session, { sessions, nowMs: NOW, restMs: REST_MS }) ? [index] : [],
  );
}

describe("jobs that another one has made needless", () => {
  it("are closed when they rest, and one of equals always stays", () => {
    expect(needless(job(), job(), job())).toEqual([1, 2]);
    expect(needless(job(), job({ lastUsedMs: NOW }))).toEqual([0]);
    expect(needless(job({ lastUsedMs: NOW }), job({ deadlineSeconds: 2 * LATER }))).toEqual([1]);
    expect(needless(job())).toEqual([]);
  });

  it.each<[string, Session]>([
    ["was used a moment ago", job({ lastUsedMs: NOW - REST_MS })],
    ["works on a request", job({ reservedNano: 1n })],
    ["has a worker that the other one has not", job({ openLanes: new Set(["a", "b"]) })],
    ["is of another model", job({ modelHash: "other" })],
    [
      "is of another provider",
      job({ terms: { ...newSession().terms, provider: toRawAddress(`0:${"77".repeat(32)}`) } }),
    ],
    ["is ending already", job({ state: "closing" })],
  ])("are left alone when one %s", (_name, other) => {
    expect(needless(job({ lastUsedMs: NOW }), other)).toEqual([]);
  });

  it("are kept while the one in use is about to end", () => {
    const ending = job({ lastUsedMs: NOW, deadlineSeconds: NOW / 1_000 + 3_600 });
    expect(needless(ending, job())).toEqual([]);
    expect(needless(ending, job({ deadlineSeconds: ending.deadlineSeconds }))).toEqual([1]);
  });

  it("are, where jobs are bought by auction, those of other providers that are not cheaper", () => {
    const other = (times: bigint) => {
      const { terms } = newSession();
      const { promptPrice, completionPrice } = terms;
      return job({
        terms: {
          ...{ ...terms, provider: toRawAddress(`0:${"77".repeat(32)}`) },
          ...{ promptPrice: promptPrice * times, completionPrice: completionPrice * times },
        },
        openLanes: new Set(["c"]),
      });
    };
    const bought = (resting: Session, used = job({ lastUsedMs: NOW })) =>
      isNeedless(resting, { sessions: [used, resting], nowMs: NOW, restMs: REST_MS, anyProvider: true });
    expect([bought(other(1n)), bought(other(2n)), bought(other(0n))]).toEqual([true, true, false]);
    expect(bought(other(2n), job({ lastUsedMs: NOW, state: "opening" }))).toBe(false);
    expect(bought(other(2n), job({ lastUsedMs: NOW, modelHash: "another" }))).toBe(false);
    expect(needless(job({ lastUsedMs: NOW }), other(2n))).toEqual([]);
  });

  it("are not measured by a job that is ending or still opening", () => {
    expect(needless(job({ state: "closing" }), job())).toEqual([]);
    expect(needless(job({ state: "opening" }), job())).toEqual([]);
  });

  it("have all their workers in the one that stays", () => {
    expect(needless(job({ openLanes: new Set(["a", "b"]), lastUsedMs: NOW }), job())).toEqual([1]);
  });
});
