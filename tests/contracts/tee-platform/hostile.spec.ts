import { BitString, beginCell, type Cell } from "@ton/core";
import { makeTestMachine } from "../../../relayer/attestation/tdx/makeTestQuote";
import { signP256, testP256Key } from "../../../relayer/attestation/tdx/makeTestQuotePki";
import { toRawAddress } from "../../../relayer/protocol";
import { expectRefused } from "../../support/expect";
import {
  BLOCK,
  expectNoWorker,
  expectPolicyRefusal,
  idsOf,
  MACHINE,
  platformOf,
  ROOT_SEED,
  rootHash,
  type Submission,
  type SubmittedCells,
  submitQuote,
  useQuoteWorld,
} from "../../support/quotes";
import { cutInto, exchanged, raw, recut, refAt, resigned, withBits } from "../../support/resign";
import { START } from "../../support/world";

const world = useQuoteWorld({ bind: { receiptPublicKey: Buffer.alloc(32, 9) } });

/** The same bytes in other cells: one byte moves over the first boundary. */
const moved = (first: Cell): Cell => movedBy(8)(first);

const movedBy =
  (bits: number) =>
  (first: Cell): Cell => {
    const [a, b] = [first.beginParse(), first.refs[0]?.beginParse()];
    if (b === undefined) {
      throw new Error("There is no second cell.");
    }
    const head = a.loadBits(a.remainingBits - bits);
    const tail = a.loadBits(bits);
    const room = 1_016 - bits;
    const next = beginCell()
      .storeBits(tail)
      .storeBits(b.loadBits(Math.min(b.remainingBits, room)));
    const [last] = first.refs[0]?.refs ?? [];
    if (b.remainingBits > 0) {
      next.storeRef(
        beginCell()
          .storeBits(b.loadBits(b.remainingBits))
          .storeBits(last?.bits ?? BitString.EMPTY),
      );
    } else if (last !== undefined) {
      next.storeRef(last);
    }
    return beginCell().storeBits(head).storeRef(next).endCell();
  };

/** Changes the cell of a chain at that position, and what hangs on it. */
const at = (position: number, chain: Cell, change: (rest: Cell) => Cell): Cell =>
  position === 0 ? change(chain) : replaceRef(chain, 0, (next) => at(position - 1, next, change));

const replaceRef = (cell: Cell, index: number, by: (old: Cell) => Cell): Cell => {
  const builder = beginCell().storeBits(cell.bits);
  cell.refs.forEach((ref, at) => {
    builder.storeRef(at === index ? by(ref) : ref);
  });
  return builder.endCell();
};

const bytes = (hex: string) => Buffer.from(hex, "hex");
const stranger = testP256Key(Buffer.alloc(32, 99), "somebody");
const other = makeTestMachine({ rootSeed: ROOT_SEED, name: "another machine" });
const flipped = (at: number, length = 48) => Buffer.alloc(length).fill(1, at, at + 1);

/** Where a bind statement names its cipher: the second byte. */
const AEAD = 15 + 2 + 4 + 33 + 32 + 5;

const signedQuote = (change: Parameters<typeof resigned>[2]) => (cells: SubmittedCells) => ({
  ...cells,
  quote: resigned(cells.quote, MACHINE.keys.attestation, change),
});

const cutQuoteInto = (quote: Submission["quote"], ...sizes: number[]): Submission => ({
  quote,
  cells: signedQuote(cutInto(...sizes)),
});

/** The quoting enclave reports the hash of key and authentication data together. */
function longerKey(cells: SubmittedCells): SubmittedCells {
  const data = refAt(cells.qe, 2).beginParse();
  const first = data.loadUint(8);
  return {
    ...cells,
    quote: withBits(cells.quote, (b) => b.storeUint(first, 8)),
    qe: replaceRef(cells.qe, 2, () => data.asCell()),
  };
}

