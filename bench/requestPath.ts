import { setTimeout as pause } from "node:timers/promises";
import type { BenchContext, Benchmark, Measured } from "./benchmark";
import { CHAT, compare, type Side, STREAM, sideOf, timeBatch } from "./load";
import { type BenchNetwork, HOPS, type Hop, startNetwork } from "./network";
import { startPortkey } from "./portkey";
import { cpuMs } from "./processCpu";
import { rssMb } from "./processMemory";
import { median, quantile } from "./stats";

/** V8 still compiles what runs a few times a request after the first thousand; the same for every side. */
const WARM_UP = 3_000;
const IDLE_MS = 3_000;
/** Requests of the memory test, unless told otherwise; at once, as many as this. */
const SOAK = 12_000;
const SOAK_AT_ONCE = 8;
/** Requests of each of them between two looks at the memory. */
const SOAK_EACH = 25;

type Process = (typeof HOPS)[number] | "portkey";
type Sides = Readonly<Record<"direct" | "gateway" | "portkey", Side>>;
type Times = ReadonlyMap<keyof Sides, readonly number[]>;

/**
 * One client, one request in flight: the same requests straight to the scripted backend, through Portkey's gateway,
 * which encrypts nothing, and through gateway, relayer and worker, which encrypt, sign, verify, store and co-sign.
 */
export const requestPath: Benchmark = {
  names: [
    "direct.p50.ms",
    "gateway.added.p50.ms",
    "gateway.cpu.ms",
    "gateway.p50.ms",
    "gateway.p99.ms",
    "gateway.portkey.added.p50.ms",
    "gateway.portkey.cpu.ms",
    "gateway.ratio",
    "gateway.rss-growth.mb",
    "relayer.cpu.ms",
    "relayer.rss-growth.mb",
    "stream100.added.ms",
    "stream100.direct.ms",
    "stream100.p50.ms",
    "stream100.portkey.added.ms",
    "stream100.ratio",
    "worker.cpu.ms",
    "worker.rss-growth.mb",
  ],
  async run(context) {
    const network = await startNetwork(context);
    const portkey = await startPortkey(network.backendUrl).catch(async (thrown: unknown) => {
      await network.stop();
      throw thrown;
    });
    const sides: Sides = {
      direct: sideOf(network.backendUrl),
      gateway: sideOf(network.gatewayUrl, { authorization: `Bearer ${network.apiKey}` }),
      portkey: sideOf(portkey.url, portkey.headers),
    };
    try {
      context.note("warming up ...");
      for (const side of Object.values(sides)) {
        await timeBatch(side, CHAT.body, WARM_UP);
        await timeBatch(side, STREAM.body, WARM_UP / 60);
      }
      const chat = await measureChat(context, { ...network.pids, portkey: portkey.pid }, sides);
      context.note("streams of 100 chunks ...");
      const streams = streamRows(await compare(sides, STREAM));
      return [...chat, ...streams, ...(await measureMemory(context, network))];
    } finally {
      await Promise.all(Object.values(sides).map(({ pool }) => pool.destroy()));
      await portkey.stop();
      await network.stop();
    }
  },
};

/** CPU time is what the requests took above an idle process; each process meets the requests of its own side alone. */
async function measureChat(
  { note, profileDir }: BenchContext,
  pids: Readonly<Record<Process, number>>,
  sides: Sides,
): Promise<readonly Measured[]> {
  await pause(IDLE_MS / 3); // what the warm-up left behind
  if (profileDir !== undefined) {
    for (const hop of HOPS) {
      process.kill(pids[hop], "SIGUSR2");
    }
  }
  const idleFrom = readCpu(pids);
  await pause(IDLE_MS);
  const from = readCpu(pids);
  note("chat requests ...");
  const started = performance.now();
  const times = await compare(sides, CHAT);
  await pause(IDLE_MS / 10); // receipts are saved and co-signed behind the answer
  const elapsedMs = performance.now() - started;
  const to = readCpu(pids);
  const requests = CHAT.rounds * CHAT.batch;
  const cpuOf = (name: Process, row: string): Measured => {
    const idleMs = ((from[name] - idleFrom[name]) / IDLE_MS) * elapsedMs;
    return { name: row, value: (to[name] - from[name] - idleMs) / requests, unit: "ms" };
  };
  return [
    ...chatRows(times),
    ...HOPS.map((hop) => cpuOf(hop, `${hop}.cpu.ms`)),
    cpuOf("portkey", "gateway.portkey.cpu.ms"),
  ];
}

function readCpu(pids: Readonly<Record<Process, number>>): Readonly<Record<Process, number>> {
  return {
    gateway: cpuMs(pids.gateway),
    relayer: cpuMs(pids.relayer),
    worker: cpuMs(pids.worker),
    portkey: cpuMs(pids.portkey),
  };
}

/**
 * What each process holds more in the second half of many requests than in the first. The collector gives memory back
 * in leaps of a hundred megabytes, so the least of each half counts.
 */
async function measureMemory(
  { note, soak }: BenchContext,
  network: BenchNetwork,
): Promise<readonly Measured[]> {
  const requests = soak ?? SOAK;
  note(`memory over ${requests} requests ...`);
  const headers = { authorization: `Bearer ${network.apiKey}` };
  const side = sideOf(network.gatewayUrl, headers, SOAK_AT_ONCE);
  const samples: Readonly<Record<Hop, number>>[] = [];
  try {
    for (let sent = 0; sent < requests; sent += SOAK_AT_ONCE * SOAK_EACH) {
      await Promise.all(Array.from({ length: SOAK_AT_ONCE }, () => timeBatch(side, CHAT.body, SOAK_EACH)));
      const { gateway, relayer, worker } = network.pids;
      samples.push({ gateway: rssMb(gateway), relayer: rssMb(relayer), worker: rssMb(worker) });
    }
    const half = Math.ceil(samples.length / 2);
    return HOPS.map((hop) => {
      const held = samples.map((sample) => sample[hop]);
      const growth = Math.min(...held.slice(half)) - Math.min(...held.slice(0, half));
      return { name: `${hop}.rss-growth.mb`, value: growth, unit: "MiB" };
    });
  } finally {
    await side.pool.destroy();
  }
}

function chatRows(times: Times): readonly Measured[] {
  const { direct, gateway, portkey } = mediansOf(times);
  return [
    { name: "direct.p50.ms", value: direct, unit: "ms" },
    { name: "gateway.p50.ms", value: gateway, unit: "ms" },
    { name: "gateway.p99.ms", value: quantile(times.get("gateway") ?? [], 0.99), unit: "ms" },
    { name: "gateway.added.p50.ms", value: gateway - direct, unit: "ms" },
    { name: "gateway.portkey.added.p50.ms", value: portkey - direct, unit: "ms" },
    { name: "gateway.ratio", value: gateway / direct, unit: "x" },
  ];
}

function streamRows(times: Times): readonly Measured[] {
  const { direct, gateway, portkey } = mediansOf(times);
  return [
    { name: "stream100.direct.ms", value: direct, unit: "ms" },
    { name: "stream100.p50.ms", value: gateway, unit: "ms" },
    { name: "stream100.added.ms", value: gateway - direct, unit: "ms" },
    { name: "stream100.portkey.added.ms", value: portkey - direct, unit: "ms" },
    { name: "stream100.ratio", value: gateway / direct, unit: "x" },
  ];
}

function mediansOf(times: Times): Readonly<Record<keyof Sides, number>> {
  const of = (name: keyof Sides) => median(times.get(name) ?? []);
  return { direct: of("direct"), gateway: of("gateway"), portkey: of("portkey") };
}
