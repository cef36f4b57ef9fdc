import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { toNano } from "@ton/core";
import { Base64, hexToByteArray, SessionCrypto } from "@tonconnect/protocol";
import { openApp } from "../../../relayer/cli/manage/tonconnect/openApp";
import { fileStore, memoryStore } from "../../../relayer/cli/manage/tonconnect/sessionStore";
import { STAKE } from "../support/deployNetwork";
import { until } from "../support/until";
import type { Letter } from "./support/tonconnect/bridge";
import { type AppWorld, createAppWorld, scanning } from "./support/tonconnect/network";
import type { Phone } from "./support/tonconnect/phone";

jest.setTimeout(120_000);

const CLI = resolve(__dirname, "..", "..", "..", "relayer", "cli", "cocoon.cjs");
const STAKE_BY_APP = ["provider", "stake", "1", "--tonconnect"];

// As processes of their own: what the SDK drops would end such a one.
describe("a wallet app behind a bridge that cannot be trusted", () => {
  let world: AppWorld;
  beforeAll(async () => {
    world = await createAppWorld();
  });
  afterEach(() => {
    world.bridge.change = undefined;
  });
  afterAll(async () => {
    await world.close();
  });
  const stakeNow = async () => (await world.network.provider.getProviderState()).stake;

  function start(args: readonly string[], onText: (text: string) => void, more: Record<string, string> = {}) {
    const child: ChildProcess = spawn(process.execPath, [CLI, ...args], {
      env: { ...process.env, ...world.env, ...more, CI: "true" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const texts = { stdout: "", stderr: "" };
    child.stdout?.on("data", (data) => {
      texts.stdout += data;
    });
    child.stderr?.on("data", (data) => {
      texts.stderr += data;
      onText(texts.stderr);
    });
    const ended = once(child, "close").then(([code, signal]) => ({ code, signal, ...texts }));
    return { child, ended };
  }

  async function run(phone: Phone, more: Record<string, string> = {}) {
    return await start(STAKE_BY_APP, scanning(phone), more).ended;
  }

  it("sends over a kept connection, and ends at once", async () => {
    const connecting = start(["wallet", "connect"], scanning(await world.phone("provider")));
    expect((await connecting.ended).code).toBe(0);
    const running = start(STAKE_BY_APP, () => {});
    await until("it is on the chain", async () =>
      (await stakeNow()) === STAKE + toNano("1") ? true : undefined,
    );
    const seen = performance.now();
    const { code, stdout, stderr } = await running.ended;
    // The SDK's timers alone would hold it for twelve seconds.
    expect(performance.now() - seen).toBeLessThan(7_000);
    expect([code, stdout, /sdk/i.test(`${stdout}${stderr}`)]).toEqual([
      0,
      expect.stringMatching(/^Add stake: \S+ TON to \S+ on custom\n$/),
      false,
    ]);
    expect((await start(["wallet", "disconnect"], () => {}).ended).code).toBe(0);
  });

  it("asks nothing of the app when the bridge changes what it is asked", async () => {
    const before = await stakeNow();
    const phone = await world.phone("provider");
    world.bridge.change = (letter) => (isOfPhone(letter, phone) ? letter : flipped(letter));
    const { code, stderr } = await run(phone, { COCOON_TONCONNECT_SECONDS: "5" });
    expect([code, stderr]).toEqual([6, expect.stringContaining("did not answer within 5 s")]);
    expect([phone.asked, await stakeNow()]).toEqual([[], before]);
  });

  it("opens no answer that the bridge changed, goes on waiting, and shows no key", async () => {
    const phone = await world.phone("provider");
    phone.mood = "reject";
    let isConnected = false;
    world.bridge.change = (letter) => {
      if (!isOfPhone(letter, phone) || !isConnected) {
        isConnected ||= isOfPhone(letter, phone);
        return letter;
      }
      return flipped(letter);
    };
    const { code, stdout, stderr } = await run(phone, { COCOON_TONCONNECT_SECONDS: "5" });
    expect([code, phone.asked.length]).toEqual([6, 1]);
    expect(stderr).toContain("1 messages came that could not be opened: the bridge may have changed them.");
    expect(`${stdout}${stderr}`).not.toMatch(/secret|keypair|Decryption|node_modules/i);
  });

  it("does not believe an answer that the bridge wrote itself", async () => {
    const before = await stakeNow();
    const phone = await world.phone("provider");
    phone.mood = "ignore";
    const running = start(STAKE_BY_APP, scanning(phone), { COCOON_TONCONNECT_SECONDS: "5" });
    await until("it was asked", async () => phone.asked[0]);
    // Whoever knows a session's public id can write to it.
    const liar = new SessionCrypto();
    const [, app = ""] = /[?&]id=([0-9a-f]{64})/.exec(phone.link) ?? [];
    const forged = { id: "0", result: (await phone.signElsewhere()).toString("base64") };
    const box = liar.encrypt(JSON.stringify(forged), hexToByteArray(app));
    const query = new URLSearchParams({ client_id: liar.sessionId, to: app, ttl: "60" });
    await fetch(`${world.bridge.url}/message?${query}`, { method: "POST", body: Base64.encode(box) });
    const { code, stderr } = await running.ended;
    expect([code, stderr]).toEqual([6, expect.stringContaining("nothing came to the chain within 5 s")]);
    expect(await stakeNow()).toBe(before);
  });

  it("ends at Ctrl-C while it waits, and keeps nothing that the next command would trip over", async () => {
    let link: string | undefined;
    const more = { COCOON_TONCONNECT_FILE: `${world.folder}/half.json` };
    const waiting = start(
      ["wallet", "connect"],
      (text) => {
        link = /tc:\/\/\S+/.exec(text)?.[0];
      },
      more,
    );
    await until("the link was shown", async () => link);
    waiting.child.kill("SIGINT");
    expect(await waiting.ended).toMatchObject({ signal: "SIGINT", stdout: "" });
    const { code } = await start(["wallet", "connect"], scanning(await world.phone("provider")), more).ended;
    expect(code).toBe(0);
  });

  it.each(["kept in memory", "kept in a file"])(
    "hears an answer after the stream was cut off, %s",
    async (place) => {
      const phone = await world.phone("provider");
      phone.mood = "confirm late";
      const store = place.includes("memory") ? memoryStore() : fileStore(`${world.folder}/cut.json`);
      const app = await openApp({
        store,
        globalId: world.net.chain.globalId,
        manifestUrl: world.bridge.manifestUrl,
        bridgeUrl: world.bridge.url,
        walletsUrl: undefined,
        appName: undefined,
        waitMs: 30_000,
        reopenMs: 300,
        showLink: (link) => void phone.scan(link),
      });
      const { address } = await world.network.wallet("provider");
      const answer = app.ask({
        validUntil: Math.floor(Date.now() / 1_000) + 60,
        network: String(world.net.chain.globalId),
        from: address.toRawString(),
        messages: [{ address: address.toString({ bounceable: false }), amount: "1" }],
      });
      await until("it was asked", async () => phone.asked[0]);
      world.bridge.dropStreams();
      await phone.answerNow();
      expect(await answer).toMatch(/^te6cc/);
      await app.disconnect();
      expect(store.account()).toBeUndefined();
    },
  );
});

/** The phone's letters come from its session, all others from the command. */
function isOfPhone({ from }: Letter, phone: Phone): boolean {
  return from === phone.sessionId;
}

function flipped(letter: Letter): Letter {
  const box = Buffer.from(letter.message, "base64");
  box[box.length - 1] = (box.at(-1) ?? 0) ^ 1;
  return { ...letter, message: box.toString("base64") };
}
