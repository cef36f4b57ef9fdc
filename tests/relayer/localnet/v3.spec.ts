import { beginCell, Cell, internal, toNano } from "@ton/core";
import { z } from "zod";
import { devWallet } from "../../../relayer/localnet/devWallets";
import type { Localnet } from "../../../relayer/localnet/startLocalnet";
import { openWallet, request, startInstant, type TestWallet } from "./fixture";

const message = z.object({
  hash: z.string(),
  hash_norm: z.string().optional(),
  source: z.string().nullable(),
  destination: z.string().nullable(),
  value: z.string().nullable(),
});
const transaction = z.object({
  account: z.string(),
  hash: z.string(),
  lt: z.string(),
  prev_trans_hash: z.string(),
  prev_trans_lt: z.string(),
  mc_block_seqno: z.number(),
  description: z.object({ type: z.literal("ord"), aborted: z.boolean() }),
  in_msg: message,
  out_msgs: z.array(message),
});
const transactionsAnswer = z.object({ transactions: z.array(transaction) });

let net: Localnet;
let wallet: TestWallet;
const to = devWallet("treasury").v5;

beforeEach(async () => {
  net = await startInstant();
  wallet = await openWallet(net, "operator");
});

afterEach(() => net.close());

const get = async (path: string) => (await request(net, `/api/v3/${path}`)).body;
const transactions = async (query: string) => transactionsAnswer.parse(await get(query)).transactions;
const post = (boc: Buffer) => request(net, "/api/v3/message", { boc: boc.toString("base64") });
const send = async (seqno: number) =>
  z
    .object({ message_hash: z.string(), message_hash_norm: z.string() })
    .parse(
      (
        await post(
          await wallet.sign({ seqno, messages: [internal({ to, value: toNano(1), bounce: false })] }),
        )
      ).body,
    );

describe("localnet v3 API", () => {
  it("finds what a sent message did by its hash and by its normalized hash", async () => {
    const { message_hash, message_hash_norm } = await send(0);
    for (const hash of [message_hash, message_hash_norm]) {
      const [found, ...more] = await transactions(
        `transactionsByMessage?msg_hash=${encodeURIComponent(hash)}`,
      );
      expect(more).toEqual([]);
      expect(found?.in_msg).toMatchObject({ hash: message_hash, hash_norm: message_hash_norm, source: null });
      expect(found?.out_msgs).toHaveLength(1);
    }
    const [sent] = await transactions(`transactionsByMessage?msg_hash=${encodeURIComponent(message_hash)}`);
    const internalHash = encodeURIComponent(sent?.out_msgs[0]?.hash ?? "");
    const ends = await transactions(`transactionsByMessage?msg_hash=${internalHash}&sort=asc`);
    expect(ends.map((end) => end.account)).toEqual([
      upper(wallet.address.toRawString()),
      upper(to.toRawString()),
    ]);
    const received = await transactions(`transactionsByMessage?msg_hash=${internalHash}&direction=in`);
    expect(received.map((end) => end.account)).toEqual([upper(to.toRawString())]);
    expect(await get(`messages?msg_hash=${internalHash}`)).toMatchObject({
      messages: [{ value: toNano(1).toString(), bounce: false }],
    });
  });

  it("lists by account, from a logical time, in either order, page by page", async () => {
    for (let seqno = 0; seqno < 3; seqno++) {
      await send(seqno);
    }
    const account = `account=${wallet.address}`;
    const all = await transactions(`transactions?${account}&sort=asc`);
    expect(all).toHaveLength(3);
    expect(all[1]?.prev_trans_lt).toBe(all[0]?.lt);
    expect(all[1]?.prev_trans_hash).toBe(all[0]?.hash);
    expect(await transactions(`transactions?${account}`)).toEqual(all.toReversed());
    expect(await transactions(`transactions?${account}&sort=asc&start_lt=${all[1]?.lt}`)).toEqual(
      all.slice(1),
    );
    expect(await transactions(`transactions?${account}&sort=asc&end_lt=${all[1]?.lt}`)).toEqual(
      all.slice(0, 2),
    );
    expect(await transactions(`transactions?${account}&sort=asc&limit=1&offset=2`)).toEqual(all.slice(2));
    expect(await transactions(`transactions?mc_seqno=${all[2]?.mc_block_seqno}&sort=asc`)).toHaveLength(2);

    const both = await transactions(`transactions?${account}&account=${to}&sort=asc&limit=100`);
    expect(both).toHaveLength(6);
    expect(both.map((one) => BigInt(one.lt))).toEqual(
      both.map((one) => BigInt(one.lt)).sort((a, b) => (a < b ? -1 : 1)),
    );
  });

  it("reads account states and runs getters", async () => {
    await send(0);
    expect(await get(`addressInformation?address=${wallet.address}`)).toMatchObject({ status: "active" });
    expect(await get(`accountStates?address=${wallet.address}&address=${to}`)).toMatchObject({
      accounts: [
        { address: upper(wallet.address.toRawString()), status: "active" },
        {
          address: upper(to.toRawString()),
          status: "uninit",
          balance: toNano(100_001).toString(),
          code_boc: null,
        },
      ],
    });
    const call = { address: wallet.address.toString(), method: "seqno", stack: [] };
    expect((await request(net, "/api/v3/runGetMethod", call)).body).toMatchObject({
      exit_code: 0,
      stack: [{ type: "num", value: "0x1" }],
    });
    expect(await get("masterchainInfo")).toMatchObject({
      last: { seqno: net.chain.ledger.blocks.head().seqno, shard: "8000000000000000" },
    });
  });

  it("refuses what it cannot read, by name", async () => {
    expect(await request(net, "/api/v3/addressInformation?address=nobody")).toEqual({
      status: 422,
      body: { error: "Incorrect address", code: 422 },
    });
    expect((await request(net, "/api/v3/transactions?start_lt=soon")).status).toBe(422);
    expect((await request(net, "/api/v3/nothing")).status).toBe(404);
    const notAMessage = beginCell().endCell().toBoc();
    expect((await post(notAMessage)).status).toBe(500);
    expect((await post(Cell.EMPTY.toBoc().subarray(0, 3))).status).toBe(500);
  });
});

const upper = (raw: string): string => raw.toUpperCase();
