import { z } from "zod";

/** The parts of toncenter's v2 answers that are used; everything else is ignored. */
const pointSchema = z.object({ lt: z.string(), hash: z.string() });
const numeric = z.union([z.string(), z.number()]).transform((value) => BigInt(value));

export const masterchainInfoSchema = z.object({
  last: z.object({ workchain: z.number(), shard: z.string(), seqno: z.number() }),
});

export const blockIdSchema = z.object({ seqno: z.number(), root_hash: z.base64() });

export const blockHeaderSchema = z.object({ gen_utime: z.number() });

export const accountSchema = z.object({
  balance: numeric,
  code: z.string(),
  data: z.string(),
  last_transaction_id: pointSchema,
  sync_utime: z.number(),
  state: z.enum(["active", "uninitialized", "frozen"]),
});

export const transactionsSchema = z.array(z.object({ data: z.string(), transaction_id: pointSchema }));

export const getMethodSchema = z.object({ exit_code: z.number(), stack: z.array(z.unknown()) });

export const replySchema = z.object({
  ok: z.boolean(),
  result: z.unknown().optional(),
  error: z.unknown().optional(),
  code: z.unknown().optional(),
});

export const v3TransactionsSchema = z.object({
  transactions: z.array(z.object({ lt: z.string(), hash: z.string() })),
});
