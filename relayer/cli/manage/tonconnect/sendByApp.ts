import { setTimeout as pause } from "node:timers/promises";
import {
  type Address,
  beginCell,
  Cell,
  loadMessage,
  type Message,
  type SenderArguments,
  storeStateInit,
  type Transaction,
} from "@ton/core";
import type { SendTransactionRequest } from "@tonconnect/sdk";
import { NotSeenError } from "../../../../wrappers/scripting";
import { type ChainReader, normalizedHash } from "../../../chain";
import { FinalError } from "../../../errors";
import type { Clock } from "../../../observe/clock";
import { type MessageSender, solventAccount } from "../sender";
import type { App } from "./openApp";

export const TESTNET_GLOBAL_ID = -3;
const POLL_MS = 250;
/** A wallet app sends what it has signed at once. */
const ARRIVE_MS = 90_000;

/** Has a person's wallet app sign and send, and believes the chain alone about it. */
export function senderByApp(deps: {
  readonly reader: ChainReader;
  readonly app: App;
  readonly globalId: number;
  readonly waitMs: number;
  readonly clock: Clock;
  /** Called when the person has to look at the phone. */
  readonly onAsk: () => void;
}): MessageSender {
  const { reader, app, globalId, waitMs } = deps;
  return {
    address: app.address,
    send: async (message) => {
      const account = await solventAccount(reader, app.address, message.value);
      deps.onAsk();
      // The app looks at its own clock, the wallet's contract at the chain's.
      const nowSeconds = Math.max(account.utime, Math.floor(deps.clock.nowMs() / 1_000));
      const validUntil = nowSeconds + Math.ceil(waitMs / 1_000);
      const boc = await app.ask(transactionOf(message, { from: app.address, globalId, validUntil }));
      const signed = signedMessage(boc, app.address);
      const transaction = await arrival(reader, {
        wallet: app.address,
        afterLt: account.last.lt,
        hash: normalizedHash(signed),
        limitMs: Math.min(waitMs, ARRIVE_MS),
      });
      requireSent(transaction, message);
    },
  };
}

function transactionOf(
  { to, value, bounce, body, init }: SenderArguments,
  by: { readonly from: Address; readonly globalId: number; readonly validUntil: number },
): SendTransactionRequest {
  const testOnly = by.globalId === TESTNET_GLOBAL_ID;
  return {
    validUntil: by.validUntil,
    network: String(by.globalId),
    from: by.from.toRawString(),
    messages: [
      {
        address: to.toString({ bounceable: bounce ?? true, testOnly }),
        amount: value.toString(),
        ...(body === undefined || body === null ? {} : { payload: base64(body) }),
        ...(init === undefined || init === null
          ? {}
          : { stateInit: base64(beginCell().store(storeStateInit(init)).endCell()) }),
      },
    ],
  };
}

function base64(cell: Cell): string {
  return cell.toBoc().toString("base64");
}

function signedMessage(boc: string, wallet: Address): Message {
  try {
    const message = loadMessage(Cell.fromBase64(boc).beginParse());
    if (message.info.type === "external-in" && message.info.dest.equals(wallet)) {
      return message;
    }
  } catch {
    // Told below: what cannot be read is not the wallet's message either.
  }
  throw new NotSeenError(
    "The wallet app's answer is no message to its wallet: look at the wallet before you repeat it.",
  );
}

/** The wallet's transaction that took the message. */
async function arrival(
  reader: ChainReader,
  sought: {
    readonly wallet: Address;
    readonly afterLt: bigint;
    readonly hash: string;
    readonly limitMs: number;
  },
): Promise<Transaction> {
  const { wallet, afterLt, hash, limitMs } = sought;
  const end = performance.now() + limitMs;
  while (performance.now() < end) {
    const { last } = await reader.account(wallet);
    const page = last.lt > afterLt ? await reader.transactions(wallet, last, afterLt) : [];
    const found = page.find(
      ({ inMessage }) => inMessage?.info.type === "external-in" && normalizedHash(inMessage) === hash,
    );
    if (found !== undefined) {
      return found;
    }
    await pause(POLL_MS);
  }
  throw new NotSeenError(
    `The wallet app says that it has sent, and nothing came to the chain within ${limitMs / 1_000} s: look at the wallet before you repeat it.`,
  );
}

/** A wallet takes a message also where it cannot do what it says. */
function requireSent(transaction: Transaction, { to, value, body }: SenderArguments): void {
  const asked = body ?? beginCell().endCell();
  const isThere = transaction.outMessages
    .values()
    .some(
      ({ info, body: carried }) =>
        info.type === "internal" &&
        info.dest.equals(to) &&
        info.value.coins === value &&
        carried.equals(asked),
    );
  if (!isThere) {
    throw new FinalError(
      "CHAIN_REJECTED",
      "The wallet took the message and did not send what was asked: look at its transaction.",
    );
  }
}
