import { beginCell, external, internal, SendMode, storeMessage, toNano } from "@ton/core";
import { type AccountState, BEFORE_FIRST, type ChainReader, createOutbox } from "../../../relayer/chain";
import { silentLog } from "../../../relayer/observe/log";
import { findLiveBatch, requeueIntent } from "../../../relayer/store";
import { base64, body, createWorld, grumpy, SINK, toSink, type World } from "./support/world";

describe("outbox", () => {
  let world: World;
  afterEach(() => world.close());

  const enqueue = async (...queries: bigint[]) => {
    for (const query of queries) {
      await world.outbox.enqueue(toSink(query));
    }
  };
  const live = () => findLiveBatch(world.store, { wallet: world.wallet.address.toRawString() });
  const dropExternals = (count: number) =>
    world.net.faults.set({ kind: "dropExternal", count, value: 0, match: "" });

  describe("on a working network", () => {
    beforeEach(async () => {
      world = await createWorld();
    });

    it("deploys the wallet with its first batch and notes where each message is", async () => {
      await enqueue(1n, 2n);
      await world.settle();
      expect(await world.received()).toEqual([1n, 2n]);
      const [first, second] = await world.intents();
      expect(first).toMatchObject({ status: "sent", outIndex: 0, attempts: 1 });
      expect(second).toMatchObject({ status: "sent", outIndex: 1, txLt: first?.txLt });
      expect(world.results.map(({ key, status }) => [key, status])).toEqual([
        ["q1", "sent"],
        ["q2", "sent"],
      ]);
    });

    it("sends 120 messages in order over three batches, each once", async () => {
      const queries = Array.from({ length: 120 }, (_, i) => BigInt(i));
      await enqueue(...queries, 5n, 6n);
      await world.settle();
      expect(await world.received()).toEqual(queries);
      expect(new Set((await world.intents()).map(({ batchId }) => batchId)).size).toBe(3);
    });

    it("refuses a second sender of the same wallet", async () => {
      const second = createOutbox({ ...world, log: silentLog });
      await expect(second).rejects.toMatchObject({ code: "STORE_FAILED" });
    });

    it("waits for the wallet to be funded instead of letting it skip a message", async () => {
      await world.outbox.enqueue({ ...toSink(1n), valueNano: toNano("1000") });
      expect(await world.outbox.step()).toBe("unfunded");
      await world.net.chain.faucet(world.wallet.address, toNano("2000"));
      await world.settle();
      expect(await world.received()).toEqual([1n]);
    });

    it("gives sendAndWait its intent once it is sent", async () => {
      const intent = await world.outbox.sendAndWait(toSink(3n), { timeoutMs: 20_000 });
      expect(intent).toMatchObject({ key: "q3", status: "sent" });
      expect(await world.received()).toEqual([3n]);
    });
  });

  describe("when messages come back", () => {
    beforeEach(async () => {
      world = await createWorld();
    });

    it("marks an intent bounced by an account without code, and only that one", async () => {
      await world.outbox.enqueue({ ...toSink(1n), bounce: true });
      await enqueue(2n);
      await world.settle();
      await world.outbox.step();
      expect((await world.intents()).map(({ status }) => status)).toEqual(["bounced", "sent"]);
      expect(world.results.at(-1)).toMatchObject({ key: "q1", status: "bounced", exitCode: undefined });
    });

    it("gives the contract's exit code, and sends again when the caller asks for it", async () => {
      const { address, init } = grumpy();
      const target = { destination: address.toRawString(), valueNano: toNano("0.05"), bounce: true };
      await world.outbox.enqueue({ ...target, key: "deploy", init });
      await world.settle();
      await world.outbox.enqueue({ ...target, key: "good" });
      await world.outbox.enqueue({ ...target, key: "bad", body: base64(body(1n)) });
      await world.settle();
      await world.outbox.step();
      expect((await world.intents()).map(({ key, status, exitCode }) => [key, status, exitCode])).toEqual([
        ["deploy", "sent", undefined],
        ["good", "sent", undefined],
        ["bad", "bounced", 401],
      ]);
      expect(await requeueIntent(world.store, { key: "bad" })).toBe(true);
      await world.settle();
      await world.outbox.step();
      expect((await world.intents()).at(-1)).toMatchObject({ status: "bounced", attempts: 2 });
    });
  });

  describe("on a network that loses and repeats", () => {
    beforeEach(async () => {
      world = await createWorld();
    });

    it("sends the same bytes again after a loss", async () => {
      dropExternals(1);
      await enqueue(1n);
      expect(await world.outbox.step()).toBe("sent");
      const before = await live();
      expect(await world.outbox.step()).toBe("waiting");
      expect(await live()).toEqual(before);
      await world.settle();
      expect(await world.received()).toEqual([1n]);
    });

    it("signs anew only after the chain's time proves the old body dead", async () => {
      dropExternals(1_000);
      await enqueue(1n);
      expect(await world.outbox.step()).toBe("sent");
      const before = await live();
      const validUntil = before?.validUntilSeconds ?? 0;
      await world.net.chain.setTime(validUntil + 5);
      expect(await world.outbox.step()).toBe("waiting");
      expect(await live()).toEqual(before);
      await world.net.chain.setTime(validUntil + 30);
      expect(await world.outbox.step()).toBe("sent");
      expect(await live()).toMatchObject({ seqno: before?.seqno });
      expect((await live())?.id).not.toBe(before?.id);
      world.net.faults.clear();
      await world.settle();
      expect(await world.received()).toEqual([1n]);
      expect((await world.intents())[0]).toMatchObject({ status: "sent", attempts: 2 });
    });

    it("sends once although the endpoint shows the past for a while", async () => {
      await enqueue(1n);
      await world.settle();
      let past: AccountState | undefined = await world.reader.account(world.wallet.address);
      const reader: ChainReader = {
        ...world.reader,
        account: async (address) => past ?? (await world.reader.account(address)),
        endpoints: () => [reader],
      };
      await world.outbox.close();
      world.outbox = await createOutbox({ ...world, reader, log: silentLog });
      await enqueue(2n);
      expect(await world.outbox.step()).toBe("sent");
      expect(await world.outbox.step()).toBe("waiting");
      past = { ...past, last: BEFORE_FIRST, utime: past.utime + 3_600 };
      expect(await world.outbox.step()).toBe("behind");
      past = undefined;
      await world.settle();
      expect(await world.received()).toEqual([1n, 2n]);
      expect((await world.intents()).map(({ attempts }) => attempts)).toEqual([1, 1]);
    });

    it("survives refusals, repeated pages and cut connections of the endpoint", async () => {
      for (const kind of ["http429", "http500", "duplicate", "truncatedPage"] as const) {
        world.net.faults.set({ kind, count: 2, value: 0, match: "" });
      }
      await enqueue(1n, 2n, 3n);
      for (let round = 0; round < 12; round++) {
        await world.outbox.step().catch((error: unknown) => {
          expect(error).toMatchObject({ name: "RetryableError" });
        });
      }
      await world.settle();
      expect(await world.received()).toEqual([1n, 2n, 3n]);
    });

    it("ends a live batch whose seqno another sender of the same key took", async () => {
      await enqueue(1n);
      await world.settle();
      dropExternals(1);
      await enqueue(2n);
      expect(await world.outbox.step()).toBe("sent");
      const { contract, address, sign } = world.wallet;
      const foreign = await contract.createTransfer({
        seqno: 1,
        timeout: world.net.chain.now() + 60,
        sendMode: SendMode.PAY_GAS_SEPARATELY,
        signer: sign,
        messages: [internal({ to: SINK, value: 1n, bounce: false, body: body(99n) })],
      });
      const message = external({ to: address, body: foreign });
      await world.reader.sendBoc(beginCell().store(storeMessage(message)).endCell().toBoc());
      await world.settle();
      expect(await world.received()).toEqual([1n, 99n, 2n]);
    });
  });
});
