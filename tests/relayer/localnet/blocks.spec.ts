import { internal, toNano } from "@ton/core";
import { EMPTY_BLOCKS_KEPT } from "../../../relayer/localnet/chain/blockLog";
import { devWallet } from "../../../relayer/localnet/devWallets";
import type { Localnet } from "../../../relayer/localnet/startLocalnet";
import { manualClock } from "../../../relayer/observe/clock";
import { environmentContract, storedEnvironment } from "./environmentContract";
import { clientOf, openWallet, refusalOf, request, startInstant, startManual } from "./fixture";

const open: Localnet[] = [];
const tracked = async (starting: Promise<Localnet>): Promise<Localnet> => {
  const net = await starting;
  open.push(net);
  return net;
};

afterEach(async () => {
  await Promise.all(open.splice(0).map((net) => net.close()));
});

describe("localnet finality", () => {
  it("shows a transaction only when enough blocks follow, everywhere at once", async () => {
    const net = await tracked(startManual({ finalityBlocks: 2 }));
    const client = clientOf(net);
    const wallet = await openWallet(net, "operator");
    await wallet.send({ seqno: 0, messages: [] });
    const seen = async () => ({
      seqno: await wallet.seqno(),
      transactions: (await client.getTransactions(wallet.address, { limit: 9 })).length,
      state: (await client.getContractState(wallet.address)).state,
      head: (await client.getMasterchainInfo()).latestSeqno,
    });
    const unseen = { seqno: 0, transactions: 0, state: "uninitialized" };

    await net.chain.mine();
    expect(await seen()).toEqual({ ...unseen, head: 1 });
    await net.chain.mine();
    expect(await seen()).toEqual({ ...unseen, head: 1 });
    await net.chain.mine();
    expect(await seen()).toEqual({ seqno: 1, transactions: 1, state: "active", head: 2 });
  });

  it("checks a new message against the newest state, not the shown one", async () => {
    const net = await tracked(startManual({ finalityBlocks: 5 }));
    const wallet = await openWallet(net, "operator");
    const again = await wallet.sign({ seqno: 0, messages: [] });
    await clientOf(net).sendFile(again);
    await net.chain.mine();
    expect(await wallet.seqno()).toBe(0);
    expect(await refusalOf(clientOf(net).sendFile(again))).toContain("exitcode=133");
  });
});

describe("localnet hops", () => {
  it.each([
    [1, 3],
    [Number.POSITIVE_INFINITY, 1],
  ])("with %p, wallet to nowhere and back takes %i blocks", async (hops, blocks) => {
    const net = await tracked(startManual({ hops }));
    const wallet = await openWallet(net, "operator");
    const nowhere = internal({ to: `0:${"ab".repeat(32)}`, value: toNano(1), bounce: true });
    await wallet.send({ seqno: 0, messages: [nowhere] });
    const first = await net.chain.settle();
    expect(first.seqno - 1).toBe(blocks);
    const records = net.chain.ledger.index.all();
    expect(records).toHaveLength(3);
    expect(new Set(records.map((record) => record.blockSeqno)).size).toBe(blocks);
    expect(records.map((record) => record.lt)).toEqual([1_000_000n, 2_000_000n, 3_000_000n]);
  });
});

