import { beginCell } from "@ton/core";
import { makeTestCrl } from "../../../relayer/attestation/tdx/makeTestCollateral";
import { makeTestMachine } from "../../../relayer/attestation/tdx/makeTestQuote";
import { testP256Key } from "../../../relayer/attestation/tdx/makeTestQuotePki";
import { cutRevocation } from "../../../relayer/attestation/tdx/onChainCollateral";
import { storePostRevocation } from "../../../wrappers/messages";
import { post } from "../../support/collateral";
import { events, exitCode, expectDone, expectRefused } from "../../support/expect";
import { idsOf, MACHINE, quoteRefusal, ROOT_SEED, useQuoteWorld } from "../../support/quotes";
import { exchanged, raw, refAt, resigned, withBits } from "../../support/resign";
import { DAY, START } from "../../support/world";

const world = useQuoteWorld({});

describe("A revocation that anyone shows", () => {
  const [leaf, authority] = MACHINE.chain;
  const serialOf = (certificate: Buffer) => certificate.subarray(15, 15 + 20).toString("hex");
  const others = Array.from({ length: 40 }, (_, index) => `7e${index.toString(16).padStart(38, "0")}`);
  const key = testP256Key(ROOT_SEED, "ca Platform");
  const listOf = (revoked: readonly string[], by = key) =>
    makeTestCrl({ issuer: "Intel SGX PCK Platform CA", key: by, revoked }, START - 60, START + DAY);
  const show = (cells: ReturnType<typeof cutRevocation>, short = 0n) =>
    post(
      world(),
      "Revocation",
      storePostRevocation({
        $$type: "PostRevocation",
        queryId: 1n,
        ...cells,
        position: BigInt(cells.position),
      }),
      short,
    );
  const inList = listOf([...others, serialOf(leaf), ...others]);

  it("ends the machine's quotes at once and for good", async () => {
    const sent = await show(cutRevocation(leaf, authority, inList));
    expectDone(sent, { out: 2 });
    expect(events(sent.transactions)).toMatchObject([
      { $$type: "PolicyTightenedEvent", subject: idsOf(MACHINE).leafHash },
    ]);
    expect(await quoteRefusal(world())).toBe(exitCode("ErrCertificateRevoked"));
  });

  it("is refused for another machine, another list, another place, or one nanoton too little", async () => {
    const cells = cutRevocation(leaf, authority, inList);
    const [other] = makeTestMachine({ rootSeed: ROOT_SEED, name: "another machine" }).chain;
    const otherLeaf = cutRevocation(other, authority, listOf([serialOf(other)])).leaf;
    expectRefused(await show({ ...cells, leaf: otherLeaf }), "ErrListEntry");
    expectRefused(await show({ ...cells, position: 0 }), "ErrListEntry");
    const forged = listOf([serialOf(leaf)], testP256Key(ROOT_SEED, "nobody"));
    expectRefused(await show(cutRevocation(leaf, authority, forged)), "ErrListSignature");
    expectRefused(await show(cells, 1n), "ErrValueTooLow");
    expect(await quoteRefusal(world())).toBeUndefined();
  });

  it("is refused for a certificate that its authority did not sign, and for an authority of another root", async () => {
    const stranger = makeTestMachine({ rootSeed: Buffer.alloc(32, 8) });
    const list = listOf([serialOf(stranger.chain[0])], testP256Key(Buffer.alloc(32, 8), "ca Platform"));
    expectRefused(
      await show(cutRevocation(stranger.chain[0], stranger.chain[1], list)),
      "ErrUnknownAuthority",
    );
    const mixed = cutRevocation(stranger.chain[0], authority, listOf([serialOf(stranger.chain[0])]));
    expectRefused(await show(mixed), "ErrLeafSignature");
  });

  it("is not taken from a certificate that merely has the number", async () => {
    // The authority signed the certificate too, and its serial number stands in it.
    const cells = cutRevocation(leaf, authority, inList);
    const [signature, tbs] = [refAt(cells.leaf, 0), refAt(cells.leaf, 1)];
    const asList = beginCell().storeRef(signature).storeRef(tbs).endCell();
    expectRefused(await show({ ...cells, list: asList, position: 0 }), "ErrListEntry");
  });

  const alone = cutRevocation(leaf, authority, listOf([serialOf(leaf)]));
  type Shown = typeof alone;
  const list = (from: string, to: string) => (shown: Shown) => ({
    ...shown,
    list: resigned(shown.list, key, exchanged(raw(from), raw(to))),
  });
  const certificate = (from: string, to: string) => (shown: Shown) => ({
    ...shown,
    leaf: resigned(shown.leaf, key, exchanged(raw(from), raw(to))),
  });
  const REASON = "300c300a0603551d1504030a01";

  it.each<[string, (shown: Shown) => Shown, string]>([
    [
      "an entry whose date is of another kind",
      list(`${serialOf(leaf)}170d`, `${serialOf(leaf)}180d`),
      "ErrListEntry",
    ],
    [
      "an entry with another extension than the reason",
      list(REASON, REASON.replace("1d15", "1d18")),
      "ErrListEntry",
    ],
    ["a certificate of another version", certificate("a003020102", "a003020101"), "ErrCertificateLayout"],
    [
      "a certificate with more than its authority's key beside it",
      (shown) => ({ ...shown, leaf: withBits(shown.leaf, (b) => b.storeUint(0, 8)) }),
      "ErrCertificateLayout",
    ],
  ])("is refused for %s, though the authority signed it", async (_name, change, code) => {
    expectRefused(await show(change(alone)), code);
    expectDone(await show(alone), { out: 2 });
  });
});
