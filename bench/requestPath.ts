import { setTimeout as pause } from "node:timers/promises";
import { Pool } from "undici";
import type { BenchContext, Benchmark, Measured } from "./benchmark";
import { type BenchNetwork, HOPS, type Hop, startNetwork } from "./network";
import { cpuMs } from "./processCpu";
import { median, quantile } from "./stats";

const WARM_UP = 1_000;
const IDLE_MS = 3_000;
const CHAT = { rounds: 40, batch: 25, body: bodyOf({ stream: false }) };
const STREAM = {
  rounds: 20,
  batch: 10,
  body: bodyOf({ stream: true, stream_options: { include_usage: true } }),
};

/** Whom a request goes to. */
interface Side {
  readonly pool: Pool;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface Compared {
  readonly direct: readonly number[];
  readonly gateway: readonly number[];
}

/**
 * One client, one request in flight: the same requests straight to the scripted backend, and through gateway, relayer
 * and worker, which encrypt, sign, verify, store and co-sign. Batches alternate, so that both sides meet the same noise.
 */
export const requestPath: Benchmark = {
  names: [
    "direct.p50.ms",
    "gateway.added.p50.ms",
    "gateway.cpu.ms",
    "gateway.p50.ms",
    "gateway.p99.ms",
    "gateway.ratio",
    "relayer.cpu.ms",
    "stream100.added.ms",
    "stream100.direct.ms",
    "stream100.p50.ms",
    "stream100.ratio",
    "worker.cpu.ms",
  ],
  async run(context) {
    const network = await startNetwork(context);
    const direct = sideOf(network.backendUrl, undefined);
    const gateway = sideOf(network.gatewayUrl, network.apiKey);
    try {
      context.note("warming up ...");
      await timeBatch(gateway, CHAT.body, WARM_UP);
      await timeBatch(direct, CHAT.body, WARM_UP);
      await timeBatch(gateway, STREAM.body, WARM_UP / 20);
      await timeBatch(direct, STREAM.body, WARM_UP / 20);
      const { times, cpu } = await measureChat(context, network, { direct, gateway });
      context.note("streams of 100 chunks ...");
      return [...chatRows(times), ...cpu, ...streamRows(await compare({ direct, gateway }, STREAM))];
    } finally {
      await direct.pool.destroy();
      await gateway.pool.destroy();
      await network.stop();
    }
  },
};

/** CPU time is what the requests took above an idle process; direct requests do not touch these processes. */
async function measureChat(
  { note, profileDir }: BenchContext,
  network: BenchNetwork,
  sides: { readonly direct: Side; readonly gateway: Side },
): Promise<{ readonly times: Compared; readonly cpu: readonly Measured[] }> {
  await pause(IDLE_MS / 3); // what the warm-up left behind
  if (profileDir !== undefined) {
    for (const hop of HOPS) {
      process.kill(network.pids[hop], "SIGUSR2");
    }
  }
  const idleFrom = readCpu(network);
  await pause(IDLE_MS);
  const from = readCpu(network);
  note("chat requests ...");
  const started = performance.now();
  const times = await compare(sides, CHAT);
  await pause(IDLE_MS / 10); // receipts are saved and co-signed behind the answer
  const elapsedMs = performance.now() - started;
  const to = readCpu(network);
  const cpu = HOPS.map((hop) => {
    const idleMs = ((from[hop] - idleFrom[hop]) / IDLE_MS) * elapsedMs;
    const value = (to[hop] - from[hop] - idleMs) / times.gateway.length;
    return { name: `${hop}.cpu.ms`, value, unit: "ms" };
  });
  return { times, cpu };
}

function readCpu({ pids }: BenchNetwork): Readonly<Record<Hop, number>> {
  return { gateway: cpuMs(pids.gateway), relayer: cpuMs(pids.relayer), worker: cpuMs(pids.worker) };
}

function chatRows({ direct, gateway }: Compared): readonly Measured[] {
  return [
    { name: "direct.p50.ms", value: median(direct), unit: "ms" },
    { name: "gateway.p50.ms", value: median(gateway), unit: "ms" },
    { name: "gateway.p99.ms", value: quantile(gateway, 0.99), unit: "ms" },
    { name: "gateway.added.p50.ms", value: median(gateway) - median(direct), unit: "ms" },
    { name: "gateway.ratio", value: median(gateway) / median(direct), unit: "x" },
  ];
}

function streamRows({ direct, gateway }: Compared): readonly Measured[] {
  return [
    { name: "stream100.direct.ms", value: median(direct), unit: "ms" },
    { name: "stream100.p50.ms", value: median(gateway), unit: "ms" },
    { name: "stream100.added.ms", value: median(gateway) - median(direct), unit: "ms" },
    { name: "stream100.ratio", value: median(gateway) / median(direct), unit: "x" },
  ];
}

async function compare(
  sides: { readonly direct: Side; readonly gateway: Side },
  load: { readonly rounds: number; readonly batch: number; readonly body: string },
): Promise<Compared> {
  const times = { direct: [] as number[], gateway: [] as number[] };
  for (let round = 0; round < load.rounds; round += 1) {
    times.direct.push(...(await timeBatch(sides.direct, load.body, load.batch)));
    times.gateway.push(...(await timeBatch(sides.gateway, load.body, load.batch)));
  }
  return times;
}

async function timeBatch(side: Side, body: string, count: number): Promise<readonly number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const started = performance.now();
    const text = await send(side, body);
    times.push(performance.now() - started);
    const isWhole = body.includes('"stream":true') ? text.endsWith("data: [DONE]\n\n") : text.endsWith("}");
    if (!isWhole) {
      throw new Error(`An answer is not whole: ${text.slice(-200)}`);
    }
  }
  return times;
}

async function send({ pool, path, headers }: Side, body: string): Promise<string> {
  const answer = await pool.request({ method: "POST", path, headers, body });
  const text = await answer.body.text();
  if (answer.statusCode !== 200) {
    throw new Error(`Status ${answer.statusCode}: ${text.slice(0, 300)}`);
  }
  return text;
}

function sideOf(baseUrl: string, apiKey: string | undefined): Side {
  const { origin, pathname } = new URL(baseUrl);
  return {
    pool: new Pool(origin, { connections: 1 }),
    path: `${pathname}/chat/completions`,
    headers: {
      "content-type": "application/json",
      ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
    },
  };
}

function bodyOf(more: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({
    model: "cocoon-tiny",
    max_tokens: 128,
    messages: [{ role: "user", content: "When do Anna and Ben meet? Answer in one sentence." }],
    ...more,
  });
}
