import { internal, toNano } from "@ton/core";
import { z } from "zod";
import { devWallet } from "../../../relayer/localnet/devWallets";
import type { Localnet } from "../../../relayer/localnet/startLocalnet";
import { fault, openWallet, startManual } from "./fixture";

const event = z.object({
  type: z.literal("transactions"),
  finality: z.enum(["confirmed", "finalized"]),
  transactions: z.array(z.object({ account: z.string(), lt: z.string() })).length(1),
});

let net: Localnet;
const treasury = devWallet("treasury").v5;

beforeEach(async () => {
  net = await startManual({ finalityBlocks: 1 });
});

afterEach(() => net.close());

/** Pays the treasury `count` times, one block each. */
async function pay(from: number, count: number): Promise<void> {
  const wallet = await openWallet(net, "operator");
  for (let seqno = from; seqno < from + count; seqno++) {
    await wallet.send({ seqno, messages: [internal({ to: treasury, value: toNano(1), bounce: false })] });
    await net.chain.settle();
  }
}

/** Subscribes, does `work`, and returns the first `count` events as `finality lt`. */
async function listen(count: number, more: object, work: () => Promise<void>): Promise<string[]> {
  const response = await fetch(`${net.baseUrl}/api/streaming/v2/sse`, {
    method: "POST",
    body: JSON.stringify({ types: ["transactions"], addresses: [treasury.toString()], ...more }),
  });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const working = work();
  const events: string[] = [];
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    const frames = text.split("\n\n");
    text = frames.pop() ?? "";
    for (const frame of frames.filter((frame) => frame.startsWith("event: event"))) {
      const parsed = event.parse(JSON.parse(frame.slice(frame.indexOf("data: ") + 6)));
      events.push(`${parsed.finality} ${Number(parsed.transactions[0]?.lt) / 1_000_000}`);
    }
    if (events.length >= count) {
      break;
    }
  }
  await working;
  return events;
}

describe("localnet stream", () => {
  it("tells of each final transaction of its addresses, and of no other", async () => {
    expect(await listen(2, {}, () => pay(0, 2))).toEqual(["finalized 2", "finalized 4"]);
  });

  it("tells of a transaction before it is final when asked to", async () => {
    const events = await listen(4, { min_finality: "confirmed" }, () => pay(0, 2));
    expect(events).toEqual(["confirmed 2", "finalized 2", "confirmed 4", "finalized 4"]);
  });

  it("leaves events out and repeats them when told", async () => {
    net.faults.set(fault("streamGap"));
    net.faults.set(fault("duplicate", { match: "sse" }));
    expect(await listen(3, {}, () => pay(0, 3))).toEqual(["finalized 4", "finalized 4", "finalized 6"]);
  });

  it("forgets a listener that went away, and ends the others when it closes", async () => {
    await listen(1, {}, () => pay(0, 1));
    const ended = listen(99, {}, () => net.close());
    expect(await ended).toEqual([]);
    net = await startManual();
  });

  it("refuses a subscription without addresses", async () => {
    const response = await fetch(`${net.baseUrl}/api/streaming/v2/sse`, { method: "POST", body: "{}" });
    expect(response.status).toBe(422);
  });
});
