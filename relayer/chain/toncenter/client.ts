import { type Address, Cell, loadTransaction, TupleReader } from "@ton/core";
import { z } from "zod";
import { FinalError, RetryableError } from "../../errors";
import { type Log, silentLog } from "../../observe/log";
import type { AccountState, ChainReader, MasterBlock, TransactionPoint } from "../reader";
import { call, createAgent, type Endpoint, getJson } from "./request";
import * as shapes from "./schemas";
import { decodeStack, encodeStack } from "./stack";
import { listenForWake } from "./wake";

const DEFAULT_TIMEOUT_MS = 10_000;
/** toncenter's own limit for a page is 100; half of it keeps an answer small. */
const PAGE_SIZE = 50;
/** The masterchain is never split. */
const WHOLE_SHARD = "-9223372036854775808";
/** Codes and data kept decoded: those of the accounts that a process follows at once. */
const MAX_CELLS = 128;

export interface ToncenterOptions {
  /** The JSON-RPC address, ending in `/api/v2/jsonRPC`. */
  readonly endpoint: string;
  readonly apiKey?: string;
  readonly timeoutMs?: number;
  readonly log?: Log;
}

/**
 * A reader over toncenter's v2 JSON-RPC; its v3 index and its event stream are used where the endpoint has them.
 *
 * @example
 * import { Address } from "@ton/core";
 * import { createToncenterClient } from "cocoon/client";
 *
 * const reader = createToncenterClient({ endpoint: process.env.COCOON_ENDPOINTS });
 * const { state } = await reader.account(Address.parse(process.env.COCOON_NETWORK_REGISTRY));
 * console.log(state); // active
 * await reader.close();
 */
export function createToncenterClient(options: ToncenterOptions): ChainReader & { close(): Promise<void> } {
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const endpoint: Endpoint = {
    url: options.endpoint,
    apiKey: options.apiKey,
    timeoutMs,
    agent: createAgent(timeoutMs),
  };
  const toCell = createCellCache();
  const client: ChainReader & { close(): Promise<void> } = {
    name: new URL(options.endpoint).host,
    head: () => readHead(endpoint),
    masterBlock: (seqno) => readMasterBlock(endpoint, seqno),
    account: (address) => readAccount(endpoint, address, toCell),
    transactions: (address, from, untilLt) => readPage(endpoint, address, from, untilLt),
    lastOfDestroyed: (address) => askIndex(endpoint, address),
    runGetMethod: async (address, method, stack) => {
      const params = { address: address.toRawString(), method, stack: encodeStack(stack) };
      const result = await call(endpoint, "runGetMethod", params, shapes.getMethodSchema);
      if (result.exit_code !== 0 && result.exit_code !== 1) {
        throw new FinalError("CHAIN_REJECTED", `The getter ${method} failed on the account.`, {
          method,
          exitCode: result.exit_code,
          account: address.toRawString(),
        });
      }
      return new TupleReader(decodeStack(result.stack));
    },
    sendBoc: async (boc) => {
      await call(endpoint, "sendBoc", { boc: Buffer.from(boc).toString("base64") }, z.unknown());
    },
    wake: (addresses, onWake) => listenForWake(endpoint, addresses, onWake, options.log ?? silentLog),
    endpoints: () => [client],
    close: () => endpoint.agent.destroy(),
  };
  return client;
}

async function readHead(endpoint: Endpoint) {
  const { last } = await call(endpoint, "getMasterchainInfo", {}, shapes.masterchainInfoSchema);
  const header = await call(endpoint, "getBlockHeader", { ...last }, shapes.blockHeaderSchema);
  return { seqno: last.seqno, utime: header.gen_utime };
}

async function readMasterBlock(endpoint: Endpoint, seqno: number): Promise<MasterBlock> {
  const place = { workchain: -1, shard: WHOLE_SHARD, seqno };
  const block = await call(endpoint, "lookupBlock", place, shapes.blockIdSchema);
  const rootHash = Buffer.from(block.root_hash, "base64");
  if (block.seqno !== seqno || rootHash.length !== 32) {
    throw new RetryableError("CHAIN_UNAVAILABLE", "The chain's endpoint answered another block.", { seqno });
  }
  return { seqno, rootHash };
}

/** An account that is watched answers the same code and data again and again; hashing their cells costs milliseconds. */
function createCellCache(): (boc: string) => Cell {
  const known = new Map<string, Cell>();
  return (boc) => {
    const cell = known.get(boc) ?? Cell.fromBase64(boc);
    known.delete(boc);
    known.set(boc, cell);
    if (known.size > MAX_CELLS) {
      for (const oldest of known.keys()) {
        known.delete(oldest);
        break;
      }
    }
    return cell;
  };
}

async function readAccount(
  endpoint: Endpoint,
  address: Address,
  toCell: (boc: string) => Cell,
): Promise<AccountState> {
  const answer = await call(
    endpoint,
    "getAddressInformation",
    { address: address.toRawString() },
    shapes.accountSchema,
  );
  return {
    last: pointOf(answer.last_transaction_id),
    balanceNano: answer.balance < 0n ? 0n : answer.balance,
    state: answer.state,
    code: answer.code === "" ? undefined : toCell(answer.code),
    data: answer.data === "" ? undefined : toCell(answer.data),
    utime: answer.sync_utime,
  };
}

async function readPage(endpoint: Endpoint, address: Address, from: TransactionPoint, untilLt: bigint) {
  const params = {
    address: address.toRawString(),
    limit: PAGE_SIZE,
    lt: from.lt.toString(),
    hash: Buffer.from(from.hash, "hex").toString("base64"),
    ...(untilLt > 0n ? { to_lt: untilLt.toString() } : {}),
    archival: true,
  };
  const page = await call(endpoint, "getTransactions", params, shapes.transactionsSchema);
  try {
    return page.map(({ data }) => loadTransaction(Cell.fromBase64(data).beginParse()));
  } catch (error) {
    throw new RetryableError(
      "CHAIN_UNAVAILABLE",
      "The chain's endpoint answered an unreadable transaction.",
      {},
      {
        cause: error,
      },
    );
  }
}

/** v2 forgets the last transaction of a destroyed account; the index does not. */
async function askIndex(endpoint: Endpoint, address: Address): Promise<TransactionPoint | undefined> {
  const url = new URL("../v3/transactions", endpoint.url);
  url.search = new URLSearchParams({ account: address.toRawString(), limit: "1", sort: "desc" }).toString();
  const { transactions } = await getJson(endpoint, url.toString(), shapes.v3TransactionsSchema);
  return transactions[0] === undefined ? undefined : pointOf(transactions[0]);
}

function pointOf(id: { readonly lt: string; readonly hash: string }): TransactionPoint {
  return { lt: BigInt(id.lt), hash: Buffer.from(id.hash, "base64").toString("hex").padEnd(64, "0") };
}
