import { openClient } from "../client/openClient";
import { systemClock } from "../observe/clock";
import { openStore } from "../store";
import { createAnswerIds } from "./answerIds";
import { createApiKeys } from "./apiKeys";
import { createApp } from "./createApp";
import { createMetrics } from "./metrics";
import { checkOptions, type GatewayOptions } from "./options";
import { takeUpJobs } from "./takeUpJobs";
import { createUsdRate } from "./usdRate";
import { watchGateway } from "./watchGateway";

/** Answers under way get this long when the gateway stops. */
const DRAIN_MS = 30_000;
const WATCH_MS = 10_000;

export interface Gateway {
  /** Base URL without a slash; OpenAI clients append `/v1` to it. */
  readonly url: string;
  close(): Promise<void>;
}

/** Starts the OpenAI-compatible gateway. Throws `CONFIG_INVALID` rather than run with options that are not sound. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  checkOptions(options);
  const { log, clock = systemClock, host = "127.0.0.1", verifyEvidence } = options;
  const store = await openStore({ url: options.store, log, clock });
  const closers: (() => Promise<unknown>)[] = [() => store.close()];
  const close = async () => {
    for (const next of closers.splice(0).reverse()) {
      await next();
    }
  };
  try {
    const apiKeys = await createApiKeys({ store, clock, log }, options.apiKeys);
    const evidenceCheck = () => verifyEvidence;
    const opened = await openClient({ ...options, store, clock, evidenceCheck, spender: apiKeys });
    closers.push(() => opened.close());
    const { client, wallet } = opened;
    const stop = new AbortController();
    const usdRate = createUsdRate({ clock, log }, options.usd);
    const keptFresh = usdRate.run(stop.signal);
    const takenUp = takeUpJobs({ client, log }, { jobs: options.jobs ?? [], signal: stop.signal });
    const source = wallet?.address.toRawString() ?? "gateway";
    const watch = watchGateway({ client, sinks: options.alertSinks ?? [], source, clock, log });
    const watched = watch.run(stop.signal, options.watchMs ?? WATCH_MS);
    closers.push(() => {
      stop.abort();
      return Promise.all([keptFresh, takenUp, watched]);
    });
    const app = createApp({
      client,
      store,
      apiKeys,
      answerIds: createAnswerIds(),
      metrics: createMetrics(client),
      usdRate,
      log,
      clock,
    });
    closers.push(() =>
      Promise.race([app.close(), new Promise((resolve) => setTimeout(resolve, DRAIN_MS).unref())]),
    );
    const url = await app.listen({ host, port: options.port });
    log.info({ msg: "gateway started", url, wallet: wallet?.address.toRawString() });
    return { url, close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}
