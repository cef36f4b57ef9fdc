import type { Address, Cell, Message } from "@ton/core";
import { internal } from "@ton/sandbox";
import { storeShowReceipt } from "../../../wrappers/messages";
import { body } from "../../support/actors";
import { workerLog } from "../../support/lies";
import { ATTESTORS, DAY, START, WORKER } from "../../support/world";
import type { AccountView } from "./account";
import { type Act, pick, type Truth } from "./acts/act";
import { award, onJob, proveWithheld, releaseClaims, syncParams } from "./acts/anyone";
import { fairly } from "./acts/arbiter";
import { answer, demand, mislead } from "./acts/demands";
import { cancel, close, dispute, openSession, topUp } from "./acts/developer";
import { claimFromLog, expose } from "./acts/lies";
import { acceptOffice, attestFalsely, executeChange, pause, queueChange, revoke } from "./acts/offices";
import { addStake, dropWorker, release, setCatalog, setOffers, unbond, withdraw } from "./acts/provider";
import { showQuote } from "./acts/quotes";
import { attestWorker, claim, cosigned, deliver } from "./acts/signed";
import { nameOf, Violation } from "./arrival";
import { Books } from "./books";
import type { Chain, Outcome } from "./chain";
import { useNativeHash } from "./nativeHash";
import { SCRIPTS, type Scripted } from "./openings";
import { perform } from "./play";
import { type Stage, setStage } from "./stage";
import type { Opening } from "./steps";

// That sequences break no rule proves something only if rules can be broken. Here contracts do what they should not: they
// believe a sender, a date or a signature, forget what they did, or pay another amount. Each time the rule against it must
// tell, and the same act without the fault must keep all rules.

useNativeHash();

interface Fault {
  readonly after: readonly [Opening, ...Scripted[]];
  readonly act: Act;
  readonly who?: number;
  readonly how?: Scripted["how"];
  /** Of the message that meets the fault, when it is not the act's own. */
  readonly name?: string;
  /** Whom the contract takes for the sender. */
  readonly as?: (stage: Stage) => Address | undefined;
  /** By how many seconds the contract's clock is ahead. */
  readonly ahead?: number;
  /** What the message seems to bring beyond its value. */
  readonly more?: bigint;
  /** What the contract reads instead of the message. */
  readonly reads?: (stage: Stage) => Cell;
  /** What its signatures are really worth. */
  readonly truth?: Truth;
  readonly outcome?: (did: Outcome, before: AccountView, start: AccountView) => Outcome;
  readonly breaks: string;
}

const STRANGER = { sender: 24 };
const LEAST = { value: 24 };
const TON = 1_000_000_000n;
const FORGED = { genuine: false };
const developer = (stage: Stage) => stage.developers[0];
const owner = (stage: Stage) => stage.providers[0]?.owner;
const guardian = (stage: Stage) => stage.guardian;
/** What is wrong with a quote, as `showQuote` takes it. */
const SOUND = { detail: 0 };
const TOMORROW = { detail: 4 };
/** Places in `changesOf`. */
const OTHER_GUARDIAN = 16;
const OFFERED_TO_ITSELF = 19;

const coinsOf = ({ info }: Message) => (info.type === "internal" ? info.value.coins : 0n);

/** Messages of that name do not leave. */
const without =
  (name: string) =>
  (did: Outcome): Outcome => {
    const outs = did.outs.filter((message) => nameOf(message) !== name);
    const lost = did.outs.filter((message) => !outs.includes(message));
    return { ...did, outs, fees: did.fees + lost.reduce((sum, message) => sum + coinsOf(message), 0n) };
  };

/** What was done is forgotten, and what came with it stays. */
const forgotten = (did: Outcome, before: AccountView): Outcome => {
  const kept = did.outs.reduce((sum, message) => sum + coinsOf(message), did.view.balance - before.balance);
  return { ...did, view: before, outs: [], fees: did.fees + kept };
};

const finalize = onJob("FinalizeJob", () => true);
const expire = onJob("ExpireJob", () => true);

