import { storeResolveDispute } from "../../../../wrappers/messages";
import { body } from "../../../support/actors";
import type { Strategy } from "../steps";
import { DISPUTED } from "../views";
import { type Act, jobsThat, pick } from "./act";

const FULL_BPS = 10_000n;

/** A word about a disputed claim; whether its time has come is for the job to say. */
const rule =
  (parts: readonly bigint[]): Act =>
  (look) => {
    const { stage, step } = look;
    const disputed = jobsThat(look, ({ state }) => state === DISPUTED);
    const index = pick(disputed, step.job);
    const to = pick(stage.jobs, index).address;
    const from = look.job(index)?.rules?.arbiter ?? stage.arbiter;
    const bps = pick(parts, step.detail);
    const content = body(storeResolveDispute({ $$type: "ResolveDispute", queryId: 1n, bps }));
    return [{ name: "ResolveDispute", from, to, content }];
  };

/** By tenths, and now and then a word that is finer. */
export const fairly = rule([0n, 1_000n, 5_000n, 9_000n, FULL_BPS, 3_333n, 1n, 9_999n]);
/** More than there is. */
const beyond = rule([FULL_BPS + 1n, 65_535n]);

/** A greedy arbiter gives one side all, and would give it more; a lazy or crashing one is silent, early or late. */
export const ARBITER_ACTS: Readonly<Record<Strategy, readonly Act[]>> = {
  honest: [fairly],
  lazy: [fairly],
  greedy: [rule([0n, FULL_BPS]), beyond],
  "front-running": [fairly],
  replaying: [fairly],
  crashing: [fairly],
};
