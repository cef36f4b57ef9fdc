import { setMaxListeners } from "node:events";
import { Address } from "@ton/core";
import type { KeyPair } from "@ton/crypto";
import type { AlertSink } from "../alerts";
import type { CollateralSource } from "../attestation";
import { createOutbox, createToncenterClient, fallback, walletFromMnemonic } from "../chain";
import { FinalError } from "../errors";
import { type Clock, systemClock } from "../observe/clock";
import type { Log } from "../observe/log";
import { toRawAddress } from "../protocol";
import { type Intent, listJobs, listLanes, openStore, type Store } from "../store";
import { acceptJobs } from "./acceptJobs";
import { bidOnAuctions } from "./bids/bidOnAuctions";
import type { BidPolicy } from "./bids/bidPolicy";
import { followMarkets } from "./bids/followMarkets";
import { createBook } from "./book";
import type { Context } from "./context";
import { createJobFollowers } from "./follow/followJobs";
import { followProvider } from "./follow/followProvider";
import { LIVE_STATES } from "./jobFacts";
import { type Loop, startLoop } from "./loop";
import { createMetrics } from "./metrics";
import { DEFAULT_POLICY, type Policy } from "./policy";
import { startServer } from "./serve/startServer";
import { answerDemands } from "./settle/answerDemands";
import { createSettler } from "./settle/settleJobs";
import { createTaskServer } from "./tasks/serveTasks";
import { watchProvider } from "./watch/watchProvider";
import { createAttester } from "./workers/attestWorkers";
import { openLanes } from "./workers/openLanes";
import { createWorkerPool } from "./workers/pool";
import { createCollateralPoster } from "./workers/postCollateral";
import { QUOTE_NOTE } from "./workers/submitQuote";
import { watchWorkers } from "./workers/watchWorkers";
import { createWorkerSet, type WorkerSet } from "./workers/workerSet";

export interface ProviderOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** `file:<directory>`, `memory:` or `postgres://…`. */
  readonly storeUrl: string;
  /** toncenter JSON-RPC addresses, best first. */
  readonly chainEndpoints: readonly { readonly endpoint: string; readonly apiKey?: string }[];
  readonly network: {
    /** NetworkRegistry, raw or friendly. */
    readonly registry: string;
    /** The TON network's global id, which everything signed names. */
    readonly globalId: number;
  };
  /** ProviderStake, raw or friendly. */
  readonly providerAddress: string;
  readonly operator: {
    readonly mnemonic: readonly string[];
    /** The id inside the wallet's address: -239 mainnet, -3 testnet. */
    readonly walletNetworkId?: number;
    readonly deriveKey?: (words: readonly string[]) => Promise<KeyPair>;
  };
  readonly workerUrls: readonly string[];
  readonly attestorUrls: readonly string[];
  /** Where what Intel has published is had; then what is news to the chain is posted there. */
  readonly collateral?: CollateralSource;
  /** Bids in auctions by this; without it, in none. */
  readonly bids?: BidPolicy;
  readonly policy?: Partial<Policy>;
  /** Who is told what an operator must know. */
  readonly alertSinks?: readonly AlertSink[];
  readonly log: Log;
  readonly clock?: Clock;
}

export interface Provider {
  readonly url: string;
  /** Its workers, to be changed while it runs. */
  readonly workers: WorkerSet;
  /** Takes nothing new, hands back what waits, and gives what runs the policy's `stopMs` to end. */
  close(): Promise<void>;
}

/**
 * The relayer of one provider: follows its contracts, has its workers attested, serves sealed requests, settles. It
 * starts although the chain or workers are away, and catches up once they are there.
 */