const CASES: [string, Submission, string][] = [
  // cells
  [
    "a quote cut elsewhere",
    { cells: (c) => ({ ...c, quote: replaceRef(c.quote, 1, moved) }) },
    "ErrQuoteLayout",
  ],
  [
    "a quote of version 4 cut a byte early throughout",
    cutQuoteInto({}, 111, 120, 96, 96, 96, 113),
    "ErrQuoteLayout",
  ],
  ["a quote whose image begins a byte early", cutQuoteInto({}, 112, 120, 96, 95, 97, 112), "ErrQuoteLayout"],
  [
    "a quote of version 5 cut a byte early throughout",
    cutQuoteInto({ version: 5 }, 117, 120, 96, 96, 96, 113),
    "ErrQuoteLayout",
  ],
  [
    "a TD 1.5 body whose last part is cut a byte late",
    cutQuoteInto({ version: 5, body: "td15" }, 118, 120, 96, 96, 96, 113, 63),
    "ErrQuoteLayout",
  ],
  ["a key that takes a byte of the authentication data", { cells: longerKey }, "ErrQuoteLayout"],
  ["a report cut elsewhere", { cells: (c) => ({ ...c, qe: replaceRef(c.qe, 1, moved) }) }, "ErrQuoteLayout"],
  [
    "a bind statement cut so that it names another provider and model",
    {
      bind: { provider: toRawAddress(`0:00${"12".repeat(31)}`) },
      cells: (c) => ({ ...c, bind: recut(c.bind, cutInto(125, 96, 48)) }),
    },
    "ErrBindFormat",
  ],
  ["a bind statement cut elsewhere", { cells: (c) => ({ ...c, bind: moved(c.bind) }) }, "ErrBindFormat"],
  [
    "a certificate cut elsewhere",
    { cells: (c) => ({ ...c, leaf: replaceRef(c.leaf, 1, (tbs) => replaceRef(tbs, 0, moved)) }) },
    "ErrCertificateLayout",
  ],
  [
    "security versions cut elsewhere",
    { cells: (c) => ({ ...c, leaf: replaceRef(c.leaf, 1, (tbs) => at(6, tbs, moved)) }) },
    "ErrSgxExtension",
  ],
  [
    "a certificate whose last version follows in the cell of what comes after",
    { cells: (c) => ({ ...c, leaf: replaceRef(c.leaf, 1, (tbs) => at(9, tbs, movedBy(18 * 8))) }) },
    "ErrSgxExtension",
  ],
  // keys
  [
    "an attestation key of one's own, on the warm path",
    {
      path: "warm",
      parts: (p) => ({ ...p, attestationKey: stranger.publicKey, signature: signP256(stranger, p.signed) }),
    },
    "ErrQeReportData",
  ],
  [
    "an attestation key of one's own, on the hot path",
    {
      path: "hot",
      parts: (p) => ({ ...p, attestationKey: stranger.publicKey, signature: signP256(stranger, p.signed) }),
    },
    "ErrUnknownAttestationKey",
  ],
  ["a quote that another key signed", { quote: { signer: stranger } }, "ErrQuoteSignature"],
  [
    "a report that the attestation key signed itself",
    { parts: (p) => ({ ...p, qeSignature: signP256(MACHINE.keys.attestation, p.qeReport) }) },
    "ErrQeSignature",
  ],
  // quoting enclave
  ["an enclave of another signer", { quote: { qe: { mrSigner: Buffer.alloc(32, 1) } } }, "ErrQeSigner"],
  ["another enclave of Intel's", { quote: { qe: { isvProdId: 1 } } }, "ErrQeProduct"],
  ["an enclave with MISCSELECT", { quote: { qe: { miscSelect: 1 } } }, "ErrQeMiscSelect"],
  [
    "an enclave open to a debugger",
    { quote: { qe: { attributes: bytes("1700000000000000e700000000000000") } } },
    "ErrQeAttributes",
  ],
  [
    "an enclave that vouches for nothing",
    { quote: { qe: { reportData: Buffer.alloc(64) } } },
    "ErrQeReportData",
  ],
  // header
  ["version 3", { quote: { header: { version: 3 } } }, "ErrQuoteVersion"],
  ["a key of another kind", { quote: { header: { keyType: 3 } } }, "ErrQuoteKeyType"],
  ["an SGX quote", { quote: { header: { teeType: 0 } } }, "ErrQuoteTee"],
  [
    "a header that announces another body",
    { quote: { version: 5 }, cells: signedQuote(exchanged(raw("020048020000"), raw("030088020000"))) },
    "ErrQuoteVersion",
  ],
  ["another vendor", { quote: { header: { vendor: Buffer.alloc(16) } } }, "ErrQuoteVendor"],
  // TD
  ["a TDX module of another signer", { quote: { td: { mrSignerSeam: flipped(0) } } }, "ErrSeamSigner"],
  ["the last byte of the module's signer", { quote: { td: { mrSignerSeam: flipped(47) } } }, "ErrSeamSigner"],
  ["a TDX module with attributes", { quote: { td: { seamAttributes: flipped(0, 8) } } }, "ErrSeamAttributes"],
  ["a TD open to a debugger", { quote: { td: { tdAttributes: bytes("0100001000000000") } } }, "ErrDebugTd"],
  ["a reserved attribute", { quote: { td: { tdAttributes: bytes("0200001000000000") } } }, "ErrTdAttributes"],
  [
    "a TD that may migrate",
    { quote: { td: { tdAttributes: bytes("0000003000000000") } } },
    "ErrTdAttributes",
  ],
  ["a TD without SEPT_VE_DISABLE", { quote: { td: { tdAttributes: Buffer.alloc(8) } } }, "ErrTdSeptVe"],
  ["a feature that TDX does not allow", { quote: { td: { xfam: bytes("e7020e0000000000") } } }, "ErrXfam"],
  ["a TD without SSE", { quote: { td: { xfam: bytes("e500000000000000") } } }, "ErrXfam"],
  ["an owner", { quote: { td: { mrOwner: flipped(3) } } }, "ErrTdOwner"],
  ["the last byte of an owner", { quote: { td: { mrOwner: flipped(47) } } }, "ErrTdOwner"],
  ["an owner's configuration", { quote: { td: { mrOwnerConfig: flipped(47) } } }, "ErrTdOwner"],
  ["a service TD", { quote: { version: 5, body: "td15", td: { mrServiceTd: flipped(47) } } }, "ErrServiceTd"],
  // bind statement
  ["another network's statement", { bind: { networkId: -3 } }, "ErrWrongNetwork"],
  ["another registry's", { bind: { registry: toRawAddress(`0:${"12".repeat(32)}`) } }, "ErrWrongNetwork"],
  ["another kind of TEE's", { bind: { tee: "sevSnp" } }, "ErrBindFormat"],
  ["a development platform's", { bind: { tee: "development" } }, "ErrBindFormat"],
  ["one of another cipher suite", { statement: (bytes) => bytes.with(AEAD, 1) }, "ErrBindFormat"],
  [
    "a provider's in the masterchain",
    { bind: { provider: toRawAddress(`-1:${"12".repeat(32)}`) } },
    "ErrBindFormat",
  ],
  ["one that begins later", { bind: { notBefore: START + 1, notAfter: START + 2 } }, "ErrStatementDates"],
  ["one that has ended", { bind: { notBefore: START - 10, notAfter: START } }, "ErrStatementDates"],
  // freshness
  ["a block that nobody made", { fresh: Buffer.alloc(32, 1) }, "ErrStaleBlock"],
  ["no block at all", { fresh: Buffer.alloc(32), block: 1 }, "ErrStaleBlock"],
  ["the seventeenth block", { block: BLOCK - 16 }, "ErrStaleBlock"],
  ["the seventeenth hundred", { block: BLOCK - 1_600 }, "ErrStaleBlock"],
  ["a block of the future", { block: BLOCK + 1 }, "ErrStaleBlock"],
  ["a block under another's number", { block: BLOCK - 1, fresh: rootHash(BLOCK) }, "ErrStaleBlock"],
];

