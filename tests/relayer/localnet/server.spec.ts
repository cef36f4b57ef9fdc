import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { devWallet } from "../../../relayer/localnet/devWallets";
import { MAX_BODY_BYTES } from "../../../relayer/localnet/http/readBody";
import { type Localnet, startLocalnet } from "../../../relayer/localnet/startLocalnet";
import { silentLog } from "../../../relayer/observe/log";
import { clientOf, request, startInstant } from "./fixture";

let net: Localnet;

beforeAll(async () => {
  net = await startInstant();
});

afterAll(() => net.close());

describe("localnet server", () => {
  it.each(["/", "/jsonRPC", "/api/v2/jsonRPC"])("takes JSON-RPC at %s", async (path) => {
    const answer = await request(net, path, {
      id: "7",
      jsonrpc: "2.0",
      method: "getMasterchainInfo",
      params: {},
    });
    expect(answer).toMatchObject({
      status: 200,
      body: { ok: true, id: "7", result: { last: { workchain: -1 } } },
    });
  });

  it("takes the same methods as REST, by GET and by POST", async () => {
    const address = devWallet("deployer").v5.toString();
    const expected = {
      status: 200,
      body: { ok: true, result: { balance: "100000000000000", state: "uninitialized" } },
    };
    expect(await request(net, `/api/v2/getAddressInformation?address=${address}`)).toMatchObject(expected);
    expect(await request(net, "/api/v2/getAddressInformation", { address })).toMatchObject(expected);
  });

  it("answers an unknown method and a bad call with toncenter's error body", async () => {
    const unknown = await request(net, "/jsonRPC", { method: "constructor", params: {}, id: 1 });
    expect(unknown).toMatchObject({ status: 404, body: { ok: false, code: 404 } });
    expect((await request(net, "/jsonRPC", { params: {} })).status).toBe(422);
    expect((await request(net, "/elsewhere")).status).toBe(404);
    const notJson = await fetch(`${net.baseUrl}/jsonRPC`, { method: "POST", body: "{" });
    expect(notJson.status).toBe(422);
  });

  it("refuses a body that is too large", async () => {
    const large = { method: "sendBoc", params: { boc: "A".repeat(MAX_BODY_BYTES) }, id: 1 };
    expect((await request(net, "/jsonRPC", large)).status).toBe(413);
  });

  it("says that it is well", async () => {
    expect(await request(net, "/healthz")).toEqual({ status: 200, body: { ok: true, seqno: 1 } });
  });

  it("gives coins to anyone who asks, up to a limit", async () => {
    const address = devWallet("spare1").v4;
    await request(net, "/localnet/faucet", { address: address.toString(), amountNano: "5000000000" });
    expect(await clientOf(net).getBalance(address)).toBe(100_005_000_000_000n);
    const greedy = { address: address.toString(), amountNano: "1000000000000000001" };
    expect((await request(net, "/localnet/faucet", greedy)).status).toBe(422);
  });

  it("listens on the loopback interface alone", async () => {
    const outside = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .find((address) => !address.internal && address.family === "IPv4");
    const host = outside?.address ?? "127.0.0.2";
    const refused = new Promise((resolve) => {
      const socket = connect({ host, port: net.port });
      socket.on("connect", () => resolve("connected"));
      socket.on("error", () => resolve("refused"));
    });
    expect(await refused).toBe("refused");
  });

  it("says when its port is taken", async () => {
    const second = startLocalnet({ port: net.port, blockMs: 0, log: silentLog });
    await expect(second).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });

  it("makes blocks by itself, faster or slower, until it is closed", async () => {
    const ticking = await startLocalnet({ port: 0, blockMs: 5, log: silentLog });
    await new Promise<void>((resolve) => {
      ticking.chain.onBlock((block) => block.seqno >= 6 && resolve());
    });
    await ticking.close();
    const { seqno } = ticking.chain.ledger.blocks.head();
    expect((await ticking.chain.mine()).seqno).toBe(seqno);
  });
});