const ALL = { amount: 3 }; // receipts of the log
const CLAIMED = ["session", { act: claimFromLog, how: ALL }] as const;
const DEMANDED = [...CLAIMED, { act: demand, how: ALL }] as const;
/** The receipt that is demanded then. */
const shownLast = ({ jobs }: Stage): Cell => {
  const receipt = workerLog(pick(jobs, 0).address).receipt(3);
  return body(storeShowReceipt({ $$type: "ShowReceipt", queryId: 1n, receipt }));
};

const FAULTS: Readonly<Record<string, Fault>> = {
  // everywhere
  "a nanoton vanishes": {
    after: ["session"],
    act: cosigned,
    outcome: (did) => ({ ...did, fees: did.fees - 1n }),
    breaks: "1 nanoton are gone",
  },
  "an escrow spends what it owes": {
    after: ["session"],
    act: cosigned,
    outcome: (did) => ({
      ...did,
      fees: did.fees + TON / 10n,
      view: { ...did.view, balance: did.view.balance - TON / 10n },
    }),
    breaks: "of what a contract owes were spent",
  },
  "what was refused has happened": {
    after: ["session"],
    act: cosigned,
    outcome: (did) => ({ ...did, aborted: true }),
    breaks: "a refused message changed something",
  },
  "less than the least value is enough": {
    after: ["session"],
    act: close,
    how: LEAST,
    more: TON,
    breaks: "CloseJob was carried out for less than its least value",
  },
  "a provider forgets a bond": {
    after: ["session"],
    act: setOffers,
    outcome: (did, _before, start) => ({
      ...did,
      fees: did.fees - TON,
      view: { ...did.view, balance: did.view.balance + TON, data: start.data },
    }),
    breaks: "is bonded, and the jobs hold",
  },
  "a worker that lied is back": {
    after: ["session", { act: expose, how: { job: 0, detail: 72 } }],
    act: setOffers,
    outcome: (did, _before, start) => ({
      ...did,
      fees: did.fees - TON,
      view: { ...did.view, balance: did.view.balance + TON, data: start.data },
    }),
    breaks: "a worker that was struck off is back",
  },
  "a late task's bond goes to nobody": {
    after: ["task", { act: attestWorker, after: 10 * DAY }],
    act: expire,
    name: "JobClosed",
    outcome: without("Penalty"),
    breaks: "a bond did not go to whom it was promised",
  },
  "a reporter goes without its bounty": {
    after: ["session"],
    act: expose,
    how: { detail: 72 },
    name: "JobClosed",
    outcome: without("Bounty"),
    breaks: "a reporter got another bounty",
  },

  // jobs: who
  "a stranger opens a developer's job": {
    after: ["nothing"],
    act: openSession,
    how: STRANGER,
    as: developer,
    breaks: "somebody else than the developer",
  },
  "a stranger tops a job up": {
    after: ["session"],
    act: topUp,
    how: STRANGER,
    as: developer,
    breaks: "somebody else than the developer",
  },
  "a stranger closes a job": {
    after: ["session"],
    act: close,
    how: STRANGER,
    as: developer,
    breaks: "somebody else than the developer",
  },
  "a stranger cancels a job": {
    after: ["refused"],
    act: cancel,
    how: STRANGER,
    as: developer,
    breaks: "somebody else than the developer",
  },
  "a stranger disputes a claim": {
    after: ["claim"],
    act: dispute,
    how: STRANGER,
    as: developer,
    breaks: "somebody else than the developer",
  },
  "a stranger rules about a claim": {
    after: ["ruling"],
    act: fairly,
    how: STRANGER,
    as: (stage) => stage.arbiter,
    breaks: "somebody else than the arbiter",
  },
  "a stranger gives a provider's job up": {
    after: ["session"],
    act: release,
    how: STRANGER,
    as: owner,
    breaks: "a stranger gave the provider's claims up",
  },

  // jobs: when
  "a job expires early": {
    after: ["session"],
    act: expire,
    ahead: 400 * DAY,
    breaks: "a job expired before its deadline",
  },
  "a job is finalised early": {
    after: ["session", { act: close }],
    act: finalize,
    ahead: DAY,
    breaks: "a job was finalised before closeAt",
  },
  "a claim is paid early": { after: ["claim"], act: releaseClaims, ahead: DAY, breaks: "before its time" },
  "an arbiter rules early": {
    after: ["disputed"],
    act: fairly,
    ahead: DAY,
    breaks: "an arbiter ruled before closeAt",
  },
  "an arbiter rules late": {
    after: ["ruling", { act: attestWorker, after: DAY }],
    act: fairly,
    ahead: -DAY,
    breaks: "an arbiter ruled after its time",
  },
  "an auction is awarded early": {
    after: ["auction"],
    act: award,
    ahead: 600,
    breaks: "a job was awarded while bids were taken",
  },

  // jobs: signatures
  "a forged head is believed": {
    after: ["session"],
    act: claim,
    truth: FORGED,
    breaks: "that its worker did not sign",
  },
  "a forged co-signature is believed": {
    after: ["session"],
    act: cosigned,
    truth: { genuine: true, cosigned: false },
    breaks: "that the session key did not make",
  },
  "a slander is believed": {
    after: ["session"],
    act: expose,
    how: { detail: 72 },
    truth: FORGED,
    breaks: "a proof of a lie that nobody told",
  },
  "a forged answer is believed": {
    after: ["task"],
    act: deliver,
    truth: FORGED,
    breaks: "that the worker did not sign",
  },

  // jobs: receipts that are demanded
  "a stranger demands a receipt": {
    after: CLAIMED,
    act: demand,
    how: { ...STRANGER, ...ALL },
    as: developer,
    breaks: "somebody else than the developer",
  },
  "a receipt is demanded late": {
    after: [...CLAIMED, { act: attestWorker, after: (DAY * 3) / 4 }],
    act: demand,
    how: ALL,
    ahead: -DAY / 2,
    breaks: "a receipt was demanded too late",
  },
  "a receipt is demanded under a forged head": {
    after: CLAIMED,
    act: demand,
    how: ALL,
    truth: FORGED,
    breaks: "under a head that its worker did not sign",
  },
  "a demand is forgotten": {
    after: CLAIMED,
    act: demand,
    how: ALL,
    outcome: forgotten,
    breaks: "a demand was not recorded",
  },
  "a demand keeps more than its deposit and rent": {
    after: CLAIMED,
    act: demand,
    how: ALL,
    outcome: (did) => ({
      ...did,
      fees: did.fees - 1n,
      view: { ...did.view, balance: did.view.balance + 1n },
    }),
    breaks: "a demand kept something else",
  },
  "another receipt than the demanded one is believed": {
    after: DEMANDED,
    act: mislead,
    how: { detail: 0 },
    reads: shownLast,
    breaks: "a receipt was taken that is not the demanded one",
  },
  "an answer is taken late": {
    after: [...DEMANDED, { act: attestWorker, after: DAY / 4 }],
    act: answer,
    ahead: -DAY / 4,
    breaks: "a receipt was taken after the demand's time",
  },
  "who answers goes without the deposit": {
    after: DEMANDED,
    act: answer,
    outcome: without("Excesses"),
    breaks: "who answered did not get deposit and rest",
  },
  "a demand outlives its answer": {
    after: DEMANDED,
    act: answer,
    outcome: forgotten,
    breaks: "a demand outlived its answer",
  },
  "silence is proved early": {
    after: DEMANDED,
    act: proveWithheld,
    ahead: DAY / 4,
    breaks: "silence was proved before the demand's time was over",
  },
  "silence is proved about a claim that is settled": {
    after: [...DEMANDED, { act: attestWorker, after: DAY }],
    act: proveWithheld,
    ahead: -DAY / 2,
    breaks: "silence was proved about a claim that is settled",
  },

  // what an end pays
  "a provider goes without its claim": {
    after: ["ruling"],
    act: fairly,
    outcome: without("Payment"),
    breaks: "the provider got 0",
  },
  "a developer goes without its refund": {
    after: ["refused"],
    act: cancel,
    outcome: without("Refund"),
    breaks: "the developer got 0 back",
  },
  "a job forgets that its developer disputes": {
    after: ["claim"],
    act: dispute,
    outcome: forgotten,
    breaks: "it led to state 3 and not 5",
  },

  // providers
  "a provider forgets that a job has ended": {
    after: ["refused", { act: openSession, how: { job: 1 } }, { act: close, how: { job: 1 } }],
    act: release,
    how: { job: 1 },
    name: "JobClosed",
    outcome: forgotten,
    breaks: "is bonded, and the jobs hold",
  },
  "a stranger adds stake": {
    after: ["session"],
    act: addStake,
    how: STRANGER,
    as: owner,
    breaks: "somebody else than the owner",
  },
  "a stranger unbonds": {
    after: ["session"],
    act: unbond,
    how: STRANGER,
    as: owner,
    breaks: "somebody else than the owner",
  },
  "stake leaves before its wait": {
    after: ["session", { act: unbond, how: { amount: 100 } }],
    act: withdraw,
    ahead: 400 * DAY,
    breaks: "before its unbonding was over",
  },
  "an owner goes without its stake": {
    after: ["session", { act: unbond, how: { amount: 100 } }, { act: attestWorker, after: 400 * DAY }],
    act: withdraw,
    outcome: without("Payment"),
    breaks: "another amount than what was unbonding",
  },
  "a stranger sets a catalog": {
    after: ["session"],
    act: setCatalog,
    how: STRANGER,
    as: owner,
    breaks: "somebody else than the owner",
  },
  "a stranger sets offers": {
    after: ["session"],
    act: setOffers,
    how: STRANGER,
    as: owner,
    breaks: "somebody else than owner and operator",
  },
  "a stranger drops a worker": {
    after: ["session"],
    act: dropWorker,
    how: { ...STRANGER, detail: 72 },
    as: owner,
    breaks: "somebody else than owner and operator",
  },

  // registries
  "a stranger pauses": {
    after: ["nothing"],
    act: pause,
    how: STRANGER,
    as: guardian,
    breaks: "somebody else than the guardian",
  },
  "a stranger revokes": {
    after: ["nothing"],
    act: revoke,
    how: STRANGER,
    as: guardian,
    breaks: "somebody else than the guardian",
  },
  "a stranger queues a change": {
    after: ["nothing"],
    act: queueChange,
    how: STRANGER,
    as: (stage) => stage.governor,
    breaks: "somebody else than the governor",
  },
  "a change is executed early": {
    after: ["nothing", { act: queueChange, how: { detail: 2 } }],
    act: executeChange,
    how: { detail: 2 },
    ahead: DAY,
    breaks: "a change was executed before its time",
  },
  "a stranger takes the governor's office": {
    after: [
      "nothing",
      { act: queueChange, how: { detail: OFFERED_TO_ITSELF } },
      { act: executeChange, after: DAY },
    ],
    act: acceptOffice,
    how: { detail: 0, ...STRANGER },
    as: (stage) => stage.network,
    breaks: "took an office that was not offered to it",
  },
  "a guardian that was replaced pauses": {
    after: [
      "nothing",
      { act: queueChange, how: { detail: OTHER_GUARDIAN } },
      { act: executeChange, after: DAY },
    ],
    act: (look, who) => pause(look, who).map((sent) => ({ ...sent, from: look.stage.guardian })),
    as: (stage) => stage.stranger,
    breaks: "somebody else than the guardian",
  },
  "a worker is attested by somebody whom no parameter names": {
    after: ["nothing"],
    act: attestFalsely,
    as: (stage) => stage.attestation,
    breaks: "somebody else than the attestation registry",
  },
  "a worker is attested by the registry that was replaced": {
    after: ["usurped"],
    act: (look, who) => attestFalsely(look, who).map((sent) => ({ ...sent, from: look.stage.attestation })),
    as: (stage) => stage.stranger,
    breaks: "somebody else than the attestation registry",
  },
  "a statement is believed that one of two is no attestor for": {
    after: ["nothing"],
    act: attestWorker,
    how: { detail: 72 },
    truth: {
      genuine: true,
      signers: [
        [0, ATTESTORS[0].id],
        [1, WORKER.id],
      ],
    },
    breaks: "that k attestors did not make",
  },
  "a statement about another image is believed": {
    after: ["nothing"],
    act: attestWorker,
    how: { detail: 72 },
    truth: { genuine: true, image: 1n },
    breaks: "about what is not allowed",
  },
  "a forged quote is believed": {
    after: ["nothing"],
    act: showQuote,
    how: SOUND,
    truth: FORGED,
    breaks: "that its machine did not make",
  },
  "tomorrow's quote is believed": {
    after: ["nothing"],
    act: showQuote,
    how: TOMORROW,
    ahead: DAY,
    breaks: "outside of its statement's dates",
  },
  "a machine is believed whose certificate has ended": {
    after: ["nothing", { act: syncParams, after: 21 * DAY }],
    act: showQuote,
    how: SOUND,
    name: "QuoteVerified",
    ahead: -2 * DAY,
    breaks: "by a machine that is not trusted",
  },
  "a forged statement is believed": {
    after: ["nothing"],
    act: attestWorker,
    how: { detail: 72 },
    truth: { ...FORGED, epoch: 1 },
    breaks: "that k attestors did not make",
  },
};