describe("TeePlatform refuses", () => {
  it.each(CASES)("%s", async (_name, submission, code) => {
    expectRefused(await submitQuote(world(), submission), code);
    await expectNoWorker(world());
  });

  it("another machine's certificate and quote", async () => {
    const to = await platformOf(world(), idsOf(MACHINE), world().attestation.address);
    expectRefused(await submitQuote(world(), { machine: other, to }), "ErrUnknownPlatform");
    expectRefused(await submitQuote(world(), { machine: other, to, path: "warm" }), "ErrQeSignature");
    expectRefused(
      await submitQuote(world(), { machine: other, to, path: "hot" }),
      "ErrUnknownAttestationKey",
    );
  });

  it("a certificate that has ended, on every path", async () => {
    const machine = makeTestMachine({ rootSeed: ROOT_SEED, name: "ending", notAfter: START + 60 });
    await submitQuote(world(), { machine, bind: { receiptPublicKey: Buffer.alloc(32, 9) } });
    world().chain.now = START + 61;
    expectRefused(await submitQuote(world(), { machine }), "ErrCertificateDates");
    for (const path of ["warm", "hot"] as const) {
      expectPolicyRefusal(world(), await submitQuote(world(), { machine, path }), "ErrCertificateDates");
    }
    const early = makeTestMachine({ rootSeed: ROOT_SEED, name: "early", notBefore: START + 62 });
    expectRefused(await submitQuote(world(), { machine: early }), "ErrCertificateDates");
  });

  it("a machine of another root, at an address that names the registered authority", async () => {
    const machine = makeTestMachine({ rootSeed: Buffer.alloc(32, 8) });
    const ids = { authority: idsOf(MACHINE).authority, leafHash: idsOf(machine).leafHash };
    const to = await platformOf(world(), ids, world().attestation.address);
    expectRefused(await submitQuote(world(), { machine, to }), "ErrUnknownAuthority");
    await expectNoWorker(world());
  });

  it("a certificate that its authority did not sign", async () => {
    const forged = makeTestMachine({ rootSeed: ROOT_SEED, name: "forged" });
    const sent = submitQuote(world(), {
      machine: forged,
      cells: (cells) => ({ ...cells, leaf: replaceRef(cells.leaf, 0, (s) => corruptS(s)) }),
    });
    expectRefused(await sent, "ErrLeafSignature");
  });
});

/** Another s in a hinted signature. */
function corruptS(cell: Cell): Cell {
  const bits = cell.beginParse();
  const builder = beginCell()
    .storeUint(bits.loadUintBig(256), 256)
    .storeUint(bits.loadUintBig(256) ^ 1n, 256);
  return builder.storeUint(bits.loadUintBig(256), 256).storeRef(bits.loadRef()).endCell();
}
