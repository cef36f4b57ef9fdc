import type { ServerResponse } from "node:http";
import { createDevelopmentSource } from "../../../relayer/attestation";
import { FinalError } from "../../../relayer/errors";
import { decodeBind, fromBase64, toHex } from "../../../relayer/protocol";
import { putLane, send, type WorkerIdentity } from "./support/developer";
import { WHOLE_ANSWER } from "./support/scriptedBackend";
import { createWorld, IMAGE, NOW, PLATFORM_SEED, until, type World } from "./support/world";

const HOUR = 3_600;

interface Shown extends WorkerIdentity {
  readonly former: readonly string[];
}

async function shown(response: Promise<Response>): Promise<Shown> {
  const answer = await response;
  expect(answer.status).toBe(200);
  return JSON.parse(await answer.text());
}

describe("worker, keys that grow old", () => {
  let world: World;
  let isPlatformDown = false;
  beforeAll(async () => {
    const platform = createDevelopmentSource({ seed: PLATFORM_SEED, imageHash: IMAGE });
    const quoteSource = {
      tee: platform.tee,
      quote: (reportData: Uint8Array) =>
        isPlatformDown
          ? Promise.reject(new FinalError("ATTESTATION_MISSING", "The platform gives no quote."))
          : platform.quote(reportData),
    };
    world = await createWorld({ worker: { quoteSource } });
  });
  afterAll(() => world.close());

  const at = (hours: number) => world.clock.set((NOW + hours * HOUR) * 1_000);
  const identity = () => shown(fetch(`${world.url}/v1/identity`));

  it("are kept for the first half of their day, however often the worker is bound", async () => {
    at(11.9);
    expect(await shown(world.bind())).toMatchObject({ ...world.identity, former: [] });
    expect((await world.ask()).record.head.size).toBe(1);
  });

  it("stay when the platform gives no quote for new ones, and when another network asks", async () => {
    at(13);
    isPlatformDown = true;
    expect((await world.bind()).status).toBe(500);
    isPlatformDown = false;
    expect((await world.bind({ networkId: 1 })).status).toBe(400);
    expect(await identity()).toMatchObject({ ...world.identity, former: [] });
  });

  it("are followed by new ones, while they go on serving their lanes until their end", async () => {
    const [first, second] = await Promise.all([shown(world.bind()), shown(world.bind())]);
    expect(second).toEqual(first);
    expect(first.receiptPublicKey).not.toBe(world.identity.receiptPublicKey);
    expect(first.hpkePublicKey).not.toBe(world.identity.hpkePublicKey);
    expect(first.former).toEqual([world.identity.receiptPublicKey]);
    expect(decodeBind(fromBase64(first.bind)).notAfter).toBe(NOW + 37 * HOUR);

    const former = await world.ask();
    expect(former.record).toMatchObject({ worker: world.identity.receiptPublicKey, head: { size: 2 } });
    await expect(world.ask({}, { identity: first })).rejects.toThrow("404 JOB_NOT_ACTIVE");
    await putLane(world.url);
    const fresh = await world.ask({}, { identity: first });
    expect(fresh.record).toMatchObject({ worker: first.receiptPublicKey, head: { size: 1 } });
  });

  it("may have their lanes raised, and are vouched for on demand, by name", async () => {
    const old = world.identity.receiptPublicKey;
    const raised = await putLane(world.url, { budget: 2_000_000n, worker: old });
    expect(await raised.json()).toMatchObject({ budget: "2000000", size: 2 });
    const untouched = await putLane(world.url, { budget: 1n });
    expect(await untouched.json()).toMatchObject({ budget: "1000000", size: 1 });
    const nonce = "5a".repeat(32);
    const report = await fetch(`${world.url}/v1/attestation/report?nonce=${nonce}&worker=${old}`);
    expect(await report.json()).toMatchObject({ receiptPublicKey: old, bind: world.identity.bind });
    const stranger = await fetch(
      `${world.url}/v1/attestation/report?nonce=${nonce}&worker=${"11".repeat(32)}`,
    );
    expect(stranger.status).toBe(410);
  });

  it("sign the receipt of a request that outlives them, and take no other", async () => {
    let held: ServerResponse | undefined;
    world.backend.script = (_body, response) => {
      held = response;
    };
    const running = send(world.url, world.call());
    await until(() => held !== undefined);
    at(24);
    await expect(world.ask()).rejects.toThrow("410 STALE_KEY");
    expect((await identity()).former).toEqual([]);
    held?.end(WHOLE_ANSWER);
    const { record, text } = await running;
    expect(text).toContain("secret answer");
    expect(record).toMatchObject({ worker: world.identity.receiptPublicKey, head: { size: 3 } });
  });

  it("are replaced as well when nobody asked in time, and never named again", async () => {
    at(100);
    const late = await shown(world.bind());
    expect(late.former).toEqual([]);
    expect(toHex(decodeBind(fromBase64(late.bind)).receiptPublicKey)).toBe(late.receiptPublicKey);
    expect(decodeBind(fromBase64(late.bind)).notBefore).toBe(NOW + 100 * HOUR);
  });
});
