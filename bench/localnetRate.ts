import { beginCell, external, internal, SendMode, storeMessage } from "@ton/core";
import { request } from "undici";
import { createToncenterClient, type Wallet, walletFromMnemonic } from "../relayer/chain";
import { childEnvironments } from "../relayer/cli/up/children";
import { auditChain } from "../relayer/cli/up/money";
import { makePlan } from "../relayer/cli/up/plan";
import { createProcesses } from "../relayer/cli/up/processes";
import { devWallets } from "../relayer/localnet/devWallets";
import type { Benchmark } from "./benchmark";
import { median } from "./stats";

const ROUNDS = 3;
const MESSAGES = 50;
const VALUE_NANO = 10_000_000n;
const VALID_SECONDS = 600;

/** Transfers between deployed wallets, journalled to disk: from the first external message to a settled chain. */
export const localnetRate: Benchmark = {
  names: ["localnet.tx-per-s"],
  async run({ root, dir }) {
    const plan = await makePlan({ dir, root, gatewayPort: 0 });
    const processes = createProcesses({ root, logDir: dir });
    const baseUrl = `http://127.0.0.1:${plan.ports.localnet}`;
    const env = childEnvironments(plan, { dir, logLevel: "info" }).localnet();
    const reader = createToncenterClient({ endpoint: plan.endpoint });
    try {
      await processes.start("localnet", env).ready(`${baseUrl}/healthz`);
      const wallets = await Promise.all(
        devWallets().map(({ mnemonic }) => walletFromMnemonic({ words: mnemonic.split(" ") })),
      );
      const rates: number[] = [];
      // The first round deploys the wallets and warms up.
      for (let round = 0; round <= ROUNDS; round += 1) {
        const bocs = await Promise.all(wallets.map((wallet) => signTransfers(wallet, wallets, round)));
        const before = await auditChain(baseUrl);
        const started = performance.now();
        await Promise.all(bocs.map((boc) => reader.sendBoc(boc)));
        await settle(baseUrl);
        const seconds = (performance.now() - started) / 1_000;
        const after = await auditChain(baseUrl);
        rates.push((after.transactions - before.transactions) / seconds);
      }
      return [{ name: "localnet.tx-per-s", value: median(rates.slice(1)), unit: "/s" }];
    } finally {
      await reader.close();
      await processes.stop();
    }
  },
};

async function signTransfers(wallet: Wallet, to: readonly Wallet[], round: number): Promise<Uint8Array> {
  const messages = Array.from({ length: round === 0 ? 1 : MESSAGES }, (_, index) =>
    internal({ to: (to[index % to.length] ?? wallet).address, value: VALUE_NANO, bounce: false }),
  );
  const body = await wallet.contract.createTransfer({
    seqno: round,
    timeout: Math.floor(Date.now() / 1_000) + VALID_SECONDS,
    sendMode: SendMode.PAY_GAS_SEPARATELY | SendMode.IGNORE_ERRORS,
    signer: (message) => wallet.sign(message),
    messages,
  });
  const init = round === 0 ? wallet.contract.init : undefined;
  return beginCell()
    .store(storeMessage(external({ to: wallet.address, init, body })))
    .endCell()
    .toBoc();
}

async function settle(baseUrl: string): Promise<void> {
  const { statusCode, body } = await request(`${baseUrl}/localnet/settle`, { method: "POST", body: "{}" });
  const text = await body.text();
  if (statusCode !== 200) {
    throw new Error(`The chain did not settle: ${text}`);
  }
}
