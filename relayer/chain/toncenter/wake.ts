import type { Address } from "@ton/core";
import { request } from "undici";
import type { Log } from "../../observe/log";
import { createAgent, type Endpoint, headersOf } from "./request";

const RECONNECT_MIN_MS = 500;
const RECONNECT_MAX_MS = 30_000;
/** The server sends keep-alives; a stream silent for longer is dead. */
const SILENCE_MS = 60_000;

/**
 * The event stream as a doorbell: what it says is not read, so its gaps and repeats cannot hurt. Without a stream at the
 * endpoint it gives up quietly, and whoever waits goes on polling.
 */
export function listenForWake(
  endpoint: Endpoint,
  addresses: readonly Address[],
  onWake: () => void,
  log: Log,
): () => void {
  const stopped = new AbortController();
  const agent = createAgent(SILENCE_MS);
  const url = new URL("../streaming/v2/sse", endpoint.url).toString();
  const body = JSON.stringify({
    types: ["transactions"],
    addresses: addresses.map((address) => address.toRawString()),
    min_finality: "finalized",
  });

  const listen = async (): Promise<"unsupported" | "ended"> => {
    const response = await request(url, {
      method: "POST",
      headers: headersOf(endpoint),
      body,
      dispatcher: agent,
      signal: stopped.signal,
    });
    if (response.statusCode >= 400 && response.statusCode < 500 && response.statusCode !== 429) {
      await response.body.dump();
      return "unsupported";
    }
    for await (const chunk of response.body) {
      if (String(chunk).includes("data:")) {
        onWake();
      }
    }
    return "ended";
  };

  const run = async () => {
    let delayMs = RECONNECT_MIN_MS;
    while (!stopped.signal.aborted) {
      const startedAt = performance.now();
      const outcome = await listen().catch(() => "ended" as const);
      if (outcome === "unsupported" || stopped.signal.aborted) {
        break;
      }
      // What happened while nobody listened may be missed by the stream: look once.
      onWake();
      delayMs =
        performance.now() - startedAt > SILENCE_MS
          ? RECONNECT_MIN_MS
          : Math.min(delayMs * 2, RECONNECT_MAX_MS);
      await pause(delayMs, stopped.signal);
    }
    log.debug({ msg: "event stream closed", endpoint: endpoint.url });
    await agent.destroy();
  };
  void run();
  return () => stopped.abort();
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
  });
}
