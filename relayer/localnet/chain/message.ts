import { beginCell, Cell, Dictionary, loadMessage, type Message } from "@ton/core";
import { liteServerError } from "../apiError";

export interface ExternalMessage {
  readonly cell: Cell;
  readonly message: Message;
  /** Base64. */
  readonly hash: string;
  readonly normalizedHash: string;
}

/** TEP-467: source none, no import fee, no state init, the body always in a reference. */
export function normalizedHash(message: Message): string | undefined {
  if (message.info.type !== "external-in") {
    return undefined;
  }
  return beginCell()
    .storeUint(2, 2)
    .storeUint(0, 2)
    .storeAddress(message.info.dest)
    .storeUint(0, 4)
    .storeBit(false)
    .storeBit(true)
    .storeRef(message.body)
    .endCell()
    .hash()
    .toString("base64");
}

export function parseExternal(boc: Buffer): ExternalMessage {
  try {
    const cell = Cell.fromBoc(boc)[0] ?? Cell.EMPTY;
    const message = loadMessage(cell.beginParse());
    const normalized = normalizedHash(message);
    if (normalized === undefined) {
      throw new TypeError("not an inbound external message");
    }
    return { cell, message, hash: cell.hash().toString("base64"), normalizedHash: normalized };
  } catch (cause) {
    throw liteServerError(
      `cannot parse external message: ${cause instanceof Error ? cause.message : "bad BoC"}`,
    );
  }
}

/**
 * The message cells of a transaction exactly as the executor made them. Storing a parsed message again may lay it
 * out differently, which would change its hash.
 */
export function messageCells(transaction: Cell): { readonly inMessage?: Cell; readonly outMessages: Cell[] } {
  const messages = transaction.beginParse().loadRef().beginParse();
  const inMessage = messages.loadMaybeRef() ?? undefined;
  const out = messages.loadDict(Dictionary.Keys.Uint(15), Dictionary.Values.Cell());
  return { inMessage, outMessages: out.values() };
}
