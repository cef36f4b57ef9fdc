import type { Log } from "../../observe/log";
import type { Intent, Store } from "../../store";
import type { ChainReader } from "../reader";
import type { Wallet } from "../wallet";

export interface OutboxDeps {
  readonly store: Store;
  readonly reader: ChainReader;
  readonly wallet: Wallet;
  readonly log: Log;
  /**
   * Told after an intent became `sent`, `skipped` or `bounced`. May be missed when the process dies in between: what
   * must not be missed is read from the store with `listIntents`.
   */
  readonly onResult?: (intent: Intent) => void;
}

/** How long a signed body stays valid, in seconds of the chain. */
export const VALID_SECONDS = 60;
/** A body counts as expired only this long after: shards and masterchain differ by some seconds. */
export const EXPIRY_MARGIN_SECONDS = 10;
/** W5 takes 255; fewer keep the external message far below its 64 KiB. */
export const MAX_MESSAGES_PER_BATCH = 50;
/** BoC bytes of all bodies and StateInits in one batch. */
export const MAX_BATCH_BYTES = 40_000;
/** What one message may cost its wallet beside its value. */
export const FEE_PER_MESSAGE_NANO = 10_000_000n;
/** Stays in the wallet for its own gas and rent. */
export const WALLET_RESERVE_NANO = 20_000_000n;

/** The wallet's own cursor has another name than a follower of the same account would use. */
export function cursorName(wallet: Wallet): string {
  return `outbox:${wallet.address.toRawString()}`;
}
