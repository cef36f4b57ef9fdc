import type { Cell } from "@ton/core";
import { makeTestCertificate, testP256Key } from "../../../relayer/attestation/tdx/makeTestQuotePki";
import { expectDone, expectRefused } from "../../support/expect";
import {
  idsOf,
  MACHINE,
  platformOf,
  RECEIPT_KEY,
  registerAuthority,
  submitQuote,
  toUint,
  useQuoteWorld,
} from "../../support/quotes";
import { exchanged, raw, resigned, signedHashOf } from "../../support/resign";
import { DAY, START } from "../../support/world";

const world = useQuoteWorld();

const stranger = testP256Key(Buffer.alloc(32, 99), "somebody");
type Change = Parameters<typeof resigned>[2];

/** The machine shows a certificate with other bytes, that its authority signed as well, at the address of that one. */
async function showCertificate(change: Change) {
  const sound = idsOf(MACHINE);
  const leaf = resigned(sound.leaf, MACHINE.keys.ca, change);
  const ids = { authority: sound.authority, leafHash: signedHashOf(leaf) };
  const to = await platformOf(world(), ids, world().attestation.address);
  return submitQuote(world(), { to, cells: (cells) => ({ ...cells, leaf }) });
}

const hasWorker = async () => (await world().provider.getWorkers()).has(toUint(RECEIPT_KEY));

describe("TeePlatform refuses a machine's certificate", () => {
  it.each([
    ["of another name", exchanged("PCK Certificate", "PCK Certificat3"), "ErrCertificateLayout"],
    [
      "whose dates are written in another way",
      exchanged(raw("5a170d"), raw("5a180d")),
      "ErrCertificateLayout",
    ],
    ["cut a byte early after its dates", cutEarly, "ErrCertificateLayout"],
    ["with another field for the machine's versions", field("0b", "021204", "021304"), "ErrSgxExtension"],
    ["with another field for the provisioning enclave's id", field("0a", "0304", "0904"), "ErrSgxExtension"],
    ["with another field for the kind of machine", field("0a", "0404", "0904"), "ErrSgxExtension"],
    [
      "without the provisioning enclave's version",
      exchanged(raw("3010060b2a864886f84d010d01021102010d"), ""),
      "ErrSgxExtension",
    ],
  ] as const)("%s", async (_name, change, code) => {
    expectRefused(await showCertificate(change), code);
    expect(await hasWorker()).toBe(false);
  });

  it("but none that is signed again unchanged", async () => {
    await showCertificate((pieces) => pieces);
    expect(await hasWorker()).toBe(true);
  });
});

/** Another object identifier, of the same length. */
function field(length: string, from: string, to: string): Change {
  const start = `06${length}2a864886f84d010d01`;
  return exchanged(raw(start + from), raw(start + to));
}

/** The third cell, with dates and the subject's beginning, ends a byte earlier. */
function cutEarly(pieces: readonly string[]): string[] {
  const [a = "", b = "", c = "", d = "", ...rest] = pieces;
  return [a, b, c.slice(0, -1), c.slice(-1) + d, ...rest];
}

describe("AttestationRegistry refuses an authority", () => {
  const certificate = (change: Partial<Parameters<typeof makeTestCertificate>[0]>) =>
    makeTestCertificate({
      subject: "Intel SGX PCK Platform CA",
      issuer: "Intel SGX Root CA",
      key: MACHINE.keys.ca,
      issuerKey: MACHINE.keys.root,
      notBefore: START - DAY,
      notAfter: START + DAY,
      pathLength: 0,
      ...change,
    });

  it.each([
    ["that another root signed", { issuerKey: stranger }, "ErrAuthoritySignature"],
    ["of another name", { subject: "Intel SGX TCB Signing CA." }, "ErrCertificateLayout"],
    ["that is a machine", { subject: "Intel SGX PCK Certificate" }, "ErrCertificateLayout"],
    ["that has ended", { notAfter: START - 1 }, "ErrCertificateDates"],
    ["that has not begun", { notBefore: START + 1 }, "ErrCertificateDates"],
    [
      "that ends in a year of the last century",
      { notAfter: Date.UTC(2050, 0, 1) / 1000 },
      "ErrCertificateDates",
    ],
    ["that begins in the year 2000", { notBefore: Date.UTC(2000, 11, 31) / 1000 }, "ErrCertificateDates"],
    ["that may have further authorities below it", { pathLength: 1 }, "ErrNotAuthority"],
  ])("%s", async (_name, change, code) => {
    expectRefused(await registerAuthority(world(), certificate(change)), code);
  });

  it("one nanoton below the least value", async () => {
    expectRefused(await registerAuthority(world(), undefined, { short: 1n }), "ErrValueTooLow");
  });

  it("whose dates are written in another way", async () => {
    const cell = (sound: Cell) => resigned(sound, MACHINE.keys.root, exchanged(raw("5a170d"), raw("5a180d")));
    expectRefused(await registerAuthority(world(), certificate({}), { cell }), "ErrCertificateLayout");
    expectDone(await registerAuthority(world(), certificate({})), { out: 2 });
  });

  it("but none whose dates are as far apart as two digits tell", async () => {
    const [first, last] = [Date.UTC(2001, 0, 1), Date.UTC(2049, 11, 31, 23, 59, 59)];
    const widest = certificate({ notBefore: first / 1000, notAfter: last / 1000 });
    expectDone(await registerAuthority(world(), widest), { out: 2 });
  });
});
