import { setTimeout as pause } from "node:timers/promises";
import { beginCell, external, internal, type SenderArguments, SendMode, storeMessage } from "@ton/core";
import type { ScriptHost } from "../../../wrappers/scripting";
import { type ChainReader, openContract, type Wallet } from "../../chain";
import { FinalError, RetryableError } from "../../errors";
import { formatTon } from "../../protocol";

const NETWORKS: Readonly<Record<number, "mainnet" | "testnet">> = { [-239]: "mainnet", [-3]: "testnet" };
const VALID_SECONDS = 60;
const SEND_MS = 90_000;
const POLL_MS = 250;
/** Stays in the wallet for its own fees beside what a message carries. */
const FEE_NANO = 20_000_000n;

export interface Sent {
  readonly to: string;
  readonly valueNano: bigint;
}

/** Ends a dry run where the first message would have left. */
export class DryRunEnd extends Error {}

/** Lets the scripts of `scripts/` run over a chain reader and a wallet of words, as they do under Blueprint. */
export function createHost(deps: {
  readonly reader: ChainReader;
  /** Needed by what sends. */
  readonly wallet: Wallet | undefined;
  readonly globalId: number;
  readonly dryRun: boolean;
  readonly write: (line: string) => void;
  readonly ask: (question: string) => Promise<string>;
  readonly onSent: (sent: Sent) => void;
}): ScriptHost {
  const { reader, wallet } = deps;
  return {
    network: () => NETWORKS[deps.globalId] ?? "custom",
    open: (contract) => openContract(reader, contract),
    isContractDeployed: async (address) => (await reader.account(address)).state === "active",
    ui: () => ({
      write: deps.write,
      // Nothing can be sent in a dry run: its questions need no person.
      input: (question) => (deps.dryRun ? Promise.resolve("yes") : deps.ask(question)),
    }),
    sender: () => ({
      address: wallet?.address,
      send: async (message) => {
        deps.onSent({ to: message.to.toString(), valueNano: message.value });
        if (deps.dryRun) {
          throw new DryRunEnd();
        }
        await sendFrom(reader, needed(wallet), message);
      },
    }),
  };
}

function needed(wallet: Wallet | undefined): Wallet {
  if (wallet === undefined) {
    throw new FinalError("CONFIG_INVALID", "This command sends a message: give the words of the wallet.");
  }
  return wallet;
}

/** Sends and waits until the wallet has taken the message. What it causes is for the caller to look at. */
async function sendFrom(reader: ChainReader, wallet: Wallet, message: SenderArguments): Promise<void> {
  const account = await reader.account(wallet.address);
  if (account.balanceNano < message.value + FEE_NANO) {
    throw new FinalError(
      "INSUFFICIENT_FUNDS",
      `The wallet ${wallet.address.toString({ bounceable: false })} holds ${formatTon(account.balanceNano)} TON ` +
        `and needs ${formatTon(message.value + FEE_NANO)}: send it the difference.`,
    );
  }
  const isActive = account.state === "active";
  const seqno = isActive ? await seqnoOf(reader, wallet) : 0;
  const body = await wallet.contract.createTransfer({
    seqno,
    timeout: account.utime + VALID_SECONDS,
    sendMode: SendMode.PAY_GAS_SEPARATELY | SendMode.IGNORE_ERRORS,
    signer: (cell) => wallet.sign(cell),
    messages: [
      internal({
        to: message.to,
        value: message.value,
        bounce: message.bounce ?? true,
        init: message.init ?? undefined,
        body: message.body ?? undefined,
      }),
    ],
  });
  const init = isActive ? undefined : wallet.contract.init;
  const envelope = beginCell()
    .store(storeMessage(external({ to: wallet.address, init, body })))
    .endCell();
  await reader.sendBoc(envelope.toBoc());
  const end = performance.now() + SEND_MS;
  while (performance.now() < end) {
    await pause(POLL_MS);
    if (
      (await reader.account(wallet.address)).state === "active" &&
      (await seqnoOf(reader, wallet)) > seqno
    ) {
      return;
    }
  }
  throw new RetryableError(
    "CHAIN_TIMEOUT",
    "The wallet did not take the message in time: look before you repeat it.",
  );
}

async function seqnoOf(reader: ChainReader, wallet: Wallet): Promise<number> {
  return (await reader.runGetMethod(wallet.address, "seqno", [])).readNumber();
}
