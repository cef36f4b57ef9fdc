import type { Address, Message } from "@ton/core";
import { type AccountView, NO_ACCOUNT } from "./account";
import { type Arrival, type Letter, must, nameOf, told } from "./arrival";
import { checkBonds } from "./bonds";
import { Claims } from "./claims";
import { describeMessage } from "./describe";
import { checkEnd } from "./ends";
import { mostOf } from "./most";
import { type OfficeMemory, officesOf } from "./offices";
import { checkDemand } from "./rules/demands";
import { checkLeast, checkRefused, checkRole, checkSlack, checkStake, checkStruck } from "./rules/everywhere";
import type { Stage } from "./stage";
import { type JobView, type ProviderView, readJob, readProvider } from "./views";

/**
 * The contracts with every message between them under a sequence's control, and the books that are checked after each
 * transaction. Messages between the same two accounts keep their order, as on the chain.
 */
export class Books {
  readonly carriedOut = new Map<string, number>();
  transactions = 0;
  private readonly queues = new Map<string, Message[]>();
  private readonly letters = new WeakMap<Message, Letter>();
  private readonly accounts: Map<string, AccountView>;
  private readonly jobs: (JobView | undefined)[];
  private readonly providers: (ProviderView | undefined)[];
  private readonly contracts: ReadonlySet<string>;
  private readonly claims = new Claims();
  readonly offices: OfficeMemory;
  private minted = 0n;
  private held = 0n;
  private wallets = 0n;
  private underway = 0n;
  private fees = 0n;

  constructor(private readonly stage: Stage) {
    const { chain, jobs, providers } = stage;
    this.offices = officesOf(stage);
    this.contracts = new Set(
      [stage.network, stage.attestation, stage.market, stage.platform, stage.book.address]
        .concat([...jobs, ...providers].map(({ address }) => address))
        .map((address) => address.toRawString()),
    );
    this.accounts = new Map(chain.views());
    for (const { balance } of this.accounts.values()) {
      this.held += balance;
    }
    this.minted = this.held;
    this.jobs = jobs.map(({ address }) => readJob(this.account(address)));
    this.providers = providers.map(({ address }) => readProvider(this.account(address)));
  }

  /** A message from a wallet; its value comes into existence here. */
  post(message: Message, letter: Letter = {}): void {
    if (message.info.type === "internal") {
      this.minted += message.info.value.coins;
    }
    this.letters.set(message, letter);
    this.enqueue(message);
  }

  /** Delivers the first message of the pair that `choice` picks; false when nothing is under way. */
  step(choice: number): boolean {
    const pairs = [...this.queues.keys()];
    const pair = pairs[choice % Math.max(pairs.length, 1)];
    if (pair === undefined) {
      return false;
    }
    const [message, ...rest] = this.queues.get(pair) ?? [];
    if (rest.length === 0) {
      this.queues.delete(pair);
    } else {
      this.queues.set(pair, rest);
    }
    if (message !== undefined) {
      this.arrive(message);
    }
    return true;
  }

  drain(): void {
    while (this.step(0)) {
      // until nothing is under way
    }
  }

  job(index: number): JobView | undefined {
    return this.jobs[index];
  }

  provider(index: number): ProviderView | undefined {
    return this.providers[index];
  }

  underWay(): Message[] {
    return [...this.queues.values()].flat();
  }

  private account(address: Address): AccountView {
    return this.accounts.get(address.toRawString()) ?? NO_ACCOUNT;
  }

  private enqueue(message: Message): void {
    const { info } = message;
    if (info.type !== "internal") {
      return;
    }
    this.underway += info.value.coins;
    const pair = `${info.src.toRawString()}>${info.dest.toRawString()}`;
    const queue = this.queues.get(pair);
    if (queue === undefined) {
      this.queues.set(pair, [message]);
    } else {
      queue.push(message);
    }
  }

