import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Address, toNano } from "@ton/core";
import { mnemonicNew } from "@ton/crypto";
import { parse } from "dotenv";
import { z } from "zod";
import { walletFromMnemonic } from "../../../relayer/chain";
import { creditOf } from "../../../relayer/cli/manage/init/fund";
import { readConfig } from "../../../relayer/config";
import { devWallet } from "../../../relayer/localnet/devWallets";
import { type AppWorld, createAppWorld, linkIn } from "./support/tonconnect/network";

// A new wallet is drawn until it has a valid check, at 100,000 hash rounds each time.
jest.setTimeout(180_000);

const resultSchema = z.object({
  wallet: z.string(),
  owner: z.string().optional(),
  fundedNano: z.string().optional(),
});

describe("cocoon init with a wallet app", () => {
  let world: AppWorld;
  let out: string;
  let words: string;
  let empty: Address;
  beforeAll(async () => {
    world = await createAppWorld();
    out = join(world.folder, ".env");
    words = join(world.folder, "words");
    const drawn = await mnemonicNew();
    writeFileSync(words, drawn.join(" "));
    empty = (await walletFromMnemonic({ words: drawn })).address;
  });
  afterEach(() => rmSync(out, { force: true }));
  afterAll(async () => {
    process.exitCode = undefined;
    await world.close();
  });

  const network = (name = "localnet") => [
    ...["--network", name, "--endpoint", world.net.endpoint, "--out", out],
    ...["--registry", world.network.registry.address.toString()],
    ...["--attestation-registry", world.network.attestation.address.toString()],
  ];
  const developer = (...more: string[]) => ["init", "--role", "developer", ...network(), ...more];
  const provider = (...more: string[]) => {
    const stake = ["--provider", world.network.provider.address.toString()];
    return ["init", "--role", "provider", ...network(), ...stake, "--words-file", words, ...more];
  };
  const balanceOf = async (address: Address) => (await world.network.reader.account(address)).balanceNano;
  const written = () => parse(readFileSync(out, "utf8"));

  it("fills a developer's new wallet: the amount is on the chain, and the gateway's words open it", async () => {
    const phone = await world.phone("spare1");
    const { code, stdout, stderr } = await world.run(
      developer("--tonconnect", "--fund", "2.5", "--json"),
      phone,
    );
    const { wallet, fundedNano } = resultSchema.parse(JSON.parse(stdout));
    expect([code, fundedNano, await balanceOf(Address.parse(wallet))]).toEqual([
      0,
      "2500000000",
      toNano("2.5"),
    ]);
    expect(linkIn(stderr)).toMatch(/^tc:/);
    const own = written().COCOON_DEVELOPER_MNEMONIC?.split(" ") ?? [];
    expect((await walletFromMnemonic({ words: own })).address.equals(Address.parse(wallet))).toBe(true);
    // Money to a wallet without a contract would come back if it could.
    const [asked] = phone.asked;
    expect(asked?.messages.map(({ address }) => Address.parseFriendly(address).isBounceable)).toEqual([
      false,
    ]);
    expect(phone.farewells).toHaveLength(1);
  });

  it("reads a provider's owner from the app, beside the operator's gas money, and says what came", async () => {
    const before = await balanceOf(empty);
    const phone = await world.phone("provider");
    const { code, stdout } = await world.run(
      provider("--owner", "app", "--tonconnect", "--fund", "0.75"),
      phone,
    );
    const owner = (await world.network.wallet("provider")).address.toString({ bounceable: false });
    expect([code, await balanceOf(empty)]).toEqual([0, before + toNano("0.75")]);
    expect(stdout).toContain(`owner    ${owner}`);
    expect(stdout).toContain("came     0.75 TON from the wallet app");
    expect(stdout).not.toContain("send the wallet");
    const text = readFileSync(out, "utf8");
    expect(text).toContain(`# The owner's wallet: ${owner}.`);
    expect(text.includes(devWallet("provider").mnemonic)).toBe(false);
    expect(readConfig("provider", written()).COCOON_OPERATOR_MNEMONIC).toBe(readFileSync(words, "utf8"));
  });

  it("asks the app for nothing where only the owner is read", async () => {
    const before = await balanceOf(empty);
    const phone = await world.phone("provider");
    const { code, stdout } = await world.run(provider("--owner", "app"), phone);
    expect([code, phone.asked, await balanceOf(empty)]).toEqual([0, [], before]);
    expect(stdout).toContain("send the wallet some TON");
  });

  it("asks for a budget and fees, or for gas, where no amount is named", async () => {
    const own = ["--words-file", words, "--tonconnect"];
    const cases = [
      [developer("--budget", "0.5", ...own), "600000000"],
      [provider("--tonconnect"), "1000000000"],
    ] as const;
    for (const [args, amount] of cases) {
      const phone = await world.phone("spare2");
      expect((await world.run(args, phone)).code).toBe(0);
      expect(phone.asked.map(({ messages }) => messages[0]?.amount)).toEqual([amount]);
      rmSync(out);
    }
  });

  it("keeps the file whose words are the wallet's when the person says no, and says that it is empty", async () => {
    const before = await balanceOf(empty);
    const phone = await world.phone("spare1");
    phone.mood = "reject";
    const { code, stdout, stderr } = await world.run(provider("--tonconnect"), phone);
    expect([code, existsSync(out), await balanceOf(empty)]).toEqual([3, true, before]);
    expect(stderr).toContain(
      `${out} is written. Its wallet, ${empty.toString({ bounceable: false })}, was not`,
    );
    expect(stdout).not.toContain("came");
  });

  it("writes nothing when no app connects, or one on another network", async () => {
    const more = { COCOON_TONCONNECT_SECONDS: "1" };
    const alone = await world.run(provider("--tonconnect"), undefined, { more });
    expect([alone.code, alone.stderr, existsSync(out)]).toEqual([
      1,
      expect.stringContaining("TIMEOUT"),
      false,
    ]);
    const phone = await world.phone("spare1", "-3");
    const wrong = await world.run(provider("--tonconnect"), phone);
    expect([wrong.code, wrong.stderr, existsSync(out), phone.asked]).toEqual([
      1,
      expect.stringContaining("WRONG_NETWORK"),
      false,
      [],
    ]);
  });

  it("wants a typed yes on mainnet before the app is asked", async () => {
    const before = await balanceOf(empty);
    const onMainnet = [...provider("--tonconnect", "--fund", "3"), ...network("mainnet")];
    const phone = await world.phone("spare1", "-239");
    const no = await world.run(onMainnet, phone, { answers: ["no"] });
    expect([no.code, phone.asked, await balanceOf(empty)]).toEqual([3, [], before]);
    const again = [...onMainnet, "--force"];
    const yes = await world.run(again, await world.phone("spare1", "-239"), { answers: ["yes"] });
    expect([yes.code, await balanceOf(empty)]).toEqual([0, before + toNano("3")]);
  });

  it("asks neither bridge nor app in a dry run", async () => {
    const { length } = world.bridge.calls;
    const args = provider("--owner", "app", "--tonconnect", "--fund", "2", "--dry-run");
    const { code, stdout } = await world.run(args);
    expect([code, stdout, existsSync(out)]).toEqual([
      0,
      expect.stringContaining("2 TON by the wallet app"),
      false,
    ]);
    expect(world.bridge.calls).toHaveLength(length);
  });

  it.each<[string, readonly string[]]>([
    ["give --tonconnect, too", ["--fund", "1"]],
    ["give --tonconnect, too", ["--app", "tonkeeper"]],
    ["--fund must be more than nothing", ["--fund", "0", "--tonconnect"]],
    ["--fund must be an amount of TON", ["--fund", "much", "--tonconnect"]],
    ["--owner must be a TON address", ["--owner", "me"]],
  ])("names what is wrong: %s", async (sentence, args) => {
    const { code, stderr } = await world.run(provider(...args));
    expect([code, stderr, existsSync(out)]).toEqual([1, expect.stringContaining(sentence), false]);
  });

  it("waits for money of the app's wallet alone, and no longer than its clock says", async () => {
    const { reader } = world.network;
    const [app, other] = [await world.network.wallet("spare1"), await world.network.via("spare2")];
    const { last } = await reader.account(empty);
    await other.send({ to: empty, value: toNano("0.3"), bounce: false });
    let nowMs = 0;
    // Each look takes half of the time.
    const clock = { nowMs: () => (nowMs += 45_000) };
    const sought = { wallet: empty, from: app.address, amountNano: toNano("0.3"), afterLt: last.lt };
    await expect(creditOf({ reader, clock }, sought)).rejects.toThrow(/nothing came to UQ\S+ within 90 s/);
    const sender = await world.network.via("spare1");
    await sender.send({ to: empty, value: toNano("0.3"), bounce: false });
    expect(await creditOf({ reader, clock }, sought)).toBe(toNano("0.3"));
  });
});
