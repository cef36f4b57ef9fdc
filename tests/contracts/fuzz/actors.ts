import { DAY } from "../../support/world";
import { type Act, pick } from "./acts/act";
import { ANYONES_ACTS } from "./acts/anyone";
import { ARBITER_ACTS } from "./acts/arbiter";
import { ATTACKERS_ACTS } from "./acts/attacker";
import { DEVELOPER_ACTS, writeEntry } from "./acts/developer";
import { GOVERNORS_ACTS, GUARDIANS_ACTS } from "./acts/offices";
import { PROVIDER_ACTS } from "./acts/provider";
import type { Books } from "./books";
import type { Stage } from "./stage";
import type { Actor, Sequence, Step, Strategy } from "./steps";

interface Part {
  readonly acts: readonly Act[];
  /** Which developer or provider. */
  readonly who: number;
  readonly strategy?: Strategy;
}

/** What an actor may do in this sequence. */
export function actsOf(actor: Actor, { strategies }: Sequence): Part {
  const developer = (who: 0 | 1): Part => {
    const strategy = strategies.developers[who];
    return { acts: DEVELOPER_ACTS[strategy], who, strategy };
  };
  const provider = (who: 0 | 1): Part => {
    const strategy = strategies.providers[who];
    return { acts: PROVIDER_ACTS[strategy], who, strategy };
  };
  const parts: Readonly<Record<Actor, () => Part>> = {
    developer: () => developer(0),
    "other developer": () => developer(1),
    contract: () => ({ acts: [writeEntry], who: 2 }),
    provider: () => provider(0),
    rival: () => provider(1),
    anyone: () => ({ acts: ANYONES_ACTS, who: 0 }),
    governor: () => ({ acts: GOVERNORS_ACTS, who: 0 }),
    guardian: () => ({ acts: GUARDIANS_ACTS, who: 0 }),
    arbiter: () => ({ acts: ARBITER_ACTS[strategies.arbiter], who: 0, strategy: strategies.arbiter }),
    attacker: () => ({ acts: ATTACKERS_ACTS, who: 0 }),
    clock: () => ({ acts: [], who: 0 }),
    prices: () => ({ acts: [], who: 0 }),
  };
  return parts[actor]();
}

const MINUTE = 60;

/**
 * Time passes: a minute, or up to a date that some contract waits for, a second before or after it. What is under way
 * arrives within seconds on the chain, so that long waits mostly come after it; now and then it is late.
 */
export function moveClock(stage: Stage, books: Books, step: Step): void {
  const { chain } = stage;
  if (step.detail % 8 !== 0) {
    books.drain();
  }
  const dates = datesAhead(stage, books);
  if (step.act % 4 === 0 || dates.length === 0) {
    chain.now += pick([MINUTE, MINUTE, 3_600, DAY, 30 * DAY], step.amount);
    return;
  }
  chain.now = Math.max(chain.now, pick(dates, step.job) + pick([0, 0, -1, 1], step.choice));
}

/** Every date that a contract waits for, the nearest first. */
function datesAhead(stage: Stage, books: Books): number[] {
  const dates: number[] = [];
  for (const index of stage.jobs.keys()) {
    const job = books.job(index);
    if (job === undefined) {
      continue;
    }
    const { terms, auction, lanes, dispute, demand } = job;
    dates.push(Number(terms?.acceptBy ?? 0n), Number(terms?.deadline ?? 0n), job.closeAt);
    dates.push(Number(auction?.endsAt ?? 0n), Number(terms?.acceptBy ?? 0n) + DAY);
    dates.push(Number(dispute?.endsAt ?? 0n), Number(demand?.answerBy ?? 0n));
    for (const lane of lanes.values()) {
      dates.push(Number(lane.maturingAt), Number(lane.latestAt), Number(lane.expiresAt));
    }
  }
  for (const index of stage.providers.keys()) {
    dates.push(books.provider(index)?.unbondingUntil ?? 0);
  }
  for (const { queued } of [books.offices.network, books.offices.attestation]) {
    dates.push(...queued.values());
  }
  const ahead = dates.filter((date) => date > stage.chain.now);
  return [...new Set(ahead)].sort((left, right) => left - right);
}
