import { type Alert, createAlerter, telegramSink, webhookSink } from "../../../relayer/alerts";
import { manualClock } from "../../../relayer/observe/clock";
import { createLog } from "../../../relayer/observe/log";
import type { WorkerInfo } from "../../../relayer/provider";
import { DEFAULT_POLICY } from "../../../relayer/provider";
import { alertsOf } from "../../../relayer/provider/watch/alertsOf";
import type { ProviderStanding } from "../../../relayer/provider/watch/readStanding";
import { type Receiver, startReceiver } from "./receiver";

const TOKEN = "123456:not-for-any-log";
const HOUR_MS = 3_600_000;
const low: Alert = {
  key: "wallet",
  severity: "critical",
  summary: "The wallet is low",
  advice: "Send it TON.",
};
const dead: Alert = {
  key: "worker:a",
  severity: "warning",
  summary: "A worker is dead",
  advice: "Restart it.",
};

describe("alerts", () => {
  let receiver: Receiver;
  let lines: string[];
  const clock = manualClock(1_800_000_000_000);
  beforeEach(async () => {
    receiver = await startReceiver();
    lines = [];
  });
  afterEach(() => receiver.close());

  const alerter = () =>
    createAlerter({
      sinks: [
        webhookSink(`${receiver.url}/hook?secret=${TOKEN}`),
        telegramSink({ apiUrl: receiver.url, token: TOKEN, chatId: "-100" }),
      ],
      source: "0:ab",
      clock,
      log: createLog({ name: "test", level: "debug", destination: { write: (line) => lines.push(line) } }),
    });
  const paths = () =>
    receiver.received.map(({ path, body }) => `${path.split("?")[0]} ${body.status ?? body.text}`);

  it("reach a webhook as JSON, and a Telegram chat as a bot's message", async () => {
    await alerter().report([low]);
    expect(receiver.received).toEqual([
      {
        path: `/hook?secret=${TOKEN}`,
        body: { status: "firing", ...low, source: "0:ab", at: new Date(clock.nowMs()).toISOString() },
      },
      {
        path: `/bot${TOKEN}/sendMessage`,
        body: {
          chat_id: "-100",
          text: "🔴 The wallet is low\nSend it TON.\n0:ab",
          link_preview_options: { is_disabled: true },
        },
      },
    ]);
  });

  it("are said once while they stand, and once more after a day", async () => {
    const told = alerter();
    for (let hour = 0; hour < 24; hour += 1) {
      await told.report([low]);
      clock.advance(HOUR_MS);
    }
    expect(receiver.received).toHaveLength(2);
    await told.report([low, dead]);
    expect(receiver.received).toHaveLength(6);
  });

  it("are followed by their recovery, once the condition was gone for a minute", async () => {
    const told = alerter();
    await told.report([low, dead]);
    receiver.received.length = 0;
    for (const ms of [30_000, 29_999]) {
      clock.advance(ms);
      await told.report([dead]);
    }
    expect(receiver.received).toEqual([]);
    clock.advance(1);
    await told.report([dead]);
    expect(paths()).toEqual(["/hook resolved", `/bot${TOKEN}/sendMessage 🟢 Over: The wallet is low\n0:ab`]);
    expect(told.standing()).toBe(1);
    await told.report([dead]);
    expect(receiver.received).toHaveLength(2);
  });

  it("do not repeat themselves for a condition that comes and goes", async () => {
    const told = alerter();
    for (let turn = 0; turn < 10; turn += 1) {
      await told.report(turn % 2 === 0 ? [low] : []);
      clock.advance(20_000);
    }
    expect(receiver.received).toHaveLength(2);
  });

  it("are tried again when their receiver failed, and nothing secret is in the log", async () => {
    const told = alerter();
    receiver.status = 500;
    await told.report([low]);
    receiver.status = 200;
    clock.advance(10_000);
    await told.report([low]);
    expect(paths().map((line) => line.split(" ")[0])).toEqual(["/hook", `/bot${TOKEN}/sendMessage`]);
    await receiver.close();
    clock.advance(10_000);
    await told.report([low, dead]);
    const log = lines.join("");
    expect(log.match(/alert not taken/g)).toHaveLength(4);
    expect([log.includes(TOKEN), log.includes("/hook")]).toEqual([false, false]);
  });

  it("whose condition is over before anybody was told are not announced at all", async () => {
    const told = alerter();
    receiver.status = 500;
    await told.report([low]);
    receiver.status = 200;
    clock.advance(60_000);
    await told.report([]);
    expect([receiver.received, told.standing()]).toEqual([[], 0]);
  });
});

describe("a provider's alerts", () => {
  const now = 1_800_000_000;
  const worker: WorkerInfo = {
    url: "http://10.0.0.1:8090",
    state: "serving",
    key: "ab".repeat(32),
    model: "m",
    inFlight: 0,
    queued: 0,
    capacity: 4,
    attestedUntil: now + DEFAULT_POLICY.alertAttestationSeconds,
  };
  const sound: ProviderStanding = {
    nowSeconds: now,
    workers: [worker],
    walletNano: DEFAULT_POLICY.alertWalletNano,
    unsettledNano: DEFAULT_POLICY.alertUnsettledNano,
    jobs: new Map(),
    failedMessages: [],
    images: new Map([["cd".repeat(32), now + DEFAULT_POLICY.warnImageSeconds + 1]]),
    unanswerable: new Map(),
  };
  const keysOf = (change: Partial<ProviderStanding>) =>
    alertsOf({ ...sound, ...change }, DEFAULT_POLICY).map(({ key }) => key);

  it("are none exactly at its limits", () => {
    expect(keysOf({})).toEqual([]);
  });

  it.each<[string, Partial<ProviderStanding>, readonly string[]]>([
    [
      "the operator's wallet",
      { walletNano: sound.walletNano === undefined ? 0n : sound.walletNano - 1n },
      ["wallet"],
    ],
    ["a chain that nobody reads", { walletNano: undefined }, ["chain"]],
    ["unsettled amounts", { unsettledNano: sound.unsettledNano + 1n }, ["unsettled"]],
    [
      "an attestation that was not renewed",
      { workers: [{ ...worker, attestedUntil: now + DEFAULT_POLICY.alertAttestationSeconds - 1 }] },
      [`attestation:${"ab".repeat(32)}`],
    ],
    [
      "an image about to expire",
      { images: new Map([["cd", now + DEFAULT_POLICY.warnImageSeconds]]) },
      ["image:cd"],
    ],
    [
      "a dead worker beside one that serves",
      { workers: [worker, { ...worker, url: "http://b", state: "dead", attestedUntil: undefined }] },
      ["worker:http://b"],
    ],
    [
      "a provider without workers that serve",
      { workers: [{ ...worker, state: "backend down" }] },
      ["no-worker", `worker:${worker.url}`],
    ],
    [
      "a worker whose key was struck off, which no renewal could have helped",
      {
        workers: [worker, { ...worker, url: "http://b", state: "struck off", attestedUntil: 0 }],
      },
      ["worker:http://b"],
    ],
    [
      "one job's messages that came back, once",
      { failedMessages: [1, 2].map(() => ({ kind: "settle", to: "0:cc", exitCode: 900 })) },
      ["message:settle:0:cc"],
    ],
    [
      "a demanded receipt that is not stored",
      { unanswerable: new Map([["0:dd", now + 600]]) },
      ["demand:0:dd"],
    ],
  ])("tell of %s just beyond", (_what, change, keys) => {
    expect(keysOf(change)).toEqual(keys);
  });
});
