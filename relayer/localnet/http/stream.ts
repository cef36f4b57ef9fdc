import type { ServerResponse } from "node:http";
import { z } from "zod";
import { ApiError, badRequest } from "../apiError";
import type { Block, TransactionRecord } from "../chain/records";
import type { ApiContext } from "./context";
import { parseAddress } from "./params";
import { type Finality, transactionJson } from "./v3/format";

export const STREAM_PATH = "/api/streaming/v2/sse";
const MAX_STREAMS = 256;
/** A client that does not read loses events, as it does on toncenter, instead of filling this process. */
const MAX_UNSENT_BYTES = 1_000_000;
const KEEP_ALIVE_MS = 15_000;

const subscription = z.object({
  types: z.array(z.string()).default(["transactions"]),
  addresses: z.array(z.string()).min(1).max(1_000),
  min_finality: z.enum(["pending", "confirmed", "finalized"]).default("finalized"),
});

export interface Streams {
  open(body: unknown, response: ServerResponse): void;
  close(): void;
}

/**
 * Server-sent events that wake a follower up. As on toncenter nothing is repeated or recovered: what counts is what
 * the follower reads afterwards.
 */
export function createStreams(context: ApiContext): Streams {
  const { chain, faults } = context;
  const stops = new Map<ServerResponse, () => void>();

  const sendBlock = (
    response: ServerResponse,
    accounts: ReadonlySet<string>,
    block: Block,
    finality: Finality,
  ): void => {
    // Newest first, which is toncenter's order within one notification.
    for (const record of block.transactions.toReversed()) {
      if (accounts.has(record.account)) {
        sendTransaction(response, record, finality);
      }
    }
  };

  const sendTransaction = (response: ServerResponse, record: TransactionRecord, finality: Finality): void => {
    if (faults.strike("streamGap", STREAM_PATH) !== undefined || response.writableLength > MAX_UNSENT_BYTES) {
      return;
    }
    const event = {
      type: "transactions",
      finality,
      trace_external_hash_norm: record.inMessageNormalizedHash ?? null,
      transactions: [transactionJson(record, finality)],
    };
    const frame = `event: event\ndata: ${JSON.stringify(event)}\n\n`;
    response.write(faults.strike("duplicate", STREAM_PATH) === undefined ? frame : frame + frame);
  };

  return {
    open(body, response) {
      const parsed = subscription.safeParse(body);
      if (!parsed.success) {
        throw badRequest("Incorrect subscription: addresses are required");
      }
      if (stops.size >= MAX_STREAMS) {
        throw new ApiError(429, "OVERLOADED", "Too many streams are open");
      }
      const accounts = new Set(parsed.data.addresses.map((address) => parseAddress(address).toRawString()));
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
      response.write('event: connected\ndata: {"status":"subscribed"}\n\n');
      const keepAlive = setInterval(() => response.write(": keep-alive\n\n"), KEEP_ALIVE_MS);
      const stopFinal = chain.ledger.onFinal((block) => sendBlock(response, accounts, block, "finalized"));
      const stopNew =
        parsed.data.min_finality === "finalized"
          ? () => {}
          : chain.onBlock((block) => sendBlock(response, accounts, block, "confirmed"));
      const stop = (): void => {
        clearInterval(keepAlive);
        stopFinal();
        stopNew();
        stops.delete(response);
      };
      stops.set(response, stop);
      response.on("close", stop);
    },
    close() {
      for (const [response, stop] of [...stops]) {
        stop();
        response.end();
      }
    },
  };
}
