import { Address, beginCell, Cell, contractAddress, internal, loadMessage, toNano } from "@ton/core";
import type { TonClient } from "@ton/ton";
import { devWallet } from "../../../relayer/localnet/devWallets";
import type { Localnet } from "../../../relayer/localnet/startLocalnet";
import { environmentContract } from "./environmentContract";
import { clientOf, openWallet, refusalOf, startInstant } from "./fixture";

let net: Localnet;
let client: TonClient;

beforeEach(async () => {
  net = await startInstant();
  client = clientOf(net);
});

afterEach(() => net.close());

describe("TonClient on a localnet", () => {
  it.each(["v5", "v4"] as const)("deploys a %s wallet and transfers", async (version) => {
    const wallet = await openWallet(net, "developer", version);
    const to = devWallet("treasury").v4;
    expect(await wallet.seqno()).toBe(0);

    await wallet.send({ seqno: 0, messages: [internal({ to, value: toNano("1.5"), bounce: false })] });
    expect(await wallet.seqno()).toBe(1);
    await wallet.send({ seqno: 1, messages: [internal({ to, value: toNano(2), bounce: false })] });

    expect(await wallet.seqno()).toBe(2);
    expect(await client.isContractDeployed(wallet.address)).toBe(true);
    expect(await client.getBalance(to)).toBe(toNano(100_003.5));
  });

  it("pages through transactions exclusively, inclusively and down to a time", async () => {
    const wallet = await openWallet(net, "operator");
    for (let seqno = 0; seqno < 7; seqno++) {
      await wallet.send({ seqno, messages: [] });
    }
    const all = await client.getTransactions(wallet.address, { limit: 100 });
    expect(all).toHaveLength(7);
    expect(all.map((t) => t.lt)).toEqual(all.map((t) => t.lt).sort((a, b) => (a > b ? -1 : 1)));

    const third = all[2];
    if (third === undefined) {
      throw new Error("Seven transactions were sent");
    }
    const from = { lt: third.lt.toString(), hash: third.hash().toString("base64") };
    const exclusive = await client.getTransactions(wallet.address, { limit: 2, ...from });
    expect(exclusive.map((t) => t.lt)).toEqual([all[3]?.lt, all[4]?.lt]);
    const inclusive = await client.getTransactions(wallet.address, { limit: 2, ...from, inclusive: true });
    expect(inclusive.map((t) => t.lt)).toEqual([all[2]?.lt, all[3]?.lt]);
    const newer = await client.getTransactions(wallet.address, { limit: 100, to_lt: from.lt });
    expect(newer.map((t) => t.lt)).toEqual([all[0]?.lt, all[1]?.lt]);
    // Each links to the one before it, so a follower can prove that none is missing.
    expect(all[0]?.prevTransactionLt).toBe(all[1]?.lt);
    expect(all[0]?.prevTransactionHash).toBe(BigInt(`0x${all[1]?.hash().toString("hex")}`));
  });

  it("finds a transaction by its id and refuses an unknown one", async () => {
    const wallet = await openWallet(net, "operator");
    await wallet.send({ seqno: 0, messages: [] });
    const last = (await client.getContractState(wallet.address)).lastTransaction;
    if (last === null) {
      throw new Error("One transaction was sent");
    }
    expect((await client.getTransaction(wallet.address, last.lt, last.hash))?.hash().toString("base64")).toBe(
      last.hash,
    );
    const unknown = client.getTransaction(wallet.address, "77", last.hash);
    expect(await refusalOf(unknown)).toContain(
      "cannot locate transaction in block with specified logical time",
    );
  });

  it("returns a bounced message to the sender", async () => {
    const wallet = await openWallet(net, "operator");
    const nowhere = new Address(0, Buffer.alloc(32, 0xab));
    await wallet.send({ seqno: 0, messages: [internal({ to: nowhere, value: toNano(5), bounce: true })] });

    const [bounce] = await client.getTransactions(wallet.address, { limit: 1 });
    const info = bounce?.inMessage?.info;
    expect(info?.type === "internal" && info.bounced && info.src.equals(nowhere)).toBe(true);
    expect(await client.getBalance(nowhere)).toBe(0n);
  });

  it("reports the exit code of a getter that fails", async () => {
    const wallet = await openWallet(net, "operator");
    const undeployed = await client.runMethodWithError(wallet.address, "seqno");
    expect(undeployed.exit_code).toBe(-13);
    await wallet.send({ seqno: 0, messages: [] });
    const missing = await client.runMethodWithError(wallet.address, "no_such_getter");
    expect(missing.exit_code).toBe(11);
    await expect(client.runMethod(wallet.address, "no_such_getter")).rejects.toThrow("exit_code: 11");
  });

  it("passes arguments to a getter and reads numbers, cells and slices back", async () => {
    // SETCP 0; DROP: the method id goes, and the arguments come back as they are.
    const init = { code: beginCell().storeBuffer(Buffer.from("FF0030", "hex")).endCell(), data: Cell.EMPTY };
    const echo = contractAddress(0, init);
    const wallet = await openWallet(net, "operator");
    await wallet.send({ seqno: 0, messages: [internal({ to: echo, value: toNano(1), init })] });

    const cell = beginCell().storeUint(7, 32).storeRef(Cell.EMPTY).endCell();
    const { stack } = await client.runMethod(echo, "echo", [
      { type: "int", value: -(2n ** 255n) },
      { type: "int", value: 2n ** 200n },
      { type: "cell", cell },
      { type: "slice", cell },
    ]);
    expect(stack.readBigNumber()).toBe(-(2n ** 255n));
    expect(stack.readBigNumber()).toBe(2n ** 200n);
    expect(stack.readCell().equals(cell)).toBe(true);
    expect(stack.readCell().equals(cell)).toBe(true);
  });

  it("walks blocks: masterchain, shards, and the transactions inside", async () => {
    const wallet = await openWallet(net, "operator");
    await wallet.send({ seqno: 0, messages: [] });
    const { latestSeqno, initSeqno } = await client.getMasterchainInfo();
    expect(initSeqno).toBe(1);
    const [shard] = await client.getWorkchainShards(latestSeqno);
    if (shard === undefined) {
      throw new Error("A block has one shard");
    }
    const inside = await client.getShardTransactions(shard.workchain, shard.seqno, shard.shard);
    expect(inside.map((t) => t.account.toString())).toEqual([wallet.address.toString()]);
  });

  it("locates both ends of a message", async () => {
    const wallet = await openWallet(net, "operator");
    const to = devWallet("spare1").v5;
    await wallet.send({ seqno: 0, messages: [internal({ to, value: toNano(1), bounce: false })] });
    const [sent] = await client.getTransactions(wallet.address, { limit: 1 });
    const info = sent?.outMessages.get(0)?.info;
    if (info?.type !== "internal") {
      throw new Error("The wallet sent one internal message");
    }
    const createdLt = info.createdLt.toString();
    const result = await client.tryLocateResultTx(wallet.address, to, createdLt);
    expect(result.inMessage?.info.src?.toString()).toBe(wallet.address.toString());
    const source = await client.tryLocateSourceTx(wallet.address, to, createdLt);
    expect(source.lt).toBe(sent?.lt);
  });

  it("estimates what a transfer then costs", async () => {
    const wallet = await openWallet(net, "operator");
    await wallet.send({ seqno: 0, messages: [] });
    const boc = await wallet.sign({
      seqno: 1,
      messages: [internal({ to: environmentContract.address, value: 1n })],
    });
    const body = loadMessage((Cell.fromBoc(boc)[0] ?? Cell.EMPTY).beginParse()).body;
    const { source_fees } = await client.estimateExternalMessageFee(wallet.address, {
      body,
      initCode: null,
      initData: null,
      ignoreSignature: true,
    });
    await client.sendFile(boc);
    const [paid] = await client.getTransactions(wallet.address, { limit: 2 });
    if (paid?.description.type !== "generic" || paid.description.computePhase.type !== "vm") {
      throw new Error("The wallet did not run");
    }
    expect(BigInt(source_fees.gas_fee)).toBe(paid.description.computePhase.gasFees);
    expect(source_fees.fwd_fee).toBeGreaterThan(0);
  });
});
