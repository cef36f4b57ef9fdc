import type { FaultKind } from "../../../relayer/localnet/faults";
import type { Localnet } from "../../../relayer/localnet/startLocalnet";
import { clientOf, fault, openWallet, request, startInstant, type TestWallet } from "./fixture";

let net: Localnet;
let wallet: TestWallet;

beforeEach(async () => {
  net = await startInstant();
  wallet = await openWallet(net, "operator");
  for (let seqno = 0; seqno < 4; seqno++) {
    await wallet.send({ seqno, messages: [] });
  }
});

afterEach(() => net.close());

const strike = (kind: FaultKind, more: object = {}) => request(net, "/localnet/faults", { kind, ...more });
const v2Page = async () =>
  (await clientOf(net).getTransactions(wallet.address, { limit: 4 })).map((t) => Number(t.lt / 1_000_000n));
const v3Page = async () => {
  const { body } = await request(net, `/api/v3/transactions?account=${wallet.address}&sort=asc`);
  return JSON.stringify(body)
    .match(/"lt":"(\d+)000000"/g)
    ?.map((lt) => Number(lt.replace(/\D/g, "")) / 1_000_000);
};

describe("localnet faults", () => {
  it.each([
    ["http429", 429],
    ["http500", 500],
  ] as const)("%s refuses as many requests as told, then none", async (kind, status) => {
    await strike(kind, { count: 2, match: "getMasterchainInfo" });
    const masterchainInfo = () =>
      request(net, "/jsonRPC", { method: "getMasterchainInfo", params: {}, id: 1 });
    expect(await v2Page()).toEqual([4, 3, 2, 1]);
    expect((await masterchainInfo()).status).toBe(status);
    expect((await masterchainInfo()).status).toBe(status);
    expect((await masterchainInfo()).status).toBe(200);
  });

  it("timeout cuts the connection without an answer", async () => {
    await strike("timeout", { value: 20 });
    await expect(v2Page()).rejects.toThrow("socket hang up");
    expect(await v2Page()).toEqual([4, 3, 2, 1]);
  });

  it("delay answers late", async () => {
    await strike("delay", { value: 60 });
    const startedAt = performance.now();
    expect(await v2Page()).toEqual([4, 3, 2, 1]);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(55);
  });

  it("dropExternal says ok and forgets the message, which can be sent again", async () => {
    await strike("dropExternal");
    const boc = await wallet.sign({ seqno: 4, messages: [] });
    await clientOf(net).sendFile(boc);
    await net.chain.settle();
    expect(await wallet.seqno()).toBe(4);
    await clientOf(net).sendFile(boc);
    expect(await wallet.seqno()).toBe(5);
  });

  it.each([
    ["duplicate", [4, 4, 3, 3, 2, 2, 1, 1], [1, 1, 2, 2, 3, 3, 4, 4]],
    ["truncatedPage", [4, 3], [1, 2]],
    ["gap", [4, 3, 1], [1, 2, 4]],
  ] as const)("%s spoils one page of v2 and one of v3", async (kind, v2, v3) => {
    await strike(kind, { count: 2 });
    const raw = await request(net, `/api/v2/getTransactions?address=${wallet.address}&limit=4`);
    const lts = JSON.stringify(raw.body).match(/"transaction_id":\{[^}]*"lt":"(\d+)000000"/g);
    expect(lts?.map((lt) => Number(/"(\d+)000000"/.exec(lt)?.[1]))).toEqual(v2);
    expect(await v3Page()).toEqual(v3);
    expect(await v2Page()).toEqual([4, 3, 2, 1]);
    expect(await v3Page()).toEqual([1, 2, 3, 4]);
  });

  it("lag hides new blocks from every answer until it is cleared", async () => {
    const { latestSeqno } = await clientOf(net).getMasterchainInfo();
    await strike("lag", { value: 3 });
    await net.chain.mine(2);
    expect((await clientOf(net).getMasterchainInfo()).latestSeqno).toBe(latestSeqno);
    await net.chain.mine(2);
    expect((await clientOf(net).getMasterchainInfo()).latestSeqno).toBe(latestSeqno + 1);
    await request(net, "/localnet/faults", { clear: true });
    expect((await clientOf(net).getMasterchainInfo()).latestSeqno).toBe(latestSeqno + 4);
  });

  it("indexerLag puts v3 lists behind v2", async () => {
    await strike("indexerLag", { value: 2 });
    expect(await v2Page()).toEqual([4, 3, 2, 1]);
    expect(await v3Page()).toEqual([1, 2]);
    await net.chain.mine(2);
    expect(await v3Page()).toEqual([1, 2, 3, 4]);
  });

  it("never strikes control routes or health", async () => {
    net.faults.set(fault("http500", { count: 100 }));
    expect((await request(net, "/localnet/stats")).status).toBe(200);
    expect((await request(net, "/healthz")).status).toBe(200);
    expect((await request(net, "/api/v2/getMasterchainInfo")).status).toBe(500);
  });

  it("are refused when the localnet was started without them", async () => {
    const plain = await startInstant({ faultsEnabled: false });
    try {
      expect((await request(plain, "/localnet/faults", { kind: "http500" })).status).toBe(403);
      expect((await request(plain, "/api/v2/getMasterchainInfo")).status).toBe(200);
    } finally {
      await plain.close();
    }
  });

  it("are refused when they are not known", async () => {
    expect((await strike("http500", { count: 0 })).status).toBe(422);
    expect((await request(net, "/localnet/faults", { kind: "meteor" })).status).toBe(422);
  });
});
