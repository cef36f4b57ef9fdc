import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Address, internal, toNano } from "@ton/core";
import { openJournal } from "../../../relayer/localnet/chain/journal";
import { devWallet } from "../../../relayer/localnet/devWallets";
import type { Localnet } from "../../../relayer/localnet/startLocalnet";
import { openWallet, startInstant, startManual } from "./fixture";

let dataDir: string;
let journalFile: string;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "localnet-"));
  journalFile = join(dataDir, "journal.jsonl");
});

afterEach(() => rmSync(dataDir, { recursive: true }));

const to = devWallet("treasury").v5;
const pay = async (net: Localnet, seqno: number, timeout?: number): Promise<void> => {
  const wallet = await openWallet(net, "operator");
  await wallet.send({ seqno, timeout, messages: [internal({ to, value: toNano(1), bounce: false })] });
};
const factsOf = ({ chain }: Localnet) => ({
  stats: chain.stats(),
  lt: chain.ledger.lt(),
  root: chain.ledger.blocks.head().rootHash.toString("hex"),
  balance: chain.ledger.finalAccount(to).account?.storage.balance.coins,
  hashes: chain.ledger.index.all().map((record) => record.hash.toString("hex")),
  previous: chain.ledger.blocks.at(chain.ledger.blocks.head().seqno - 2)?.rootHash.toString("hex"),
});

describe("localnet journal", () => {
  it("brings the same chain back, empty blocks and messages under way included", async () => {
    const net = await startManual({ dataDir, hops: 1 });
    await pay(net, 0);
    await net.chain.mine(40);
    await pay(net, 1);
    await net.chain.mine();
    const before = factsOf(net);
    expect(before.stats.waitingInternals).toBe(1);
    await net.close();

    const again = await startManual({ dataDir, hops: 1 });
    expect(factsOf(again)).toEqual(before);
    await again.chain.settle();
    expect(factsOf(again).balance).toBe(toNano(100_002));
    await again.close();
  });

  it("does not grow while nothing happens", async () => {
    const net = await startManual({ dataDir });
    const size = statSync(journalFile).size;
    await net.chain.mine(300);
    expect(statSync(journalFile).size).toBe(size);
    expect(readFileSync(join(dataDir, "head"), "utf8")).toBe("0000000000000301");
    await net.close();
  });

  it("cuts a torn end off and appends after it, whatever byte the write stopped at", async () => {
    const net = await startInstant({ dataDir });
    await pay(net, 0);
    const first = factsOf(net);
    const whole = statSync(journalFile).size;
    await pay(net, 1);
    await net.close();
    const full = readFileSync(journalFile);

    for (const torn of [whole + 1, whole + 700, full.length - 1]) {
      writeFileSync(journalFile, full);
      truncateSync(journalFile, torn);
      const opened = openJournal(dataDir);
      expect(opened.tornBytes).toBe(torn - whole);
      opened.journal.close();
      expect(statSync(journalFile).size).toBe(whole);
    }
    const again = await startInstant({ dataDir });
    expect(factsOf(again).hashes).toEqual(first.hashes);
    await pay(again, 1);
    const after = factsOf(again);
    await again.close();

    const third = await startInstant({ dataDir });
    expect(factsOf(third)).toEqual(after);
    expect(after.balance).toBe(toNano(100_002));
    await third.close();
  });

  it("refuses a journal that is damaged before its end, and leaves it alone", async () => {
    const net = await startInstant({ dataDir });
    await pay(net, 0);
    await net.close();
    appendFileSync(journalFile, '{"k":"block"}\n');
    const size = statSync(journalFile).size;
    await expect(startInstant({ dataDir })).rejects.toMatchObject({ code: "STORE_FAILED" });
    expect(statSync(journalFile).size).toBe(size);
  });

  it("refuses the data directory of a localnet with another global id", async () => {
    await (await startInstant({ dataDir })).close();
    await expect(startInstant({ dataDir, globalId: -3 })).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });

  it("refuses a data directory that a running process uses, and takes over a dead one's", async () => {
    await (await startInstant({ dataDir })).close();
    writeFileSync(join(dataDir, "lock"), process.ppid.toString());
    await expect(startInstant({ dataDir })).rejects.toMatchObject({ code: "STORE_FAILED" });
    const dead = spawnSync("true").pid;
    writeFileSync(join(dataDir, "lock"), dead.toString());
    await (await startInstant({ dataDir })).close();
  });

  it("keeps the moved clock, and forgets what was reverted", async () => {
    const net = await startInstant({ dataDir });
    await net.chain.setTime(net.chain.now() + 10_000_000);
    const snapshot = await net.chain.snapshot();
    const before = factsOf(net);
    await pay(net, 0, net.chain.now() + 60);
    await net.chain.revert(snapshot);
    const now = net.chain.now();
    await net.close();

    const again = await startInstant({ dataDir });
    expect(factsOf(again)).toEqual(before);
    expect(again.chain.now() - now).toBeLessThan(60);
    expect(again.chain.now()).toBeGreaterThanOrEqual(now);
    await again.close();
  });

  it("funds a new address on a restart, and no address twice", async () => {
    await (await startInstant({ dataDir })).close();
    const addresses = [devWallet("spare3").v5, new Address(0, Buffer.alloc(32, 0xcd))];
    const funded = addresses.map((address) => ({ address, amountNano: 7n }));
    const net = await startInstant({ dataDir, funded });
    const balances = funded.map(
      ({ address }) => net.chain.ledger.finalAccount(address).account?.storage.balance.coins,
    );
    expect(balances).toEqual([100_000_000_000_000n, 7n]);
    await net.close();
  });
});
