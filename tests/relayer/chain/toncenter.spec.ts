import { createServer, type Server } from "node:http";
import { Address, beginCell, Cell, TupleReader, toNano } from "@ton/core";
import { WalletContractV5R1 } from "@ton/ton";
import { createToncenterClient, fallback, openContract } from "../../../relayer/chain";
import { decodeStack, encodeStack } from "../../../relayer/chain/toncenter/stack";
import { createWorld, SINK, toSink, type World } from "./support/world";

const cell = beginCell().storeUint(7, 8).endCell();
const bytes = cell.toBoc().toString("base64");
const number = (value: string) => ({ "@type": "tvm.stackEntryNumber", number: { number: value } });
const tuple = (...elements: unknown[]) => ({ "@type": "tvm.stackEntryTuple", tuple: { elements } });
const list = (...elements: unknown[]) => ({ "@type": "tvm.stackEntryList", list: { elements } });

describe("getter stack", () => {
  it("keeps the types inside nested tuples, which optional structs need", () => {
    const nested = tuple(
      number("-5"),
      { "@type": "tvm.stackEntryCell", cell: { bytes } },
      list(),
      tuple(number("1")),
    );
    const reader = new TupleReader(decodeStack([["tuple", { elements: [nested, number("3")] }]]));
    const outer = reader.readTuple();
    const inner = outer.readTuple();
    expect(inner.readBigNumber()).toBe(-5n);
    expect(inner.readCell().equals(cell)).toBe(true);
    expect(inner.readCellOpt()).toBeNull();
    expect(inner.readTuple().readNumber()).toBe(1);
    expect(outer.readNumber()).toBe(3);
  });

  it("reads an absent optional struct, numbers of both signs and lists", () => {
    const stack = decodeStack([
      ["list", { elements: [] }],
      ["num", "-0x10"],
      ["num", "0xff"],
      ["list", { elements: [number("1"), number("2")] }],
      ["slice", { bytes }],
    ]);
    const reader = new TupleReader(stack);
    expect(reader.readTupleOpt()).toBeNull();
    expect(reader.readBigNumber()).toBe(-16n);
    expect(reader.readBigNumber()).toBe(255n);
    expect(reader.readLispList()).toEqual([
      { type: "int", value: 1n },
      { type: "int", value: 2n },
    ]);
    expect(reader.readCell().equals(cell)).toBe(true);
  });

  it("refuses an argument that toncenter cannot take, and an entry it does not know", () => {
    expect(encodeStack([{ type: "int", value: -3n }])).toEqual([["num", "-3"]]);
    expect(() => encodeStack([{ type: "null" }])).toThrow(expect.objectContaining({ code: "BAD_REQUEST" }));
    expect(() => decodeStack([["continuation", {}]])).toThrow(
      expect.objectContaining({ code: "CHAIN_REJECTED" }),
    );
  });
});

