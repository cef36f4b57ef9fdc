import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Address, beginCell, type Cell, contractAddress, storeStateInit, toNano } from "@ton/core";
import {
  type ChainReader,
  createOutbox,
  createToncenterClient,
  type Outbox,
  type Wallet,
  walletFromSeed,
} from "../../../../relayer/chain";
import { type Localnet, startLocalnet } from "../../../../relayer/localnet/startLocalnet";
import { silentLog } from "../../../../relayer/observe/log";
import { type Intent, listIntents, openStore, type Store } from "../../../../relayer/store";

export const SEED = Buffer.alloc(32, 77);
export const SINK = Address.parseRaw(`0:${"5a".repeat(32)}`);
const MAX_ROUNDS = 60;

export interface World {
  readonly net: Localnet;
  readonly reader: ChainReader;
  readonly wallet: Wallet;
  readonly storeUrl: string;
  readonly results: Intent[];
  store: Store;
  outbox: Outbox;
  /** Rounds until nothing is queued or on its way. */
  settle(): Promise<void>;
  intents(): Promise<readonly Intent[]>;
  /** The queries that `SINK` received, in order. */
  received(): Promise<readonly bigint[]>;
  closeStore(): Promise<void>;
  openStore(): Promise<void>;
  close(): Promise<void>;
}

export const body = (query: bigint): Cell =>
  beginCell().storeUint(0x11223344, 32).storeUint(query, 64).endCell();

export const base64 = (cell: Cell): string => cell.toBoc().toString("base64");

/** An intent for `SINK`, which has no code: with `bounce: false` it keeps what it gets. */
export const toSink = (query: bigint) => ({
  key: `q${query}`,
  destination: SINK.toRawString(),
  valueNano: toNano("0.01"),
  bounce: false,
  body: base64(body(query)),
});

/** A contract that takes an empty message and throws 401 on any other. */
export function grumpy() {
  const code = beginCell()
    .storeUint(0x30, 8)
    .storeUint(0xc700, 16)
    .storeUint(0b1111001011100, 13)
    .storeUint(401, 11)
    .endCell();
  const init = { code, data: beginCell().endCell() };
  return {
    address: contractAddress(0, init),
    init: base64(beginCell().store(storeStateInit(init)).endCell()),
  };
}

export async function createWorld(options: { readonly fundedNano?: bigint } = {}): Promise<World> {
  const wallet = walletFromSeed({ seed: SEED });
  const amountNano = options.fundedNano ?? toNano("100");
  const net = await startLocalnet({
    port: 0,
    blockMs: 0,
    log: silentLog,
    funded: [{ address: wallet.address, amountNano }],
  });
  const folder = mkdtempSync(join(tmpdir(), "cocoon-outbox-"));
  const storeUrl = `file:${folder}`;
  const reader = createToncenterClient({ endpoint: net.endpoint, timeoutMs: 5_000 });
  const results: Intent[] = [];
  const deps = (store: Store) => ({
    store,
    reader,
    wallet,
    log: silentLog,
    onResult: (intent: Intent) => results.push(intent),
  });
  const store = await openStore({ url: storeUrl, log: silentLog });
  const world: World = {
    net,
    reader,
    wallet,
    storeUrl,
    results,
    store,
    outbox: await createOutbox(deps(store), { pollMs: 1 }),
    settle: async () => {
      for (let round = 0; round < MAX_ROUNDS; round++) {
        if ((await world.outbox.step()) === "idle") {
          return;
        }
      }
      throw new Error("The outbox did not settle.");
    },
    intents: () => listIntents(world.store, { wallet: wallet.address.toRawString() }),
    received: async () => {
      const { last } = await reader.account(SINK);
      const queries: bigint[] = [];
      let at = last;
      while (at.lt > 0n) {
        for (const transaction of await reader.transactions(SINK, at, 0n)) {
          const slice = transaction.inMessage?.body.beginParse();
          queries.push(slice?.skip(32).loadUintBig(64) ?? -1n);
          at = {
            lt: transaction.prevTransactionLt,
            hash: transaction.prevTransactionHash.toString(16).padStart(64, "0"),
          };
        }
      }
      return queries.reverse();
    },
    closeStore: async () => {
      await world.outbox.close();
      await world.store.close();
    },
    openStore: async () => {
      world.store = await openStore({ url: storeUrl, log: silentLog });
      world.outbox = await createOutbox(deps(world.store), { pollMs: 1 });
    },
    close: async () => {
      await world.closeStore();
      await reader.close();
      await net.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return world;
}
