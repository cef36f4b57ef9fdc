import { makeTestMachine } from "../../../relayer/attestation/tdx/makeTestQuote";
import { account, OP } from "../../support/actors";
import { events, expectDone, expectExcess, expectRefused, storageFee } from "../../support/expect";
import {
  BLOCK,
  bindOf,
  idsOf,
  MACHINE,
  platformOf,
  RECEIPT_KEY,
  ROOT_SEED,
  registerAuthority,
  type Submission,
  submitQuote,
  TEST_IMAGE,
  toUint,
  useQuoteWorld,
} from "../../support/quotes";
import { DAY, MODEL, START } from "../../support/world";

const world = useQuoteWorld();

async function platform() {
  return platformOf(world(), idsOf(MACHINE), world().attestation.address);
}

async function worker() {
  return (await world().provider.getWorkers()).get(toUint(RECEIPT_KEY));
}

const SHAPES: [string, Submission["quote"]][] = [
  ["version 4", {}],
  ["version 5 with a TD 1.0 body", { version: 5, body: "td10" }],
  ["version 5 with a TD 1.5 body", { version: 5, body: "td15" }],
];

describe("TeePlatform and a sound quote", () => {
  it.each(SHAPES)("of %s: CA known, then warm, then hot, each makes the worker", async (_shape, quote) => {
    for (const path of ["ca-known", "warm", "hot"] as const) {
      const bind = { notAfter: START + DAY - (path === "hot" ? 0 : path === "warm" ? 1 : 2) };
      const sent = await submitQuote(world(), { path, bind, ...(quote === undefined ? {} : { quote }) });
      expect(sent.transactions).toHaveTransaction({
        from: world().attestation.address,
        to: world().provider.address,
        op: OP.WorkerAttested,
        success: true,
      });
      expect(events(sent.transactions)).toMatchObject([
        { $$type: "WorkerAttestedEvent", worker: { expiresAt: BigInt(bind.notAfter) } },
      ]);
      expect(sent.transactions).toHaveTransaction({
        from: world().provider.address,
        to: world().operator.address,
        op: OP.Excesses,
      });
      expect(await worker()).toMatchObject({ imageHash: TEST_IMAGE, modelHash: MODEL, epoch: 1n });
    }
  });

  it("keeps rent when the machine's certificate is shown, and else no nanoton", async () => {
    const first = await submitQuote(world(), { path: "ca-known" });
    const rent = first.after.balance;
    expect(rent).toBeGreaterThan(0n);
    for (const path of ["warm", "hot"] as const) {
      expectDone(await submitQuote(world(), { path }), { out: 1 });
    }
    const again = await submitQuote(world(), { path: "ca-known" });
    expectDone(again, { out: 1, kept: rent });
    expect(again.before.balance - storageFee(again.tx)).toBe(rent);
  });

  it("of a machine under the Processor CA is as good", async () => {
    const machine = makeTestMachine({ rootSeed: ROOT_SEED, name: "other", ca: "Processor" });
    expectDone(await registerAuthority(world(), machine.chain[1]), { out: 2 });
    await submitQuote(world(), { machine });
    expect(await worker()).toBeDefined();
  });

  it("with security versions above 127, which DER writes with two bytes, is read as well", async () => {
    const facts = { components: [200, ...Array.from({ length: 15 }, () => 255)], pceSvn: 300 };
    const machine = makeTestMachine({ rootSeed: ROOT_SEED, name: "newer", facts });
    await submitQuote(world(), { machine });
    expect(await worker()).toBeDefined();
  });

  it("may name the newest block, the sixteenth, or one of the last sixteen hundreds", async () => {
    for (const block of [BLOCK, BLOCK - 15, BLOCK - 1_500]) {
      await submitQuote(world(), { block, path: block === BLOCK ? "ca-known" : "hot" });
    }
    expect(await worker()).toBeDefined();
  });

  it("is carried by anybody, and one nanoton below the least value by nobody", async () => {
    for (const path of ["ca-known", "warm", "hot"] as const) {
      expectRefused(await submitQuote(world(), { path, short: 1n }), "ErrValueTooLow");
      const sent = await submitQuote(world(), { path, from: world().stranger });
      expect(sent.transactions).toHaveTransaction({ to: world().stranger.address, op: OP.Excesses });
    }
  });

  it("ends with the bind statement, the image or the certificate, whichever is first", async () => {
    const machine = makeTestMachine({ rootSeed: ROOT_SEED, name: "old", notAfter: START + 3_600 });
    await submitQuote(world(), { machine });
    expect((await worker())?.expiresAt).toBe(BigInt(START + 3_600));
  });
});

describe("TeePlatform's memory", () => {
  it("has nothing before the machine's certificate was shown", async () => {
    const { init } = await platform();
    const sent = await submitQuote(world(), { path: "ca-known", quote: { signer: MACHINE.keys.leaf } });
    expectRefused(sent, "ErrQuoteSignature");
    for (const path of ["warm", "hot"] as const) {
      expectRefused(await submitQuote(world(), { path }), "ErrUnknownPlatform");
    }
    expect((await account(world().chain, (await platform()).address)).data).toBe(
      init?.data?.hash().toString("hex"),
    );
  });

  it("holds two attestation keys, so that an old report cannot lock the newer key out", async () => {
    const second = makeTestMachine({ rootSeed: ROOT_SEED }).keys.leaf; // any other key, vouched for by the enclave
    const quote = { attestationKey: second };
    await submitQuote(world(), { path: "ca-known" });
    await submitQuote(world(), { path: "warm", quote });
    expectDone(await submitQuote(world(), { path: "hot" }), { out: 1 });
    expectDone(await submitQuote(world(), { path: "hot", quote }), { out: 1 });
    await submitQuote(world(), { path: "warm" });
    expectDone(await submitQuote(world(), { path: "hot", quote }), { out: 1 });
    const state = await (await platform()).getPlatformState();
    expect(state.formerKey).not.toBe(0n);
  });

  it("does not outlive a raised epoch: the worker is renewed by the hot path, under the new one", async () => {
    await submitQuote(world());
    await world().attestation.send(
      world().guardian.getSender(),
      { value: await world().attestation.getMinValueToGovern() },
      { $$type: "RaiseEpoch", queryId: 1n },
    );
    await submitQuote(world(), { path: "hot" });
    expect((await worker())?.epoch).toBe(2n);
  });
});

describe("AttestationRegistry and an authority", () => {
  it("remembers its key until its certificate ends, whoever shows it", async () => {
    const sent = await registerAuthority(world());
    expectDone(sent, { out: 2 });
    expectExcess(sent);
    expect(events(sent.transactions)).toMatchObject([{ $$type: "AuthorityRegisteredEvent" }]);
    const policy = await world().attestation.getQuotePolicy();
    expect([...policy.authorities.values()]).toHaveLength(1);
  });

  it("names the account of each machine", async () => {
    const ids = idsOf(MACHINE);
    const named = await world().attestation.getPlatformAddress(ids.authority, ids.leafHash);
    expect(named.equals((await platform()).address)).toBe(true);
    expect(bindOf(world()).registry).toBe(world().attestation.address.toRawString());
  });
});
