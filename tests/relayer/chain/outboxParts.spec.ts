import { beginCell, type Message, toNano } from "@ton/core";
import { createKeyCache, walletFromMnemonic } from "../../../relayer/chain";
import { matchBounce } from "../../../relayer/chain/outbox/matchBounce";
import { matchOutMessages } from "../../../relayer/chain/outbox/messages";
import { chooseIntents } from "../../../relayer/chain/outbox/signBatch";
import { devWallet } from "../../../relayer/localnet/devWallets";
import type { Intent } from "../../../relayer/store";
import { body, SINK, toSink } from "./support/world";

const intent = (query: bigint, changes: Partial<Intent> = {}): Intent => ({
  ...toSink(query),
  wallet: SINK.toRawString(),
  status: "batched",
  batchId: "b",
  attempts: 1,
  txLt: undefined,
  outIndex: undefined,
  outLt: undefined,
  exitCode: undefined,
  bounceLt: undefined,
  createdAt: 0,
  ...changes,
});

const message = (query: bigint, createdLt: bigint, bounced = false): Message => ({
  info: {
    type: "internal",
    src: SINK,
    dest: SINK,
    value: { coins: toNano("0.01") },
    bounce: false,
    bounced,
    ihrDisabled: true,
    ihrFee: 0n,
    forwardFee: 0n,
    createdLt,
    createdAt: 0,
  },
  body: body(query),
});

describe("matchOutMessages", () => {
  it("passes over the intents that the wallet skipped", () => {
    const intents = [1n, 2n, 3n, 4n].map((query) => intent(query));
    expect(matchOutMessages(intents, [message(2n, 20n), message(4n, 21n)])).toEqual([
      { key: "q1", sent: false },
      { key: "q2", sent: true, outIndex: 0, outLt: 20n },
      { key: "q3", sent: false },
      { key: "q4", sent: true, outIndex: 1, outLt: 21n },
    ]);
  });

  it("counts a message of another amount as not sent", () => {
    expect(matchOutMessages([intent(1n, { valueNano: 1n })], [message(1n, 20n)])).toEqual([
      { key: "q1", sent: false },
    ]);
  });
});

describe("matchBounce", () => {
  const sent = [
    intent(1n, { outLt: 20n }),
    intent(1n, { key: "again", outLt: 30n }),
    intent(2n, { outLt: 40n }),
  ];
  const returned = (query: bigint, lt: bigint): Message => {
    const { info } = message(query, lt, true);
    return {
      info,
      body: beginCell().storeUint(0xffffffff, 32).storeSlice(body(query).beginParse()).endCell(),
    };
  };

  it("takes the message that the cause names", () => {
    expect(matchBounce(sent, returned(1n, 50n), { outLt: 30n, exitCode: 1 })?.key).toBe("again");
  });

  it("takes the oldest message with the returned body when the cause is not visible", () => {
    expect(matchBounce(sent, returned(1n, 50n), undefined)?.key).toBe("q1");
    expect(matchBounce(sent, returned(2n, 50n), undefined)?.key).toBe("q2");
    expect(matchBounce(sent, returned(9n, 50n), undefined)).toBeUndefined();
  });

  it("never takes a message that was sent after the bounce", () => {
    expect(matchBounce(sent, returned(2n, 35n), undefined)).toBeUndefined();
  });
});

describe("chooseIntents", () => {
  it("stops at the first message that the balance does not cover, so that nothing overtakes", () => {
    const queued = [intent(1n), intent(2n, { valueNano: toNano("5") }), intent(3n)];
    expect(chooseIntents(queued, toNano("1")).map(({ key }) => key)).toEqual(["q1"]);
    expect(chooseIntents(queued, toNano("6"))).toHaveLength(3);
    expect(chooseIntents(queued, 0n)).toEqual([]);
  });

  it("keeps a batch below the size of one external message, but always takes one", () => {
    const large = (query: bigint) => intent(query, { body: "A".repeat(40_000) });
    expect(chooseIntents([1n, 2n, 3n].map(large), toNano("9"))).toHaveLength(1);
    expect(chooseIntents([intent(1n, { body: "A".repeat(80_000) })], toNano("9"))).toHaveLength(1);
  });
});

describe("walletFromMnemonic", () => {
  const { mnemonic, v5, v5Testnet } = devWallet("provider");
  const words = mnemonic.split(" ");

  it("finds the wallet of the words on the network asked for, deriving the key once", async () => {
    const deriveKey = createKeyCache();
    const wallet = await walletFromMnemonic({ words, deriveKey });
    const onTestnet = await walletFromMnemonic({ words, networkGlobalId: -3, deriveKey });
    expect(wallet.address.equals(v5)).toBe(true);
    expect(onTestnet.address.equals(v5Testnet)).toBe(true);
    expect(deriveKey(words)).toBe(deriveKey(words));
  });

  it("refuses words that are no mnemonic without repeating them", async () => {
    const wrong = walletFromMnemonic({ words: ["secret", ...words.slice(1)] });
    await expect(wrong).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    await expect(wrong).rejects.not.toThrow(/secret/);
  });
});
