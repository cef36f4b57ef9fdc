import { setTimeout as pause } from "node:timers/promises";
import { beginCell, external, internal, type SenderArguments, SendMode, storeMessage } from "@ton/core";
import type { ChainReader, Wallet } from "../../chain";
import { RetryableError } from "../../errors";
import { type MessageSender, solventAccount } from "./sender";

const VALID_SECONDS = 60;
const SEND_MS = 90_000;
const POLL_MS = 250;

/** Signs here, with a wallet's words. */
export function senderByWords(reader: ChainReader, wallet: Wallet): MessageSender {
  return { address: wallet.address, send: (message) => sendFrom(reader, wallet, message) };
}

async function sendFrom(reader: ChainReader, wallet: Wallet, message: SenderArguments): Promise<void> {
  const account = await solventAccount(reader, wallet.address, message.value);
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
