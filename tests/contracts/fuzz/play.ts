import type { Message } from "@ton/core";
import { internal } from "@ton/sandbox";
import { START } from "../../support/world";
import { actsOf, moveClock } from "./actors";
import { type Look, pick, type Sent } from "./acts/act";
import { type Letter, told } from "./arrival";
import { Books } from "./books";
import { describeMessage } from "./describe";
import { endEverything, takeStakesHome } from "./endEverything";
import { SCRIPTS, type Scripted, USUAL } from "./openings";
import { PLENTY } from "./plenty";
import { PRICE_LISTS } from "./prices";
import type { Stage } from "./stage";
import type { Sequence, Step } from "./steps";

export interface Played {
  readonly transactions: number;
  readonly carriedOut: ReadonlyMap<string, number>;
}

/** What somebody sent, so that it can be sent again by somebody else. */
interface Past {
  readonly message: Message;
  readonly letter: Letter;
}

/** Plays a sequence to its end; throws a `Violation` that tells the step and the rule. */
export function play(
  stage: Stage,
  sequence: Sequence,
  tell: (line: string) => void = () => undefined,
): Played {
  const { chain } = stage;
  chain.reset(stage.start, START);
  const books = new Books(stage);
  const past: Past[] = [];
  const acted = new Map<string, number>();
  told(
    () => `the opening (${sequence.opening})`,
    () => perform(stage, books, SCRIPTS[sequence.opening]),
  );
  for (const [index, step] of sequence.steps.entries()) {
    const tellStep = (line: string) => tell(`${index}. ${line}`);
    told(
      () => `step ${index} (${step.actor})`,
      () => take({ stage, books, past, acted, sequence, step, tell: tellStep }),
    );
  }
  told(
    () => "the end",
    () => {
      books.drain();
      endEverything(stage, books);
      if (sequence.unstakes) {
        takeStakesHome(stage, books);
      }
    },
  );
  return { transactions: books.transactions, carriedOut: books.carriedOut };
}

/** Acts in their order, each with all that follows from it. */
export function perform(stage: Stage, books: Books, script: readonly Scripted[]): void {
  for (const { act, who = 0, how, after = 0 } of script) {
    const step = { ...USUAL, ...how };
    stage.chain.now += after;
    for (const sent of act(lookAt(stage, books, step), who)) {
      const { message, letter } = posted(stage, step, sent);
      books.post(message, letter);
    }
    books.drain();
  }
}

const lookAt = (stage: Stage, books: Books, step: Step): Look => ({
  now: stage.chain.now,
  step,
  stage,
  offices: books.offices,
  job: (index) => books.job(index),
  provider: (index) => books.provider(index),
});

interface Turn {
  readonly stage: Stage;
  readonly books: Books;
  readonly past: Past[];
  /** How often each actor has acted. */
  readonly acted: Map<string, number>;
  readonly sequence: Sequence;
  readonly step: Step;
  readonly tell: (line: string) => void;
}

function take(turn: Turn): void {
  const { stage, books, step, tell } = turn;
  if (step.actor === "clock") {
    moveClock(stage, books, step);
    tell(`it is ${stage.chain.now - START} s later than at the beginning`);
    return;
  }
  if (step.actor === "prices") {
    // What is under way was paid for at the old prices; docs/peculiarities.md tells what dearer ones do to it.
    books.drain();
    stage.chain.prices = step.act % PRICE_LISTS.length;
    tell(`prices: ${PRICE_LISTS[stage.chain.prices]?.name}`);
    return;
  }
  for (const message of messagesOf(turn)) {
    turn.past.push(message);
    books.post(message.message, message.letter);
  }
  for (let index = 0; index < step.arrivals; index += 1) {
    books.step(step.choice + index);
  }
}

/** What the actor sends, after its strategy has had its say. */
function messagesOf(turn: Turn): Past[] {
  const { stage, books, step, sequence, acted, tell } = turn;
  const look = lookAt(stage, books, step);
  const { acts, who, strategy } = actsOf(step.actor, sequence);
  const turns = acted.get(step.actor) ?? 0;
  acted.set(step.actor, turns + 1);
  const isSilent = (strategy === "crashing" && turns >= 2) || (strategy === "lazy" && step.detail % 3 !== 0);
  if (isSilent) {
    tell(`${step.actor} (${strategy}) does nothing`);
    return [];
  }
  const sent = pick(acts, step.act)(look, who).map((one) => posted(stage, step, one));
  for (const { message } of sent) {
    tell(`${step.actor} (${strategy ?? "anyone"}) sends ${describeMessage(stage, message)}`);
  }
  const again = repeated(turn, strategy);
  for (const { message } of again) {
    tell(`and again ${describeMessage(stage, message)}`);
  }
  // Who runs in front is first.
  return strategy === "front-running" ? [...again, ...sent] : [...sent, ...again];
}

/** A replaying actor sends an old message of anyone's once more, a front-running one what is still under way. */
function repeated({ stage, step, past, books }: Turn, strategy: string | undefined): Past[] {
  const isReplayed = strategy === "replaying" || step.actor === "attacker";
  const from = isReplayed
    ? past
    : strategy === "front-running"
      ? past.filter(({ message }) => isUnderWay(books, message))
      : [];
  const one = from[step.detail % Math.max(from.length, 1)];
  if (one === undefined || one.message.info.type !== "internal") {
    return [];
  }
  const { dest: to, value } = one.message.info;
  const copy = internal({
    from: stage.stranger,
    to,
    value: value.coins,
    body: one.message.body,
    bounce: true,
  });
  return [{ message: copy, letter: one.letter }];
}

const isUnderWay = (books: Books, { body }: Message) =>
  books.underWay().some((other) => other.body.equals(body));

function posted(stage: Stage, step: Step, sent: Sent): Past {
  const least = stage.least[stage.chain.prices]?.[sent.name] ?? PLENTY;
  const fees = step.value === 24 ? least - 1n : step.value >= 20 ? least : PLENTY;
  return {
    message: internal({
      from: step.sender === 24 ? stage.stranger : sent.from,
      to: sent.to,
      value: (sent.amount ?? 0n) + fees,
      body: sent.content,
      bounce: true,
      stateInit: sent.init,
    }),
    letter: { truth: sent.truth, asks: { name: sent.name, amount: sent.amount ?? 0n } },
  };
}
