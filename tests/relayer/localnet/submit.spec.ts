import {
  type Address,
  beginCell,
  Cell,
  external,
  internal,
  loadMessage,
  storeMessage,
  toNano,
} from "@ton/core";
import { devWallet } from "../../../relayer/localnet/devWallets";
import type { Localnet } from "../../../relayer/localnet/startLocalnet";
import { clientOf, openWallet, refusalOf, startManual, type TestWallet } from "./fixture";

const to = devWallet("treasury").v5;
const before = toNano(100_000);
const gift = () => [internal({ to, value: toNano(1), bounce: false })];

let net: Localnet;
const balance = () => clientOf(net).getBalance(to);
const submit = (boc: Buffer) => clientOf(net).sendFile(boc);

beforeEach(async () => {
  net = await startManual();
});

afterEach(() => net.close());

describe("localnet external messages", () => {
  it("accepts the same message twice and executes it once", async () => {
    const wallet = await openWallet(net, "operator");
    const boc = await wallet.sign({ seqno: 0, messages: gift() });
    await submit(boc);
    await submit(boc);
    expect(await balance()).toBe(before);
    await net.chain.settle();
    expect(await balance()).toBe(before + toNano(1));
    expect(net.chain.ledger.index.ofAccount(wallet.address.toRawString())).toHaveLength(1);
    expect(await refusalOf(submit(boc))).toContain("exitcode=133");
  });

  it("accepts two bodies with one seqno and drops the second without a word", async () => {
    const wallet = await openWallet(net, "operator");
    await submit(await wallet.sign({ seqno: 0, messages: gift() }));
    await submit(await wallet.sign({ seqno: 0, messages: [...gift(), ...gift()] }));
    await net.chain.settle();
    expect(await balance()).toBe(before + toNano(1));
    expect(net.chain.stats().dropped).toBe(1);
  });

  it.each([
    ["v5", 133, 135, 136],
    ["v4", 33, 35, 36],
  ] as const)(
    "names the exit code with which a %s wallet refuses seqno (%i), signature (%i) and expiry (%i)",
    async (version, badSeqno, badSignature, expired) => {
      const wallet = await openWallet(net, "operator", version);
      await wallet.send({ seqno: 0, messages: [] });
      await net.chain.settle();

      expect(await rejectionOf(wallet, { seqno: 9 })).toContain(`exitcode=${badSeqno}`);
      expect(await rejectionOf(wallet, { seqno: 1, timeout: net.chain.now() - 1 })).toContain(
        `exitcode=${expired}`,
      );
      const stranger = await openWallet(net, "guardian", version);
      const forged = redirect(await stranger.sign({ seqno: 1, messages: [] }), wallet.address);
      expect(await refusalOf(submit(forged))).toContain(`exitcode=${badSignature}`);
    },
  );

  it("refuses an external to an account without code, and bytes that are no message", async () => {
    const wallet = await openWallet(net, "operator");
    const undeployed = await wallet.sign({ seqno: 1, messages: [] });
    const hash = wallet.address.hash.toString("hex").toUpperCase();
    expect(await refusalOf(submit(undeployed))).toContain(`rejected by account ${hash}`);
    expect(await refusalOf(submit(Buffer.from("no message")))).toContain("cannot parse external message");
    expect(net.chain.stats().waitingExternals).toBe(0);
  });

  it("shows nothing of a message before a block includes it", async () => {
    const wallet = await openWallet(net, "operator");
    await wallet.send({ seqno: 0, messages: gift() });
    expect(await wallet.seqno()).toBe(0);
    expect(await clientOf(net).getTransactions(wallet.address, { limit: 5 })).toEqual([]);
    await net.chain.mine();
    expect(await wallet.seqno()).toBe(1);
  });
});

async function rejectionOf(
  wallet: TestWallet,
  transfer: { seqno: number; timeout?: number },
): Promise<string> {
  return refusalOf(wallet.send({ ...transfer, messages: [] }));
}

/** A body that someone else signed, sent to `to`. */
function redirect(boc: Buffer, to: Address): Buffer {
  const { body } = loadMessage((Cell.fromBoc(boc)[0] ?? Cell.EMPTY).beginParse());
  return beginCell()
    .store(storeMessage(external({ to, body })))
    .endCell()
    .toBoc();
}
