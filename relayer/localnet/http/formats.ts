import {
  Address,
  Cell,
  type ExternalAddress,
  loadMessage,
  loadTransaction,
  type Message,
  type Transaction,
} from "@ton/core";
import { bocText } from "../chain/bocText";
import { messageCells } from "../chain/message";
import type { TransactionRecord } from "../chain/records";

export const base64 = (bytes: Buffer): string => bytes.toString("base64");

export const bocBase64 = (cell: Cell | null | undefined): string => (cell ? bocText(cell) : "");

/** A 256-bit number as the base64 of its 32 bytes. */
export const hashBase64 = (hash: bigint): string =>
  base64(Buffer.from(hash.toString(16).padStart(64, "0"), "hex"));

type AnyAddress = Address | ExternalAddress | null | undefined;

/** toncenter v2's form; the empty string for "none". */
export const friendly = (address: AnyAddress): string =>
  Address.isAddress(address) ? address.toString() : "";

/** toncenter v3's form. */
export const rawUpper = (address: AnyAddress): string | null =>
  Address.isAddress(address) ? `${address.workChain}:${address.hash.toString("hex").toUpperCase()}` : null;

export interface DecodedMessage {
  readonly hash: string;
  readonly message: Message;
}

export interface DecodedTransaction {
  readonly transaction: Transaction;
  readonly inMessage?: DecodedMessage;
  readonly outMessages: readonly DecodedMessage[];
}

export function decodeTransaction(record: TransactionRecord): DecodedTransaction {
  const cell = Cell.fromBoc(record.boc)[0] ?? Cell.EMPTY;
  const { inMessage, outMessages } = messageCells(cell);
  return {
    transaction: loadTransaction(cell.beginParse()),
    inMessage: inMessage && decodeMessage(inMessage),
    outMessages: outMessages.map(decodeMessage),
  };
}

const decodeMessage = (cell: Cell): DecodedMessage => ({
  hash: base64(cell.hash()),
  message: loadMessage(cell.beginParse()),
});