describe("toncenter client", () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
    await world.outbox.sendAndWait(toSink(1n), { timeoutMs: 20_000 });
  });
  afterAll(() => world.close());
  afterEach(() => world.net.faults.clear());

  it("reads head, account and wallet getters through a generated-style wrapper", async () => {
    const { reader, wallet } = world;
    const head = await reader.head();
    expect(head.seqno).toBeGreaterThan(1);
    expect(await reader.account(wallet.address)).toMatchObject({ state: "active", utime: head.utime });
    expect(await reader.account(SINK)).toMatchObject({ balanceNano: expect.any(BigInt), code: undefined });
    const opened = openContract(
      reader,
      WalletContractV5R1.create({ publicKey: wallet.publicKey, walletId: { networkGlobalId: -239 } }),
    );
    expect(await opened.getSeqno()).toBe(1);
    expect(await opened.getBalance()).toBeLessThan(toNano("100"));
  });

  it("reads a masterchain block by its number, and says which one is not there", async () => {
    const { seqno } = await world.reader.head();
    const block = await world.reader.masterBlock(seqno);
    expect(Buffer.from(block.rootHash)).toEqual(world.net.chain.ledger.blocks.at(seqno)?.rootHash);
    await expect(world.reader.masterBlock(seqno + 1_000)).rejects.toMatchObject({
      code: expect.stringContaining("CHAIN_"),
    });
  });

  it("says that an account never used has no transaction", async () => {
    const nobody = Address.parseRaw(`0:${"0f".repeat(32)}`);
    expect(await world.reader.account(nobody)).toMatchObject({
      state: "uninitialized",
      balanceNano: 0n,
      last: { lt: 0n, hash: "00".repeat(32) },
    });
  });

  it.each(["http429", "http500"] as const)("calls %s a reason to try again", async (kind) => {
    world.net.faults.set({ kind, count: 1, value: 0, match: "" });
    await expect(world.reader.account(SINK)).rejects.toMatchObject({
      code: "CHAIN_UNAVAILABLE",
      name: "RetryableError",
    });
    await world.reader.account(SINK);
  });

  it("gives up an answer that does not come in time", async () => {
    const hasty = createToncenterClient({ endpoint: world.net.endpoint, timeoutMs: 100 });
    world.net.faults.set({ kind: "timeout", count: 1, value: 1_000, match: "" });
    await expect(hasty.account(SINK)).rejects.toMatchObject({ code: "CHAIN_UNAVAILABLE" });
    await hasty.close();
  });

  it("calls a failed getter and a refused external message final, with the exit code", async () => {
    await expect(world.reader.runGetMethod(world.wallet.address, "no_such_method", [])).rejects.toMatchObject(
      {
        code: "CHAIN_REJECTED",
        facts: { exitCode: 11 },
      },
    );
    const { boc } = await world.store.db.selectFrom("batches").select("boc").executeTakeFirstOrThrow();
    await expect(world.reader.sendBoc(Buffer.from(boc, "base64"))).rejects.toMatchObject({
      code: "CHAIN_REJECTED",
      facts: { exitCode: 133 },
    });
    const nonsense = Cell.EMPTY.toBoc();
    await expect(world.reader.sendBoc(nonsense)).rejects.toMatchObject({
      code: expect.stringMatching(/^CHAIN_/),
    });
  });

  it("asks the next endpoint when one is down, and stays with the one that answers", async () => {
    const down = createToncenterClient({ endpoint: "http://127.0.0.1:9/api/v2/jsonRPC", timeoutMs: 500 });
    const both = fallback([down, world.reader]);
    expect((await both.account(world.wallet.address)).state).toBe("active");
    expect(both.endpoints()[0]?.name).toBe(world.reader.name);
    await down.close();
  });

  it("rings when the account has a new transaction", async () => {
    const rings: number[] = [];
    let ring: (() => void) | undefined;
    const stop = world.reader.wake([SINK], () => {
      rings.push(1);
      ring?.();
    });
    const nextRing = () =>
      new Promise<void>((resolve) => {
        ring = resolve;
      });
    const connected = nextRing();
    await connected;
    const rung = nextRing();
    await world.outbox.sendAndWait(toSink(2n), { timeoutMs: 20_000 });
    await rung;
    stop();
    expect(rings.length).toBeGreaterThanOrEqual(2);
  });
});

describe("toncenter client against a hostile server", () => {
  let server: Server;
  let answer = "";
  beforeAll(async () => {
    server = createServer((_request, response) => response.end(answer));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it.each([
    ["no JSON", "<html>"],
    ["another shape", '{"ok":true,"result":{"balance":true}}'],
    ["nothing", ""],
  ])("answers CHAIN_UNAVAILABLE for %s", async (_, text) => {
    answer = text;
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    const client = createToncenterClient({
      endpoint: `http://127.0.0.1:${port}/api/v2/jsonRPC`,
      timeoutMs: 1_000,
    });
    await expect(client.account(SINK)).rejects.toMatchObject({ code: "CHAIN_UNAVAILABLE" });
    await client.close();
  });
});
