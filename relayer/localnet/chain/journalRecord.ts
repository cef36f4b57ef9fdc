import { Cell } from "@ton/core";
import { z } from "zod";
import type { AccountKey, BlockEntry } from "./records";

export type JournalRecord =
  | { readonly kind: "genesis"; readonly globalId: number; readonly utime: number }
  | { readonly kind: "accounts"; readonly accounts: readonly (readonly [AccountKey, string])[] }
  | { readonly kind: "clock"; readonly offsetMs: number }
  | { readonly kind: "block"; readonly entry: BlockEntry };

const accounts = z.array(z.tuple([z.string(), z.string()]));

/** Field names are short because blocks are most of the file. */
const line = z.discriminatedUnion("k", [
  z.object({ k: z.literal("genesis"), version: z.literal(1), globalId: z.int(), utime: z.int() }),
  z.object({ k: z.literal("accounts"), a: accounts }),
  z.object({ k: z.literal("clock"), o: z.number() }),
  z.object({
    k: z.literal("block"),
    n: z.int(),
    u: z.int(),
    lt: z.string(),
    a: accounts,
    t: z.array(
      z.object({
        a: z.string(),
        lt: z.string(),
        h: z.string(),
        b: z.string(),
        m: z.string().optional(),
        x: z.string().optional(),
        o: z.array(z.string()),
      }),
    ),
    q: z.array(z.string()),
  }),
]);

type Line = z.infer<typeof line>;

export function encodeRecord(record: JournalRecord): string {
  return JSON.stringify(toLine(record));
}

function toLine(record: JournalRecord): Line {
  switch (record.kind) {
    case "genesis":
      return { k: "genesis", version: 1, globalId: record.globalId, utime: record.utime };
    case "accounts":
      return { k: "accounts", a: record.accounts.map(([key, boc]) => [key, boc]) };
    case "clock":
      return { k: "clock", o: record.offsetMs };
    case "block":
      return blockToLine(record.entry);
  }
}

function blockToLine(entry: BlockEntry): Line {
  return {
    k: "block",
    n: entry.seqno,
    u: entry.utime,
    lt: entry.lt.toString(),
    a: entry.touched.map(([key, boc]) => [key, boc]),
    t: entry.transactions.map((transaction) => ({
      a: transaction.account,
      lt: transaction.lt.toString(),
      h: transaction.hash.toString("base64"),
      b: transaction.boc.toString("base64"),
      m: transaction.inMessageHash,
      x: transaction.inMessageNormalizedHash,
      o: [...transaction.outMessageHashes],
    })),
    q: entry.queue.map((message) => message.toBoc().toString("base64")),
  };
}

export function decodeRecord(text: string): JournalRecord {
  const parsed = line.parse(JSON.parse(text));
  switch (parsed.k) {
    case "genesis":
      return { kind: "genesis", globalId: parsed.globalId, utime: parsed.utime };
    case "accounts":
      return { kind: "accounts", accounts: parsed.a };
    case "clock":
      return { kind: "clock", offsetMs: parsed.o };
    case "block":
      return { kind: "block", entry: lineToBlock(parsed) };
  }
}

function lineToBlock(parsed: Extract<Line, { k: "block" }>): BlockEntry {
  return {
    seqno: parsed.n,
    utime: parsed.u,
    lt: BigInt(parsed.lt),
    touched: parsed.a,
    transactions: parsed.t.map((transaction) => ({
      account: transaction.a,
      lt: BigInt(transaction.lt),
      hash: Buffer.from(transaction.h, "base64"),
      boc: Buffer.from(transaction.b, "base64"),
      blockSeqno: parsed.n,
      utime: parsed.u,
      inMessageHash: transaction.m,
      inMessageNormalizedHash: transaction.x,
      outMessageHashes: transaction.o,
    })),
    queue: parsed.q.map((boc) => Cell.fromBase64(boc)),
  };
}
