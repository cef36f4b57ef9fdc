import { beginCell, Cell, toNano } from "@ton/core";
import { createShardAccount, internal, type SandboxContract } from "@ton/sandbox";
import { type GuestBook, guestBook, storeWriteEntry } from "../../../wrappers/GuestBook";
import { JobEscrow } from "../../../wrappers/JobEscrow";
import { storeInferenceResult } from "../../../wrappers/messages";
import { body, deliver, expire, type Job, OP, syncLane, useWorld } from "../../support/actors";
import { expectEnded, expectPaid, expectRefused } from "../../support/expect";
import { MODEL, PRICES, START } from "../../support/world";
import { deliverAnswer, PRICE, text } from "./cast";

const world = useWorld();
const FEE = PRICE / 50n;
const ENTRY = text("Nice place, thank you!");
/** AGAINEND NOP: a contract that runs until its gas is gone. */
const ENDLESS = beginCell().storeUint(0xeb00, 16).endCell();

let book: SandboxContract<GuestBook>;
let task: Job;
let request: Cell;

beforeEach(async () => {
  book = world().chain.openContract(
    await guestBook({
      registry: world().network.address,
      owner: world().owner.address,
      index: 0,
      modelHash: MODEL,
      prices: PRICES,
    }),
  );
  const written = await write();
  task = world().chain.openContract(JobEscrow.fromAddress(await book.getTask()));
  const opening = written.transactions.find(
    ({ inMessage }) => String(inMessage?.info.dest) === String(task.address),
  );
  request = opening?.inMessage?.body.refs.at(-1) ?? Cell.EMPTY;
  await syncLane(world(), task.address);
});

const answerOf = (queryId: bigint) =>
  body(
    storeInferenceResult({
      $$type: "InferenceResult",
      queryId,
      status: 0n,
      responseHash: 0n,
      response: text("no"),
    }),
  );

const write = ({ short = 0n } = {}) =>
  deliver(world(), {
    from: world().stranger,
    to: book.address,
    value: toNano("0.15") - short,
    body: body(storeWriteEntry({ $$type: "WriteEntry", queryId: 1n, entry: ENTRY })),
    ...(book.init === undefined ? {} : { init: book.init }),
  });

describe("A contract that asks a model", () => {
  it("asks about its own state, in words that the worker reads from the chain", async () => {
    expect(await task.getJobState()).toMatchObject({ state: 16n, budget: PRICE });
    expect(request.beginParse().loadUint(32)).toBe(0x61693170);
    expect(request.refs[0]?.beginParse().loadStringTail()).toBe(
      "Is this guest book entry spam? Answer yes or no, nothing else. Entry: Nice place, thank you!",
    );
    expect(await book.getIsJudging()).toBe(true);
  });

  it.each([
    ["no", 1n],
    ["No, it is not.", 1n],
    ["yes", 0n],
    ["", 0n],
  ])("acts on the answer %j", async (answer, shown) => {
    expectEnded(await deliverAnswer(world(), task, { request, response: text(answer) }), { out: 8 });
    expect(await book.getShownCount()).toBe(shown);
    expect((await book.getShown())?.equals(ENTRY) ?? false).toBe(shown === 1n);
    expect(await book.getIsJudging()).toBe(false);
  });

  it("judges one entry at a time, and for nothing less than what a question costs", async () => {
    expectRefused(await write(), 1_001);
    await deliverAnswer(world(), task, { request, response: text("no") });
    expectRefused(await write({ short: 1n }), "ErrValueTooLow");
    await write();
    expect(await book.getIsJudging()).toBe(true);
  });

  it("does not take the answer of an earlier question for that of the present one", async () => {
    await deliverAnswer(world(), task, { request, response: text("no") });
    const earlier = task.address;
    await write();
    const { transactions } = await world().chain.sendMessage(
      internal({ from: earlier, to: book.address, value: toNano("0.1"), body: answerOf(1n) }),
    );
    expect(transactions).toHaveTransaction({ from: earlier, to: book.address, exitCode: 1_000 });
    expect(await book.getIsJudging()).toBe(true);
  });

  it("believes its own task alone", async () => {
    const forged = answerOf(1n);
    const value = toNano("0.1");
    const delivery = await deliver(world(), {
      from: world().stranger,
      to: book.address,
      value,
      body: forged,
    });
    expect(delivery.transactions).toHaveTransaction({
      to: book.address,
      op: OP.InferenceResult,
      exitCode: 1_000,
    });
    expect(await book.getIsJudging()).toBe(true);
  });

  it("gives up when nobody answers in time, and has price and bond back", async () => {
    world().chain.now = START + 600;
    const expired = await expire(world(), task);
    expect(expired.transactions).toHaveTransaction({ to: book.address, op: OP.Refund, success: true });
    expect(expired.transactions).toHaveTransaction({ to: book.address, op: OP.Penalty, success: true });
    expect(await book.getIsJudging()).toBe(false);
    await write();
    expect(await book.getIsJudging()).toBe(true);
  });

  it("cannot hold up the payment by throwing, or by running until its gas is gone", async () => {
    const account = await world().chain.getContract(book.address);
    await world().chain.setShardAccount(
      book.address,
      createShardAccount({
        address: book.address,
        code: ENDLESS,
        data: Cell.EMPTY,
        balance: account.balance,
        workchain: 0,
      }),
    );
    const done = await deliverAnswer(world(), task, { request, response: text("no") });
    expectEnded(done, { out: 8 });
    expectPaid(done, world().owner.address, PRICE - FEE);
    expect(done.transactions).toHaveTransaction({ to: book.address, op: OP.InferenceResult, aborted: true });
  });
});
