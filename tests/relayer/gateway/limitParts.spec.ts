import { createServer } from "node:http";
import { createBurnRate } from "../../../relayer/client/burnRate";
import { usdText } from "../../../relayer/client/usd";
import { parseKeyFile } from "../../../relayer/gateway";
import { createApiKeys, hashApiKey } from "../../../relayer/gateway/apiKeys";
import { dayLimits, requestLimit } from "../../../relayer/gateway/keyLimits";
import { createUsdRate, findUsd } from "../../../relayer/gateway/usdRate";
import { manualClock } from "../../../relayer/observe/clock";
import { silentLog } from "../../../relayer/observe/log";
import { openStore } from "../../../relayer/store";
import { until } from "./support/world";

const MINUTE = 60_000;
const HOUR = 3_600_000;

describe("a key's limits", () => {
  const limits = {
    perRequestNano: 10n,
    perDayNano: 100n,
    models: { big: { perRequestNano: 50n, perDayNano: 70n } },
  };

  it("are the least of the key's and the model's, and a model without any has the key's", () => {
    expect([requestLimit(limits, "big"), requestLimit(limits, "small"), requestLimit({}, "big")]).toEqual([
      10n,
      10n,
      undefined,
    ]);
    expect(dayLimits(limits, "big")).toEqual([
      { scope: "", limitNano: 100n },
      { scope: "big", limitNano: 70n },
    ]);
    expect(dayLimits(limits, "constructor")).toEqual([{ scope: "", limitNano: 100n }]);
  });

  it("are read from a file, whose faults are named without its keys", () => {
    const key = "sk-cocoon-0123456789";
    const file = [{ name: "team", key, perDayNano: "100", models: { big: { perRequestNano: "5" } } }];
    expect(parseKeyFile(JSON.stringify(file))).toEqual([
      { name: "team", key, perDayNano: 100n, models: { big: { perRequestNano: 5n } } },
    ]);
    for (const wrong of [
      "",
      "[]",
      "{}",
      [{ name: "a", key: "short" }],
      [{ name: "a", key, perDay: "1" }],
      [{ name: "a", key, perDayNano: 1.5 }],
    ]) {
      const read = () => parseKeyFile(typeof wrong === "string" ? wrong : JSON.stringify(wrong));
      expect(read).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
      expect(read).not.toThrow(key);
    }
  });
});

describe("the books of a limited key", () => {
  it("give back after a restart what a call had set aside, before anybody calls", async () => {
    const store = await openStore({ url: "memory:", log: silentLog });
    const clock = manualClock(20_000 * 24 * HOUR);
    const key = "sk-cocoon-0123456789";
    const option = { name: "team", key, limitNano: 1_000n, perDayNano: 1_000n };
    const start = () => createApiKeys({ store, clock, log: silentLog }, [option]);
    const apiKeyId = hashApiKey(key).slice(0, 16);
    const charge = { apiKeyId, model: "m", atMs: clock.nowMs() };
    const first = await start();
    await first.identify(`Bearer ${key}`);
    await first.reserve(charge, 900n);
    const restarted = await start();
    restarted.settle(charge, { reservedNano: 900n, costNano: 50n });
    await until("it is booked", async () => {
      const { spentNano, days } = await restarted.usage(await restarted.identify(`Bearer ${key}`));
      return spentNano === 50n && days[0]?.spentNano === 50n ? true : undefined;
    });
    // And so another of the same worst case fits.
    await restarted.reserve(charge, 900n);
    await store.close();
  });
});

describe("a job's burn rate", () => {
  it("follows steady spending, foretells the end from it, and forgets it when it stops", () => {
    const rate = createBurnRate();
    expect(rate.emptyAtMs(1_000n, 0)).toBeUndefined();
    for (let minute = 0; minute <= 120; minute += 1) {
      rate.sample(BigInt(minute * 100), minute * MINUTE);
    }
    const now = 120 * MINUTE;
    expect(Number(rate.nanoPerHour())).toBeGreaterThan(5_990);
    expect(Number(rate.nanoPerHour())).toBeLessThanOrEqual(6_000);
    const hours = ((rate.emptyAtMs(12_000n, now) ?? 0) - now) / HOUR;
    expect(hours).toBeCloseTo(2, 2);
    expect(rate.emptyAtMs(-5n, now)).toBe(now);
    rate.sample(12_000n, now + 20 * MINUTE);
    expect(Number(rate.nanoPerHour())).toBeCloseTo(1_500, -1);
    rate.sample(12_000n, now + 100 * HOUR);
    expect(rate.emptyAtMs(12_000n, now + 100 * HOUR)).toBeUndefined();
  });

  it("is not confused by a clock that stands still or an amount that shrinks", () => {
    const rate = createBurnRate();
    rate.sample(5n, 0);
    rate.sample(9n, 0);
    expect(rate.nanoPerHour()).toBe(0n);
    rate.sample(1n, HOUR);
    expect(rate.nanoPerHour()).toBe(0n);
  });
});

describe("a rate of US dollars", () => {
  it("is text without needless zeros", () => {
    expect([usdText(5_200n, 3), usdText(1_000_000_000n, 3), usdText(0n, 3)]).toEqual(["0.0000156", "3", "0"]);
  });

  it("is found where price services put it", () => {
    expect(findUsd({ "the-open-network": { usd: 2.5 } }, 6)).toBe(2.5);
    expect(findUsd({ rates: { TON: { prices: { USD: "2.5" } } } }, 6)).toBe(2.5);
    for (const none of [
      {},
      { usd: 0 },
      { usd: "much" },
      { usd: {} },
      { usd: true },
      null,
      5,
      { a: { a: { a: { usd: 1 } } } },
    ]) {
      expect(findUsd(none, 3)).toBeUndefined();
    }
  });

  it("is read from a URL, kept through a failure, and no longer told after an hour", async () => {
    let status = 200;
    const failures: unknown[] = [];
    const log = { ...silentLog, warn: (line: unknown) => failures.push(line) };
    const server = createServer((_request, response) => {
      response.writeHead(status, { "content-type": "application/json" }).end('{"ton":{"usd":2.5}}');
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const clock = manualClock(0);
    const rate = createUsdRate({ clock, log }, { url: `http://127.0.0.1:${port}/` });
    const runUntil = async (look: () => boolean) => {
      const stop = new AbortController();
      const running = rate.run(stop.signal);
      await until("it was asked", async () => (look() ? true : undefined));
      stop.abort();
      await running;
    };
    expect(rate.now()).toBeUndefined();
    await runUntil(() => rate.now() !== undefined);
    expect(rate.now()).toBe(2.5);
    status = 500;
    clock.advance(HOUR - 1);
    await runUntil(() => failures.length === 1);
    expect(rate.now()).toBe(2.5);
    clock.advance(1);
    expect(rate.now()).toBeUndefined();
    await new Promise((resolve) => server.close(resolve));
  });
});
