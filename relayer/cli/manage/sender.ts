import type { Address, SenderArguments } from "@ton/core";
import type { ChainReader } from "../../chain";
import { FinalError } from "../../errors";
import { formatTon } from "../../protocol";

/** Whose messages a script sends: a wallet of words, or an app on a person's phone. */
export interface MessageSender {
  readonly address: Address | undefined;
  /** Returns once the wallet has taken the message. What it causes is for the caller to look at. */
  send(message: SenderArguments): Promise<void>;
}

/** Stays in the wallet for its own fees beside what a message carries. */
const FEE_NANO = 20_000_000n;

/** The account of a wallet that can pay for a message. Throws `INSUFFICIENT_FUNDS`. */
export async function solventAccount(reader: ChainReader, address: Address, valueNano: bigint) {
  const account = await reader.account(address);
  if (account.balanceNano < valueNano + FEE_NANO) {
    throw new FinalError(
      "INSUFFICIENT_FUNDS",
      `The wallet ${address.toString({ bounceable: false })} holds ${formatTon(account.balanceNano)} TON ` +
        `and needs ${formatTon(valueNano + FEE_NANO)}: send it the difference.`,
    );
  }
  return account;
}
