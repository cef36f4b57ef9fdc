import type { Server } from "node:http";
import type { Address } from "@ton/core";
import { FinalError } from "../errors";
import { type Clock, systemClock } from "../observe/clock";
import type { Log } from "../observe/log";
import { type Chain, createChain } from "./chain/createChain";
import { LOCALNET_GLOBAL_ID } from "./config";
import { createFaults, type Faults } from "./faults";
import { controlMethods } from "./http/control";
import { createHttpServer } from "./http/server";
import { startTicker } from "./startTicker";

export interface LocalnetOptions {
  /** 0 takes any free port. */
  readonly port: number;
  /** Time between blocks; 0 mines at once whenever an external message arrives, and otherwise on demand. */
  readonly blockMs?: number;
  /** Generations of messages that one block runs; 1 lets each message arrive in a later block. */
  readonly hops?: number;
  /** Blocks that must follow before a block shows in answers. */
  readonly finalityBlocks?: number;
  /** Keep the chain here over restarts; in memory only when absent. */
  readonly dataDir?: string;
  readonly globalId?: number;
  readonly log: Log;
  readonly clock?: Clock;
  /** More addresses to fund at genesis, beside the development wallets. */
  readonly funded?: readonly { readonly address: Address; readonly amountNano: bigint }[];
  /** Let `/localnet/faults` switch faults on. */
  readonly faultsEnabled?: boolean;
}

export interface Localnet {
  /** The JSON-RPC URL that `TonClient` and `blueprint run --custom` take. */
  readonly endpoint: string;
  readonly baseUrl: string;
  readonly port: number;
  readonly chain: Chain;
  readonly faults: Faults;
  close(): Promise<void>;
}

/** Mainnet's pace since April 2026. */
const DEFAULT_BLOCK_MS = 400;
/** Mainnet's finality is about one second. */
const DEFAULT_FINALITY_BLOCKS = 2;

/** A TON network of one process, on the loopback interface: the real executor, toncenter's API, no consensus. */
export async function startLocalnet(options: LocalnetOptions): Promise<Localnet> {
  const { log, blockMs = DEFAULT_BLOCK_MS, finalityBlocks = DEFAULT_FINALITY_BLOCKS } = options;
  const chain = await createChain({
    globalId: options.globalId ?? LOCALNET_GLOBAL_ID,
    hops: options.hops ?? Number.POSITIVE_INFINITY,
    finalityBlocks,
    dataDir: options.dataDir,
    funded: options.funded ?? [],
    instant: blockMs === 0,
    clock: options.clock ?? systemClock,
    log,
  });
  const faults: Faults = createFaults(() =>
    chain.ledger.setFinalityBlocks(finalityBlocks + faults.level("lag")),
  );
  const control = controlMethods({ faultsEnabled: options.faultsEnabled ?? false });
  const http = createHttpServer({ chain, faults }, control, log);
  const port = await listen(http.server, options.port).catch(async (cause: unknown) => {
    await chain.close();
    throw new FinalError(
      "CONFIG_INVALID",
      "The localnet cannot listen on its port",
      { port: options.port },
      { cause },
    );
  });
  const ticker = startTicker({ chain, faults, blockMs, log });
  const baseUrl = `http://127.0.0.1:${port}`;
  log.info({ msg: "localnet started", port, blockMs, seqno: chain.ledger.blocks.head().seqno });
  return {
    endpoint: `${baseUrl}/api/v2/jsonRPC`,
    baseUrl,
    port,
    chain,
    faults,
    async close() {
      await ticker.stop();
      await http.close();
      await chain.close();
    },
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}