export async function startProvider(options: ProviderOptions): Promise<Provider> {
  if (options.workerUrls.length === 0 || options.chainEndpoints.length === 0) {
    throw new FinalError("CONFIG_INVALID", "A provider needs at least one worker and one chain endpoint.");
  }
  const policy: Policy = { ...DEFAULT_POLICY, ...options.policy };
  const { log, clock = systemClock } = options;
  const wallet = await walletFromMnemonic({
    words: options.operator.mnemonic,
    networkGlobalId: options.operator.walletNetworkId,
    deriveKey: options.operator.deriveKey,
  });
  const store = await openStore({ url: options.storeUrl, log, clock });
  const clients = options.chainEndpoints.map((endpoint) =>
    createToncenterClient({ ...endpoint, timeoutMs: policy.chainTimeoutMs, log }),
  );
  const closeAll = async () => {
    await Promise.all(clients.map((client) => client.close()));
    await store.close();
  };
  try {
    const reader = fallback(clients);
    const kick: Kicks = { lanes: () => {}, settle: () => {}, attest: () => {}, health: () => {} };
    const outbox = await createOutbox(
      { store, reader, wallet, log, onResult: (intent) => wakeAttester(intent, kick) },
      { pollMs: policy.pollMs },
    );
    const pool = createWorkerPool({ urls: options.workerUrls, policy, log });
    const stop = new AbortController();
    // Each account that is followed listens: more than ten jobs are no leak.
    setMaxListeners(0, stop.signal);
    const provider = Address.parse(options.providerAddress);
    const context: Context = {
      policy,
      store,
      reader,
      wallet,
      outbox,
      log,
      clock,
      metrics: createMetrics(),
      networkId: options.network.globalId,
      registry: Address.parse(options.network.registry),
      provider,
      providerRaw: toRawAddress(provider.toRawString()),
      book: createBook(),
      pool,
      signal: stop.signal,
      kick: { lanes: () => kick.lanes(), settle: () => kick.settle(), attest: () => kick.attest() },
    };
    await loadBook(store, context);
    const server = await startServer(context, options);
    const work = startWork(context, options, kick);
    log.info({
      msg: "provider started",
      url: server.url,
      provider: context.providerRaw,
      operator: wallet.address.toRawString(),
    });
    return {
      url: server.url,
      workers: createWorkerSet(context, () => kick.health()),
      async close() {
        await server.close();
        stop.abort();
        await work.ended();
        await outbox.close();
        await pool.close();
        await closeAll();
        log.info({ msg: "provider stopped" });
      },
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** How each part is woken; set once they run. */
interface Kicks {
  lanes: () => void;
  settle: () => void;
  attest: () => void;
  health: () => void;
}

/** A quote that came back, over a block that is too old for one, is made anew at once. */
function wakeAttester(intent: Intent, kick: Kicks): void {
  if (intent.status === "bounced" && intent.note === QUOTE_NOTE) {
    kick.attest();
  }
}

/** Jobs as they were stored, so that requests are served at once after a restart. */
async function loadBook(store: Store, { book }: Context): Promise<void> {
  for (const job of await listJobs(store, { role: "provider", states: LIVE_STATES })) {
    book.put(job, await listLanes(store, { job: job.address }));
  }
}

function startWork(
  context: Context,
  {
    attestorUrls,
    bids,
    collateral,
    alertSinks = [],
  }: Pick<ProviderOptions, "attestorUrls" | "bids" | "collateral" | "alertSinks">,
  kick: Kicks,
): { ended(): Promise<void> } {
  const { log, policy } = context;
  const followers = createJobFollowers(context);
  const settler = createSettler(context);
  const attester = createAttester(context, attestorUrls);
  const started = followers.sync().then(() => followProvider(context, { onJobs: followers.sync }));
  const sending = context.outbox.run(context.signal);
  const lanes = startLoop(log, {
    name: "lanes",
    everyMs: policy.attestMs,
    work: async () => {
      await openLanes(context);
      await acceptJobs(context);
    },
  });
  const attest = startLoop(log, {
    name: "attest",
    everyMs: policy.attestMs,
    work: () => attester.round(),
  });
  const health = watchWorkers(context, attest.kick);
  kick.health = health.kick;
  const settle = startLoop(log, { name: "settle", everyMs: policy.settleMs, work: () => settler.round() });
  const taskServer = createTaskServer(context);
  const tasks = startLoop(log, { name: "tasks", everyMs: policy.settleMs, work: () => taskServer.round() });
  const demands = startLoop(log, {
    name: "demands",
    everyMs: policy.settleMs,
    work: () => answerDemands(context),
  });
  kick.lanes = lanes.kick;
  kick.attest = attest.kick;
  kick.settle = () => {
    settle.kick();
    tasks.kick();
    demands.kick();
  };
  const bidding =
    bids === undefined
      ? []
      : [
          startLoop(log, {
            name: "markets",
            everyMs: policy.attestMs,
            work: () => followMarkets(context, bids),
          }),
          startLoop(log, { name: "bids", everyMs: policy.bidMs, work: () => bidOnAuctions(context, bids) }),
        ];
  const watch = watchProvider(context, alertSinks);
  const posting = collateral === undefined ? [] : [startPosting(context, collateral)];
  const loops: readonly Loop[] = [
    lanes,
    attest,
    health,
    settle,
    tasks,
    demands,
    watch,
    ...bidding,
    ...posting,
  ];
  return {
    async ended() {
      await Promise.all(loops.map((loop) => loop.stop()));
      await Promise.allSettled([started, sending, followers.ended(), taskServer.ended()]);
    },
  };
}

function startPosting(context: Context, source: CollateralSource): Loop {
  const poster = createCollateralPoster(context, source);
  const { log, policy } = context;
  return startLoop(log, { name: "collateral", everyMs: policy.attestMs, work: () => poster.round() });
}
