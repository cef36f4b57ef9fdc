import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import { Cell, toNano } from "@ton/core";
import { request } from "undici";
import { z } from "zod";
import { devWallet } from "../../../relayer/localnet/devWallets";
import { fromHex, hashBind, sealTask, toJobAddress } from "../../../relayer/protocol";
import {
  encodeSealedContent,
  fromSnake,
  locatedTask,
  plainTask,
  sealedTask,
  TASK_REASONS,
  TASK_STATUS,
} from "../../../relayer/task";
import { guestBook } from "../../../wrappers/GuestBook";
import { MODEL_HASH, PRICES, toUint } from "../support/deployNetwork";
import { openTask, TASK_PRICE, taskEnd } from "./support/openTask";
import { answerTo, LONG_ANSWER, type TaskModel, taskBackend } from "./support/taskBackend";
import { createWorld, until, type World } from "./support/world";

// Every process of the network runs in this one, on whatever cores the machine has left.
jest.setTimeout(180_000);

const SECRET = "a secret that no chain may hold";
const ENTRY = "Nice place, thank you!";
const textOf = (cell: Cell | null | undefined) =>
  cell === null || cell === undefined ? undefined : Buffer.from(fromSnake(cell, 100_000)).toString();

describe("provider, and the tasks of contracts", () => {
  const model: TaskModel = { asked: [], down: false, gate: Promise.resolve() };
  let world: World;
  let host: Server;
  let hostUrl: string;
  beforeAll(async () => {
    const policy = { taskSchemes: ["http"], taskPrivateHosts: true };
    world = await createWorld({ policy, backend: () => taskBackend(model) });
    await until("the worker is attested", async () => (await world.listed())[0]);
    host = createServer((incoming, response) =>
      response.end(incoming.url === "/prompt" ? "far away" : "other"),
    );
    await new Promise<void>((resolve) => host.listen(0, "127.0.0.1", resolve));
    const address = host.address();
    hostUrl = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  });
  afterAll(async () => {
    await new Promise((resolve) => host.close(resolve));
    await world.close();
  });

  /** For the worker by name, whose lane then opens with the task; the guest book asks for any. */
  const open = (task: Parameters<typeof openTask>[1]) =>
    openTask(world.network, { worker: world.worker.receiptPublicKey, ...task });
  const end = (task: Parameters<typeof taskEnd>[1]) => taskEnd(world.network, task);
  const bonded = async () => (await world.network.provider.getProviderState()).bonded;
  const seal = async (nonce: bigint) => {
    const [worker] = await world.listed();
    if (worker === undefined) {
      throw new Error("no worker");
    }
    const { address } = await world.network.job(nonce);
    const place = { networkId: world.net.chain.globalId, job: toJobAddress(address.toRawString()) };
    const sealed = sealTask(place, {
      hpkePublicKey: fromHex(worker.hpkePublicKey, 32),
      bindHash: hashBind(Buffer.from(worker.bind, "base64")),
      content: encodeSealedContent("text", Buffer.from(SECRET)),
    });
    return { ...sealed, worker: worker.receiptPublicKey };
  };

  it("lets a contract ask a model about its own state, and act on the answer", async () => {
    const owner = devWallet("provider").v5;
    const book = world.network.open(
      await guestBook({
        registry: world.network.registry.address,
        owner,
        index: 0,
        modelHash: toUint(MODEL_HASH),
        prices: PRICES,
      }),
    );
    const write = async (entry: string) => {
      const value = toNano("0.2");
      const text = new Cell();
      const cell = entry === "" ? text : plainTask(entry).refs[0];
      await book.send(
        await world.network.via("spare1"),
        { value },
        { $$type: "WriteEntry", queryId: 1n, entry: cell ?? text },
      );
      await until("the model was asked and has answered", async () =>
        (await book.getIsJudging()) ? undefined : true,
      );
    };
    await write(ENTRY);
    expect(textOf(await book.getShown())).toBe(ENTRY);
    await write("buy my pills");
    expect([await book.getShownCount(), textOf(await book.getShown())]).toEqual([1n, ENTRY]);
  });

  it("pays for an answer, once, in the words of the model or of a whole body", async () => {
    const asked = model.asked.length;
    const body = {
      model: "any",
      stream: true,
      messages: [{ role: "user", content: "hello" }],
      max_tokens: 7,
    };
    const first = await open({ nonce: 101n, request: plainTask("hello") });
    const second = await open({ nonce: 102n, request: plainTask(JSON.stringify(body), "body") });
    for (const task of [first, second]) {
      const done = await end(task);
      expect(done).toMatchObject({
        status: TASK_STATUS.answered,
        outcome: 1n,
        earned: TASK_PRICE,
        deliveries: 1,
      });
      expect(textOf(done.response)).toBe("you said: hello");
    }
    expect(model.asked.length).toBe(asked + 2);
    await until("the bonds are free", async () => ((await bonded()) === 0n ? true : undefined));
  });

  it("writes no more than the price buys", async () => {
    const few = await open({ nonce: 111n, request: plainTask("how many tokens?"), price: 5_000_000n });
    const many = await open({ nonce: 112n, request: plainTask("how many tokens?"), price: 5_000_000_000n });
    const [less, more] = [
      Number(textOf((await end(few)).response)),
      Number(textOf((await end(many)).response)),
    ];
    const prompt = JSON.stringify([{ role: "user", content: "how many tokens?" }]).length;
    expect(more).toBe(1_024);
    expect(less).toBeLessThanOrEqual(Math.min(1_024, (5_000_000 - prompt * 200) / 800));
  });

  it("keeps a sealed request and its answer from everybody but the worker and who asked", async () => {
    const { bytes, openAnswer, worker } = await seal(103n);
    const done = await end(await open({ nonce: 103n, request: sealedTask(bytes), worker }));
    expect(done).toMatchObject({ status: TASK_STATUS.answered, earned: TASK_PRICE });
    const answer = fromSnake(done.response ?? Cell.EMPTY, 100_000);
    expect(Buffer.from(answer).toString()).not.toContain(SECRET);
    expect(Buffer.from(openAnswer(answer)).toString()).toBe(answerTo(SECRET));
    expect(world.logLines.join("")).not.toContain(SECRET);
  });

  it("gives back the price of a sealed request that was copied into a stranger's task, and of a garbled one", async () => {
    const { bytes, worker } = await seal(104n);
    const asked = model.asked.length;
    const copied = await end(await open({ nonce: 105n, request: sealedTask(bytes), worker }));
    const garbled = await end(await open({ nonce: 106n, request: sealedTask(Buffer.alloc(80)), worker }));
    for (const done of [copied, garbled]) {
      expect(done).toMatchObject({ status: TASK_STATUS.unreadable, outcome: 1n, earned: 0n });
    }
    expect(model.asked.length).toBe(asked);
  });

  it("signs why it cannot answer a request, and loses no bond", async () => {
    const { stake } = await world.network.provider.getProviderState();
    const cases = [
      [plainTask("x").refs[0] ?? Cell.EMPTY, "malformed"],
      [plainTask("{", "body"), "malformed"],
      [plainTask("x".repeat(5_000)), "tooLong"],
      [plainTask("forbidden"), "refused"],
    ] as const;
    for (const [index, [asked, status]] of cases.entries()) {
      const done = await end(await open({ nonce: 120n + BigInt(index), request: asked }));
      expect(done).toMatchObject({ status: TASK_STATUS[status], outcome: 1n, earned: 0n });
      expect(textOf(done.response)).toBe(TASK_REASONS[status]);
    }
    expect((await world.network.provider.getProviderState()).stake).toBe(stake);
  });

  it("delivers a long answer by its hash, and shows the whole to who asks for it", async () => {
    const task = await open({ nonce: 107n, request: plainTask("much, please") });
    const done = await end(task);
    expect(done).toMatchObject({ status: TASK_STATUS.answered, response: null });
    const shown = await request(`${world.provider.url}/v1/tasks/${task.address.toRawString()}`);
    const { response } = z.looseObject({ response: z.string() }).parse(await shown.body.json());
    const cell = Cell.fromBase64(response);
    expect(cell.hash().toString("hex")).toBe(done.responseHash);
    expect(textOf(cell)).toBe(LONG_ANSWER);
  });

  it("answers what lies elsewhere when it is what was named, and nothing else that lies there", async () => {
    const prompt = Buffer.from("far away");
    const place = {
      kind: "text",
      size: prompt.length,
      sha256: createHash("sha256").update(prompt).digest(),
    } as const;
    const right = await open({
      nonce: 108n,
      request: locatedTask({ ...place, locator: `${hostUrl}/prompt` }),
    });
    const wrong = await open({
      nonce: 109n,
      request: locatedTask({ ...place, locator: `${hostUrl}/other` }),
    });
    expect(textOf((await end(right)).response)).toBe("you said: far away");
    expect(await end(wrong)).toMatchObject({ status: TASK_STATUS.unreadable, earned: 0n });
  });

  it("asks the model once although it is stopped while it writes, and delivers once", async () => {
    const asked = model.asked.length;
    let goOn: () => void = () => {};
    model.gate = new Promise((resolve) => {
      goOn = resolve;
    });
    const task = await open({ nonce: 110n, request: plainTask("take your time") });
    await until("the model was asked", async () => (model.asked.length > asked ? true : undefined));
    const closing = world.provider.close();
    goOn();
    model.gate = Promise.resolve();
    await closing;
    await world.startProvider();
    expect(await end(task)).toMatchObject({ status: TASK_STATUS.answered, deliveries: 1 });
    expect(model.asked.length).toBe(asked + 1);
  });

  it("signs that the model failed when the deadline is near, so that the opener has its money at once", async () => {
    model.down = true;
    const asked = model.asked.length;
    const task = await open({ nonce: 113n, request: plainTask("anybody there?"), seconds: 1_000 });
    await until("it was tried", async () => (model.asked.length > asked + 1 ? true : undefined));
    await world.net.chain.setTime(world.net.chain.now() + 955);
    expect(await end(task)).toMatchObject({ status: TASK_STATUS.failed, outcome: 1n, earned: 0n });
    model.down = false;
  });

  it("leaves what is too cheap or too late alone: the deadline gives price and bond to who waited", async () => {
    const asked = model.asked.length;
    const cheap = await open({ nonce: 114n, request: plainTask("for nothing"), price: 1_000n });
    await world.provider.close();
    const late = await open({ nonce: 115n, request: plainTask("too late") });
    await world.net.chain.setTime(world.net.chain.now() + 3_601);
    await world.startProvider();
    await until("both are seen to be over", async () =>
      world.logLines.filter((line) => line.includes("task late") || line.includes("task left")).length >= 2
        ? true
        : undefined,
    );
    for (const task of [cheap, late]) {
      const value = (await task.getMinValueToEndJob()) + 10_000_000n;
      await task.send(await world.network.via("spare1"), { value }, { $$type: "ExpireJob", queryId: 1n });
      expect(await end(task)).toMatchObject({ status: undefined, outcome: 4n, earned: 0n });
    }
    expect(model.asked.length).toBe(asked);
  });
});
