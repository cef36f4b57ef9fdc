import * as fc from "fast-check";

/** How somebody behaves during one sequence. */
export const STRATEGIES = ["honest", "lazy", "greedy", "front-running", "replaying", "crashing"] as const;
export type Strategy = (typeof STRATEGIES)[number];

export const ACTORS = [
  "developer",
  "other developer",
  "contract",
  "provider",
  "rival",
  "anyone",
  "governor",
  "guardian",
  "attacker",
  "arbiter",
  "clock",
  "prices",
] as const;
export type Actor = (typeof ACTORS)[number];

/** One random choice: who acts, which of its acts, and numbers that say how. */
export interface Step {
  readonly actor: Actor;
  readonly act: number;
  /** Which job, of those that the act can be about. */
  readonly job: number;
  /** Thousandths of what is there. */
  readonly amount: number;
  readonly detail: number;
  /** 24: a stranger sends it instead. */
  readonly sender: number;
  /** 24: a nanoton less than the getter asks for; 20 to 23: exactly that; else plenty. */
  readonly value: number;
  /** How many of the messages that are under way arrive afterwards, and which. */
  readonly arrivals: number;
  readonly choice: number;
}

/** What is there already when a sequence begins, so that short ones get far. */
export const OPENINGS = [
  "nothing",
  "session",
  "claim",
  "matured",
  "sessions",
  "auction",
  "awarded",
  "task",
  "refused",
  "changed",
  "unruly",
  "usurped",
  "disputed",
  "ruling",
  "demanded",
  "withheld",
] as const;
export type Opening = (typeof OPENINGS)[number];

export interface Sequence {
  readonly opening: Opening;
  readonly strategies: {
    readonly developers: readonly [Strategy, Strategy];
    readonly providers: readonly [Strategy, Strategy];
    readonly arbiter: Strategy;
  };
  readonly steps: readonly Step[];
  /** Whether, after all jobs have ended, the owners take their stakes home. */
  readonly unstakes: boolean;
}

const WEIGHTS: Readonly<Record<Actor, number>> = {
  developer: 10,
  "other developer": 4,
  contract: 1,
  provider: 12,
  rival: 5,
  anyone: 7,
  governor: 3,
  guardian: 2,
  attacker: 4,
  arbiter: 4,
  clock: 9,
  prices: 1,
};

export const MOST_STEPS = 12;

const strategy = fc.constantFrom(...STRATEGIES);

const step: fc.Arbitrary<Step> = fc.record({
  actor: fc.oneof(
    ...ACTORS.map((actor) => ({ weight: WEIGHTS[actor], arbitrary: fc.constant<Actor>(actor) })),
  ),
  act: fc.noBias(fc.nat(99)),
  job: fc.noBias(fc.nat(5)),
  amount: fc.noBias(fc.nat(1_100)),
  detail: fc.noBias(fc.nat(999)),
  sender: fc.noBias(fc.nat(24)),
  value: fc.noBias(fc.nat(24)),
  arrivals: fc.noBias(fc.nat(6)),
  choice: fc.noBias(fc.nat(99)),
});

export const sequences: fc.Arbitrary<Sequence> = fc.record({
  opening: fc.constantFrom(...OPENINGS),
  strategies: fc.record({
    developers: fc.tuple(strategy, strategy),
    providers: fc.tuple(strategy, strategy),
    arbiter: strategy,
  }),
  steps: fc.array(step, { minLength: 3, maxLength: MOST_STEPS, size: "max" }),
  unstakes: fc.oneof(
    { weight: 3, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
});