/** The stage, with a contract at fault; `arm` lets the fault begin. */
function atFault(stage: Stage, fault: Fault): { readonly stage: Stage; arm(): void } {
  const { chain } = stage;
  let armed = false;
  const start = chain.views();
  const run = (message: Message): Outcome => {
    const { info } = message;
    if (info.type !== "internal" || (fault.name !== undefined && nameOf(message) !== fault.name)) {
      return chain.run(message);
    }
    const { now } = chain;
    const key = info.dest.toRawString();
    const before = chain.views().get(key);
    const from = fault.as?.(stage) ?? info.src;
    const { more = 0n, ahead = 0 } = fault;
    chain.now += ahead;
    const did = chain.run(
      internal({
        from,
        to: info.dest,
        value: info.value.coins + more,
        body: fault.reads?.(stage) ?? message.body,
        bounce: info.bounce,
        stateInit: message.init ?? undefined,
      }),
    );
    chain.now = now;
    const paid = { ...did, fees: did.fees - more };
    const nothing: AccountView = { balance: 0n, data: undefined, needsLibrary: true };
    return fault.outcome?.(paid, before ?? nothing, start.get(key) ?? nothing) ?? paid;
  };
  const faulty: Chain = {
    get now() {
      return chain.now;
    },
    set now(now) {
      chain.now = now;
    },
    get prices() {
      return chain.prices;
    },
    set prices(prices) {
      chain.prices = prices;
    },
    views: () => chain.views(),
    reset: (accounts, now) => chain.reset(accounts, now),
    run: (message) => (armed ? run(message) : chain.run(message)),
  };
  return {
    stage: { ...stage, chain: faulty },
    arm: () => {
      armed = true;
    },
  };
}

/** The rule that it breaks. */
function broken(given: Stage, fault: Fault): string | undefined {
  given.chain.reset(given.start, START);
  const { stage, arm } = atFault(given, fault);
  const books = new Books(stage);
  const [opening, ...more] = fault.after;
  perform(stage, books, [...SCRIPTS[opening], ...more]);
  arm();
  const { act, who, how, truth } = fault;
  const believed: Act = (look, whose) =>
    act(look, whose).map((sent) =>
      truth === undefined ? sent : { ...sent, truth: { ...sent.truth, ...truth } },
    );
  try {
    perform(stage, books, [{ act: believed, who, how }]);
  } catch (thrown) {
    if (thrown instanceof Violation) {
      return thrown.message;
    }
    throw thrown;
  }
  return undefined;
}

describe("A rule is broken when", () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await setStage();
  });

  it.each(Object.entries(FAULTS))("%s", (_, fault) => {
    expect(broken(stage, fault)).toContain(fault.breaks);
    const { after, act, who, how, breaks } = fault;
    expect(broken(stage, { after, act, who, how, breaks })).toBeUndefined();
  });
});
