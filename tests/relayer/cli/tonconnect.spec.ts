import { existsSync, statSync } from "node:fs";
import { Address, Cell, toNano } from "@ton/core";
import { z } from "zod";
import { toHex } from "../../../relayer/protocol";
import { MODEL_HASH, STAKE } from "../support/deployNetwork";
import { until } from "../support/until";
import { LISTED_APP } from "./support/tonconnect/bridge";
import { type AppWorld, createAppWorld, linkIn } from "./support/tonconnect/network";

// Each command waits for a chain, a bridge and a phone.
jest.setTimeout(120_000);

const sentSchema = z.object({
  dryRun: z.boolean(),
  sent: z.array(z.object({ to: z.string(), valueNano: z.string() })),
  notes: z.array(z.string()),
});
const MAINNET = { COCOON_GLOBAL_ID: "-239" };

describe("commands that send by a wallet app over TON Connect", () => {
  let world: AppWorld;
  beforeAll(async () => {
    world = await createAppWorld();
  });
  afterAll(async () => {
    process.exitCode = undefined;
    await world.close();
  });
  const stakeNow = async () => (await world.network.provider.getProviderState()).stake;
  const byApp = (...args: string[]) => [...args, "--tonconnect"];

  it("stakes by the owner's app: one request with all that a wallet checks, and the chain's word for it", async () => {
    const phone = await world.phone("provider");
    const { code, stdout, stderr } = await world.run(byApp("provider", "stake", "5"), phone);
    expect([code, stdout, stderr]).toEqual([
      0,
      expect.stringMatching(/^Add stake: /),
      expect.stringMatching(/^ {2}tc:\/\/\?v=2&id=[0-9a-f]{64}&/m),
    ]);
    expect(await stakeNow()).toBe(STAKE + toNano("5"));
    const [asked] = phone.asked;
    const owner = await world.network.wallet("provider");
    // To be compared with what the app shows.
    expect(stderr).toContain(`Connected ${owner.address.toString({ bounceable: false })} in Test Wallet.`);
    expect(asked).toMatchObject({ network: "-23911", from: owner.address.toRawString() });
    const seconds = (asked?.valid_until ?? 0) - Date.now() / 1_000;
    expect([seconds > 0, seconds <= 60]).toEqual([true, true]);
    const [message] = asked?.messages ?? [];
    const to = Address.parseFriendly(message?.address ?? "");
    expect([to.address.equals(world.network.provider.address), to.isBounceable]).toEqual([true, true]);
    expect(BigInt(message?.amount ?? 0)).toBeGreaterThan(toNano("5"));
    expect(
      Cell.fromBase64(message?.payload ?? "")
        .beginParse()
        .loadUint(32),
    ).toBeGreaterThan(0);
    // The connection was for this command alone.
    expect([phone.farewells.length, existsSync(world.env.COCOON_TONCONNECT_FILE ?? "")]).toEqual([1, false]);
  });

  it("opens a job by the developer's app, with its code, as JSON alone on stdout", async () => {
    const phone = await world.phone("spare1");
    const { code, stdout, stderr } = await world.run(
      byApp("job", "open", toHex(MODEL_HASH), "1", "--json"),
      phone,
    );
    const { sent, notes } = sentSchema.parse(JSON.parse(stdout));
    expect([code, notes.some((note) => / active$/.test(note))]).toEqual([0, true]);
    expect(linkIn(stderr)).toBeDefined();
    const [message] = phone.asked[0]?.messages ?? [];
    expect(Address.parse(message?.address ?? "").toString()).toBe(
      Address.parse(sent[0]?.to ?? "").toString(),
    );
    expect(message?.amount).toBe(sent[0]?.valueNano);
    expect(Cell.fromBase64(message?.stateInit ?? "").refs.length).toBeGreaterThan(0);
    const shown = await world.run(["job", "show", sent[0]?.to ?? "", "--json"]);
    expect(JSON.parse(shown.stdout)).toMatchObject({
      state: "active",
      developer: (await world.network.wallet("spare1")).address.toString(),
    });
  });

  it("shows the app's own link where it is named, and knows no other", async () => {
    const more = { COCOON_TONCONNECT_WALLETS: world.bridge.walletsUrl };
    const phone = await world.phone("provider");
    const named = byApp("provider", "unbond", "1", "--app", LISTED_APP.appName);
    const { code, stderr } = await world.run(named, phone, { more });
    expect([code, stderr.includes(`  ${LISTED_APP.link}?v=2&`), stderr.includes("  tc://?v=2&")]).toEqual([
      0,
      true,
      true,
    ]);
    const unknown = await world.run(byApp("provider", "stake", "1", "--app", "nosuch"), undefined, { more });
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining("The list has: testwallet")]);
    const alone = await world.run(["provider", "stake", "1", "--app", "testwallet"]);
    expect([alone.code, alone.stderr]).toEqual([1, expect.stringContaining("--tonconnect")]);
  });

  it("sends nothing when the person says no, to the connection or to the transaction", async () => {
    const before = await stakeNow();
    const phone = await world.phone("provider");
    phone.mood = "reject";
    const refused = await world.run(byApp("provider", "stake", "1"), phone);
    expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining("told no: nothing was sent")]);
    expect(phone.asked).toHaveLength(1);
    const other = await world.phone("provider");
    const shy = await world.run(byApp("provider", "stake", "1"), undefined, {
      onStderr: (text) => {
        const link = linkIn(text);
        if (link !== undefined) {
          void other.refuse(link);
        }
      },
    });
    expect([shy.code, shy.stderr]).toEqual([3, expect.stringContaining("told no: nothing was sent")]);
    expect(await stakeNow()).toBe(before);
  });

  it("refuses an app on another network before anything is asked of it", async () => {
    const phone = await world.phone("provider", "-3");
    const { code, stderr } = await world.run(byApp("provider", "stake", "1"), phone);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/WRONG_NETWORK: The wallet app is on network -3, this command on -23911/),
    ]);
    expect([phone.asked, phone.farewells.length]).toEqual([[], 1]);
  });

  it("asks for a typed yes on mainnet before it asks the app", async () => {
    const before = await stakeNow();
    const phone = await world.phone("provider", "-239");
    const no = await world.run(byApp("provider", "stake", "1"), phone, { more: MAINNET, answers: ["no"] });
    expect([no.code, phone.asked]).toEqual([3, []]);
    const yes = await world.run(byApp("provider", "stake", "1"), await world.phone("provider", "-239"), {
      more: MAINNET,
      answers: ["yes"],
    });
    expect([yes.code, await stakeNow()]).toEqual([0, before + toNano("1")]);
  });

  it("says so when nobody scans, and when the bridge is not there", async () => {
    const more = { COCOON_TONCONNECT_SECONDS: "1" };
    const alone = await world.run(byApp("provider", "stake", "1"), undefined, { more });
    expect([alone.code, alone.stderr]).toEqual([
      1,
      expect.stringContaining("TIMEOUT: No wallet app connected within 1 s"),
    ]);
    const nowhere = await world.run(byApp("provider", "stake", "1"), undefined, {
      more: { COCOON_TONCONNECT_BRIDGE: "http://127.0.0.1:9/bridge" },
    });
    expect([nowhere.code, nowhere.stderr]).toEqual([4, expect.stringContaining("does not answer")]);
  });

  it("does not ask the app for what its wallet cannot pay", async () => {
    const phone = await world.phone("provider");
    const { code, stderr } = await world.run(byApp("provider", "stake", "90000000"), phone);
    expect([code, stderr, phone.asked]).toEqual([5, expect.stringContaining("send it the difference"), []]);
  });

  it("says to look first when the app does not answer, or what it signed never comes", async () => {
    const before = await stakeNow();
    const more = { COCOON_TONCONNECT_SECONDS: "4" };
    const phone = await world.phone("provider");
    phone.mood = "ignore";
    const silent = await world.run(byApp("provider", "stake", "1"), phone, { more });
    expect([silent.code, silent.stderr]).toEqual([
      6,
      expect.stringMatching(/did not answer within 4 s\. It may send until \S+Z: look at the wallet/),
    ]);
    const other = await world.phone("provider");
    other.mood = "confirm without sending";
    const lost = await world.run(byApp("provider", "stake", "1"), other, { more });
    expect([lost.code, lost.stderr]).toEqual([
      6,
      expect.stringContaining("nothing came to the chain within 4 s"),
    ]);
    expect(await stakeNow()).toBe(before);
  });

  it("ends when the person ends the connection on the phone", async () => {
    const phone = await world.phone("provider");
    phone.mood = "ignore";
    const run = world.run(byApp("provider", "stake", "1"), phone);
    await until("it was asked", async () => phone.asked[0]);
    await phone.disconnect();
    const { code, stderr } = await run;
    expect([code, stderr]).toEqual([6, expect.stringContaining("has ended the connection: look at the")]);
  });

  it("is not told otherwise by whoever else connects: that ends the command", async () => {
    const before = await stakeNow();
    const phone = await world.phone("provider");
    phone.mood = "ignore";
    const run = world.run(byApp("provider", "stake", "1"), phone);
    await until("it was asked", async () => phone.asked[0]);
    // The bridge knows what a link's reader knows; even the wallet's address.
    const liar = await world.phone("provider");
    await liar.scan(phone.link);
    const { code, stderr } = await run;
    expect([code, stderr]).toEqual([6, expect.stringContaining("Another app has answered in the place")]);
    expect([liar.asked, await stakeNow()]).toEqual([[], before]);
  });

  it("waits at the bridges of all listed apps where none is named, and keeps the one that answered", async () => {
    const before = await stakeNow();
    const more = { COCOON_TONCONNECT_BRIDGE: "", COCOON_TONCONNECT_WALLETS: world.bridge.walletsUrl };
    const phone = await world.phone("provider");
    expect((await world.run(["wallet", "connect"], phone, { more })).code).toBe(0);
    const { code } = await world.run(byApp("provider", "stake", "1"), undefined, { more });
    expect([code, await stakeNow()]).toEqual([0, before + toNano("1")]);
    const again = await world.run(["wallet", "connect"], undefined, { more });
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining("is connected already")]);
    // Another app is asked by a link of its own.
    const named = byApp("provider", "stake", "1", "--app", LISTED_APP.appName);
    const other = await world.phone("provider");
    expect((await world.run(named, other, { more })).code).toBe(0);
    expect([phone.asked.length, other.asked.length]).toEqual([1, 1]);
    expect((await world.run(["wallet", "disconnect"], undefined, { more })).code).toBe(0);
    await until("the app was told", async () => phone.farewells[0]);
  });

  describe("with a connection that is kept", () => {
    it("is scanned once, kept for its owner alone, used again, and forgotten on demand", async () => {
      const file = world.env.COCOON_TONCONNECT_FILE ?? "";
      const phone = await world.phone("provider");
      const { address } = await world.network.wallet("provider");
      const made = await world.run(["wallet", "connect", "--json"], phone);
      expect([made.code, JSON.parse(made.stdout)]).toEqual([
        0,
        { address: address.toString({ bounceable: false }), app: "Test Wallet", globalId: -23_911 },
      ]);
      expect([statSync(file).mode & 0o777, phone.farewells.length]).toEqual([0o600, 0]);

      const before = await stakeNow();
      for (const more of [1n, 2n]) {
        const { code, stderr } = await world.run(byApp("provider", "stake", "1"));
        expect([code, linkIn(stderr), await stakeNow()]).toEqual([0, undefined, before + more * toNano("1")]);
      }

      const gone = await world.run(["wallet", "disconnect"]);
      expect([gone.code, gone.stdout]).toEqual([0, `Forgot ${address.toString({ bounceable: false })}.\n`]);
      await until("the app was told", async () => phone.farewells[0]);
      expect(existsSync(file)).toBe(false);
      expect((await world.run(["wallet", "disconnect"])).code).toBe(1);
    });

    it("sends nothing to the bridge in a dry run, and knows whose wallet it would be", async () => {
      const dry = byApp("job", "open", toHex(MODEL_HASH), "1", "--dry-run", "--json");
      const { length } = world.bridge.calls;
      const unknown = await world.run(dry);
      expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining("wallet connect")]);
      expect(world.bridge.calls).toHaveLength(length);

      await world.run(["wallet", "connect"], await world.phone("spare1"));
      const kept = world.bridge.calls.length;
      const before = await world.network.reader.account((await world.network.wallet("spare1")).address);
      const { code, stdout } = await world.run(dry);
      expect([code, sentSchema.parse(JSON.parse(stdout))]).toMatchObject([0, { dryRun: true, sent: [{}] }]);
      const text = await world.run(byApp("provider", "stake", "1", "--dry-run"));
      expect([text.code, text.stderr]).toEqual([1, expect.stringContaining("Only the provider's owner")]);
      const elsewhere = await world.run(dry, undefined, { more: MAINNET });
      expect(elsewhere.stderr).toContain("WRONG_NETWORK");
      expect(world.bridge.calls).toHaveLength(kept);
      const after = await world.network.reader.account((await world.network.wallet("spare1")).address);
      expect(after.last).toEqual(before.last);
      await world.run(["wallet", "disconnect"]);
    });

    it("takes no answer to a request that it gave up for the next one's, and the chain takes none that is late", async () => {
      const phone = await world.phone("provider");
      await world.run(["wallet", "connect"], phone);
      const before = await stakeNow();
      phone.mood = "confirm late";
      const given = { more: { COCOON_TONCONNECT_SECONDS: "4" } };
      expect((await world.run(byApp("provider", "stake", "7"), undefined, given)).code).toBe(6);
      await world.net.chain.setTime(world.net.chain.now() + 10);
      await phone.answerNow();
      phone.mood = "confirm";
      const next = await world.run(byApp("provider", "stake", "1"));
      expect([next.code, await stakeNow()]).toEqual([0, before + toNano("1")]);
      expect(phone.asked.map(({ messages }) => messages[0]?.amount.slice(0, 1))).toEqual(["7", "1"]);
      await world.run(["wallet", "disconnect"]);
    });
  });
});
