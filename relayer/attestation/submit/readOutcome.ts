import type { Address, Message } from "@ton/core";
import { beginCell } from "@ton/core";
import { AttestationRegistry } from "../../../wrappers/AttestationRegistry";
import { loadExcesses, loadQuoteRefused, storeQuoteRefused } from "../../../wrappers/messages";
import { BEFORE_FIRST, type ChainReader, type TransactionPoint } from "../../chain";

/** Pages of the wallet's history to look through; a page has some fifty transactions. */
const MAX_PAGES = 20;
const EXCESSES = AttestationRegistry.opcodes.Excesses;
const QUOTE_REFUSED = beginCell()
  .store(storeQuoteRefused({ $$type: "QuoteRefused", queryId: 0n, code: 0n }))
  .endCell()
  .beginParse()
  .preloadUint(32);

/** What became of a message that asked for an attestation. */
export type Outcome =
  | { readonly kind: "accepted" }
  | { readonly kind: "refused"; readonly code: number }
  /** The machine's contract threw; only where `machine` was named. */
  | { readonly kind: "bounced"; readonly message: Message }
  /** Nothing has come back yet; the chain's time at which it was sent, where that is still in sight. */
  | { readonly kind: "pending"; readonly sentAt: number | undefined };

export interface SentMessage {
  readonly wallet: Address;
  /** Logical time of the wallet's transaction that sent it. */
  readonly txLt: bigint;
  readonly queryId: bigint;
  readonly registry: Address;
  readonly provider: Address;
  /** The TeePlatform, for who does not hear of bounces otherwise. */
  readonly machine?: Address;
}

/**
 * Looks in the wallet's history for what came back after the message was sent: the registry's refusal, or the excess that
 * a provider returns for a worker it has taken. Nobody else's word counts.
 */
export async function readOutcome(reader: ChainReader, sent: SentMessage): Promise<Outcome> {
  let at: TransactionPoint = (await reader.account(sent.wallet)).last;
  for (let page = 0; page < MAX_PAGES && at.lt >= sent.txLt && at.lt > 0n; page++) {
    const transactions = await reader.transactions(sent.wallet, at, sent.txLt - 1n);
    for (const { inMessage, lt, now } of transactions) {
      const outcome = inMessage === undefined || inMessage === null ? undefined : outcomeOf(inMessage, sent);
      if (outcome !== undefined) {
        return outcome;
      }
      if (lt === sent.txLt) {
        return { kind: "pending", sentAt: now };
      }
    }
    const oldest = transactions.at(-1);
    at =
      oldest === undefined
        ? BEFORE_FIRST
        : {
            lt: oldest.prevTransactionLt,
            hash: oldest.prevTransactionHash.toString(16).padStart(64, "0"),
          };
  }
  return { kind: "pending", sentAt: undefined };
}

function outcomeOf(message: Message, sent: SentMessage): Outcome | undefined {
  const { info, body } = message;
  if (info.type === "internal" && info.bounced && sent.machine?.equals(info.src)) {
    return { kind: "bounced", message };
  }
  if (info.type !== "internal" || info.bounced || body.bits.length < 96) {
    return undefined;
  }
  const opcode = body.beginParse().preloadUint(32);
  if (opcode === QUOTE_REFUSED && info.src.equals(sent.registry)) {
    const { queryId, code } = loadQuoteRefused(body.beginParse());
    return queryId === sent.queryId ? { kind: "refused", code: Number(code) } : undefined;
  }
  if (opcode === EXCESSES && info.src.equals(sent.provider)) {
    const { queryId } = loadExcesses(body.beginParse());
    return queryId === sent.queryId ? { kind: "accepted" } : undefined;
  }
  return undefined;
}