  private arrive(message: Message): void {
    const { info } = message;
    if (info.type !== "internal") {
      return;
    }
    const key = info.dest.toRawString();
    this.underway -= info.value.coins;
    if (!this.contracts.has(key)) {
      this.wallets += info.value.coins; // a wallet keeps what it receives
      return;
    }
    const accountBefore = this.account(info.dest);
    const outcome = this.stage.chain.run(message);
    this.transactions += 1;
    this.accounts.set(key, outcome.view);
    this.held += outcome.view.balance - accountBefore.balance;
    this.fees += outcome.fees;
    for (const out of outcome.outs) {
      this.enqueue(out);
    }
    const arrival = this.arrivalOf(message, { accountBefore, outcome });
    told(
      () => describeMessage(this.stage, message),
      () => this.check(arrival),
    );
  }

  private arrivalOf(message: Message, happened: Pick<Arrival, "accountBefore" | "outcome">): Arrival {
    const { info } = message;
    if (info.type !== "internal") {
      throw new Error("Only internal messages arrive.");
    }
    const { stage } = this;
    const jobIndex = stage.jobs.findIndex(({ address }) => address.equals(info.dest));
    const providerIndex = stage.providers.findIndex(({ address }) => address.equals(info.dest));
    const job = { before: this.jobs[jobIndex], after: readJobAt(jobIndex, happened.outcome.view) };
    const provider = {
      before: this.providers[providerIndex],
      after: providerIndex < 0 ? undefined : readProvider(happened.outcome.view),
    };
    return {
      stage,
      now: stage.chain.now,
      name: nameOf(message),
      from: info.src,
      to: info.dest,
      value: info.value.coins,
      message,
      letter: this.letters.get(message),
      jobIndex,
      providerIndex,
      job,
      provider,
      ...happened,
    };
  }

  private check(arrival: Arrival): void {
    const { jobIndex, providerIndex, name } = arrival;
    const accounted = this.held + this.wallets + this.underway + this.fees;
    must(accounted === this.minted, `${this.minted - accounted} nanoton are gone`);
    checkSlack(arrival);
    checkStake(arrival);
    checkStruck(arrival);
    checkDemand(arrival);
    if (arrival.outcome.aborted) {
      checkRefused(arrival);
    } else {
      checkLeast(arrival);
      checkRole(arrival, this.offices);
      this.carriedOut.set(name ?? "", (this.carriedOut.get(name ?? "") ?? 0) + 1);
    }
    if (jobIndex >= 0) {
      if (!arrival.outcome.aborted) {
        this.claims.note(arrival);
      }
      this.jobs[jobIndex] = arrival.job.after;
      checkLanes(arrival.job.after);
      this.claims.checkPaid(arrival);
      checkEnd(arrival, this.claims);
    }
    if (providerIndex >= 0) {
      this.providers[providerIndex] = arrival.provider.after;
    }
    if (jobIndex >= 0 || providerIndex >= 0) {
      for (const [index, provider] of this.providers.entries()) {
        if (provider !== undefined) {
          checkBonds({ stage: this.stage, index, provider }, this.jobs, this.underWay());
        }
      }
    }
  }
}

function readJobAt(index: number, view: AccountView): JobView | undefined {
  return index < 0 ? undefined : readJob(view);
}

/** What lanes have claimed is within the budget, and the job's sums are theirs. */
function checkLanes(job: JobView | undefined): void {
  if (job === undefined) {
    return;
  }
  let settled = 0n;
  let committed = 0n;
  for (const lane of job.lanes.values()) {
    settled += lane.settled;
    committed += mostOf(lane.settled, lane.maturing, lane.latest);
  }
  must(settled === job.paid, `${job.paid} was paid, and the lanes say ${settled}`);
  must(committed === job.committed, `${job.committed} is committed, and the lanes say ${committed}`);
  must(job.committed <= job.budget, "more is committed than the budget");
  must(job.lanes.size <= 16, "there are more than sixteen lanes");
}