describe("localnet previous blocks", () => {
  it("are those of the API, for a transaction and for a getter", async () => {
    const net = await tracked(startInstant());
    await net.chain.mine(250);
    const wallet = await openWallet(net, "operator");
    const { address, init } = environmentContract;
    await wallet.send({ seqno: 0, messages: [internal({ to: address, value: toNano(1), init })] });

    const [record] = net.chain.ledger.index.ofAccount(address.toRawString());
    const parent = net.chain.ledger.blocks.at((record?.blockSeqno ?? 0) - 1);
    const stored = storedEnvironment(await clientOf(net).getContractState(address));
    expect(stored.rootHash).toEqual(parent?.rootHash);

    const head = net.chain.ledger.finalBlock();
    const { stack } = net.chain.runGetter({ address, method: "environment", stack: [] });
    expect(seqnosOf(stack[1])).toEqual(Array.from({ length: 16 }, (_, back) => head.seqno - back));
    expect(seqnosOf(stack[2])).toEqual([200, 100]);
    expect(stack[3]?.type === "tuple" && stack[3].items[2]).toEqual({ type: "int", value: 1n });
    const hash =
      stack[1]?.type === "tuple" && stack[1].items[0]?.type === "tuple" && stack[1].items[0].items[3];
    expect(hash).toEqual({ type: "int", value: BigInt(`0x${head.rootHash.toString("hex")}`) });
  });

  it("do not pile up while nothing happens", async () => {
    const net = await tracked(startInstant());
    await net.chain.faucet(devWallet("spare1").v5, 1n);
    await net.chain.mine(EMPTY_BLOCKS_KEPT + 500);
    const held = net.chain.ledger.blocks.all();
    expect(held.length).toBeLessThanOrEqual(EMPTY_BLOCKS_KEPT + 3);
    expect(held.filter((block) => block.transactions.length > 0)).toHaveLength(1);
  });
});

describe("localnet time", () => {
  it("moves for blocks, getters and expiry together, and never back", async () => {
    const clock = manualClock(1_900_000_000_000);
    const net = await tracked(startInstant({ clock }));
    const wallet = await openWallet(net, "operator");
    const expiring = await wallet.sign({ seqno: 0, messages: [], timeout: 1_900_000_060 });

    await request(net, "/localnet/time", { advanceSeconds: 61 });
    expect((await clientOf(net).getContractState(wallet.address)).timestampt).toBe(1_900_000_061);
    expect(await refusalOf(clientOf(net).sendFile(expiring))).toContain("exitcode=136");

    await request(net, "/localnet/time", { set: 1_900_500_000 });
    clock.advance(2_000);
    expect(net.chain.now()).toBe(1_900_500_002);
    const back = await request(net, "/localnet/time", { set: 1_900_000_000 });
    expect(back.status).toBe(422);
    expect(net.chain.now()).toBe(1_900_500_002);
  });
});

describe("localnet snapshots", () => {
  it("bring state, transactions, block number, waiting messages and time back", async () => {
    const clock = manualClock(1_900_000_000_000);
    const net = await tracked(startManual({ clock, finalityBlocks: 1 }));
    const wallet = await openWallet(net, "operator");
    const transfer = {
      messages: [internal({ to: devWallet("treasury").v5, value: toNano(3), bounce: false })],
    };
    await wallet.send({ seqno: 0, ...transfer, timeout: 2_000_000_000 });
    await net.chain.settle();
    await wallet.send({ seqno: 1, ...transfer, timeout: 2_000_000_000 });
    const facts = async () => ({
      stats: net.chain.stats(),
      now: net.chain.now(),
      balance: await clientOf(net).getBalance(devWallet("treasury").v5),
      hashes: net.chain.ledger.index.all().map((record) => record.hash.toString("hex")),
      root: net.chain.ledger.blocks.head().rootHash.toString("hex"),
    });
    const before = await facts();
    const { body } = await request(net, "/localnet/snapshot", {});
    expect(body).toEqual({ id: 1 });

    await net.chain.settle();
    await net.chain.setTime(1_900_001_000);
    const first = await facts();
    expect(first.balance).toBe(before.balance + toNano(3));
    await request(net, "/localnet/revert", { id: 1 });
    expect(await facts()).toEqual(before);

    // The same snapshot serves again, and the same future follows from it.
    await net.chain.settle();
    expect((await facts()).hashes).toEqual(first.hashes);
    await request(net, "/localnet/revert", { id: 1 });
    expect(await facts()).toEqual(before);
    expect((await request(net, "/localnet/revert", { id: 2 })).status).toBe(404);
  });
});

function seqnosOf(tuple: unknown): number[] {
  const items = typeof tuple === "object" && tuple !== null && "items" in tuple ? tuple.items : [];
  return Array.isArray(items) ? items.map((block) => Number(block.items[2].value)) : [];
}
