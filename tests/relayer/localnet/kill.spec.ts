import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { internal, toNano } from "@ton/core";
import { TonClient } from "@ton/ton";
import { devWallet } from "../../../relayer/localnet/devWallets";
import { openWallet, request, startManual } from "./fixture";

const ROUNDS = 3;

describe("localnet SIGKILL", () => {
  it("under load loses nothing that was shown, and goes on from there", async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "localnet-"));
    let shown: Shown = { hashes: [], headSeqno: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      const { child, baseUrl } = await start(dataDir);
      const restarted = await look(baseUrl);
      expect(restarted.hashes.slice(0, shown.hashes.length)).toEqual(shown.hashes);
      expect(restarted.headSeqno).toBeGreaterThanOrEqual(shown.headSeqno);

      shown = await lookUntil(baseUrl, restarted.hashes.length + 12, send(baseUrl));
      child.kill("SIGKILL");
      await once(child, "exit");
    }

    const net = await startManual({ dataDir, finalityBlocks: 0 });
    const { index } = net.chain.ledger;
    const hashes = index.ofAccount(wallet.toRawString()).map((record) => record.hash.toString("hex"));
    expect(hashes.slice(0, shown.hashes.length)).toEqual(shown.hashes);
    expect(new Set(hashes).size).toBe(hashes.length);
    await net.chain.settle();
    const paid = index.ofAccount(devWallet("treasury").v5.toRawString()).length;
    expect(paid).toBe(index.ofAccount(wallet.toRawString()).length);
    await net.close();
    rmSync(dataDir, { recursive: true });
  });
});

interface Shown {
  /** Of the sending wallet, oldest first. */
  readonly hashes: readonly string[];
  readonly headSeqno: number;
}

const wallet = devWallet("operator").v5;

async function start(dataDir: string): Promise<{ child: ChildProcess; baseUrl: string }> {
  const script = join(__dirname, "runLocalnet.ts");
  const child = spawn(process.execPath, ["-r", "ts-node/register", script, dataDir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(child.stdout, "data");
  return { child, baseUrl: String(line).trim() };
}

async function look(baseUrl: string): Promise<Shown> {
  const client = new TonClient({ endpoint: `${baseUrl}/jsonRPC` });
  const { latestSeqno } = await client.getMasterchainInfo();
  const transactions = await client.getTransactions(wallet, { limit: 1_000 });
  return { hashes: transactions.map((t) => t.hash().toString("hex")).reverse(), headSeqno: latestSeqno };
}

/** Sends transfers one after another until the process behind the URL is gone. */
async function send(baseUrl: string): Promise<void> {
  const operator = await openWallet({ endpoint: `${baseUrl}/jsonRPC` }, "operator");
  const messages = [internal({ to: devWallet("treasury").v5, value: toNano(1), bounce: false })];
  for (;;) {
    try {
      await operator.send({ seqno: await operator.seqno(), messages });
    } catch {
      if (!(await isAlive(baseUrl))) {
        return;
      }
    }
  }
}

const isAlive = (baseUrl: string): Promise<boolean> =>
  request({ baseUrl }, "/healthz").then(
    () => true,
    () => false,
  );

async function lookUntil(baseUrl: string, count: number, sending: Promise<void>): Promise<Shown> {
  for (;;) {
    const shown = await Promise.race([
      look(baseUrl),
      sending.then(() => Promise.reject(new Error("It died early"))),
    ]);
    if (shown.hashes.length >= count) {
      return shown;
    }
  }
}
