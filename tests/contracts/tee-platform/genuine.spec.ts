import { createHash, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beginCell, type Cell } from "@ton/core";
import { createShardAccount } from "@ton/sandbox";
import { makeTestQuote } from "../../../relayer/attestation/tdx/makeTestQuote";
import {
  certificationCell,
  cutBind,
  cutQuote,
  type QuoteParts,
} from "../../../relayer/attestation/tdx/onChainQuote";
import { encodeBind } from "../../../relayer/protocol";
import { INTEL_SGX_ROOT } from "../../../wrappers/AttestationRegistry";
import { contractCodes } from "../../../wrappers/codes";
import { storePlatformFacts, storePlatformIdentity, storeSubmitQuote } from "../../../wrappers/messages";
import { decodeP256Point, hintedSignature, type P256Point } from "../../../wrappers/p256";
import { externalVectors } from "../../relayer/protocol/fixtures";
import { body, deliver } from "../../support/actors";
import { exitCode, expectDone, expectRefused } from "../../support/expect";
import {
  BLOCK,
  bindOf,
  MACHINE,
  type Path,
  partsOf,
  platformOf,
  QUOTE_POLICY,
  registerAuthority,
  showBlocks,
  toUint,
} from "../../support/quotes";
import { createWorld, type World } from "../../support/world";

/** How many bytes of each signed region are changed, one at a time. */
const FLIPS = Number(process.env.COCOON_FLIPS ?? 3);
const PATHS: readonly Path[] = ["ca-known", "warm", "hot"];

let world: World;
beforeAll(async () => {
  world = await createWorld({ quotes: { ...QUOTE_POLICY, rootKey: INTEL_SGX_ROOT } });
  showBlocks(world);
});

/** Shows the quote's own freshness as a block, so that what ends it is that its report data is no bind statement of ours. */
function showBlockOf(parts: QuoteParts): void {
  const at = parts.signed.length - (parts.signed.length === 702 ? 96 : 32);
  const known = world.chain.prevBlocks;
  const newest = known?.lastMcBlocks[0];
  if (known !== undefined && newest !== undefined) {
    const rootHash = Buffer.from(parts.signed.subarray(at, at + 32));
    world.chain.prevBlocks = { ...known, lastMcBlocks: [{ ...newest, rootHash }] };
  }
}

/** The account of that machine as the earlier paths would have left it. */
async function remember(parts: QuoteParts, path: Path) {
  const ids = cutQuote(parts);
  const platform = await platformOf(world, ids, world.attestation.address);
  const leaf = new X509Certificate(Buffer.from(parts.leaf));
  const { x = "", y = "" } = leaf.publicKey.export({ format: "jwk" });
  const facts = beginCell().store(
    storePlatformFacts({
      $$type: "PlatformFacts",
      x: toUint(Buffer.from(x, "base64url")),
      y: toUint(Buffer.from(y, "base64url")),
      validUntil: BigInt(Date.parse(leaf.validTo) / 1000),
      fmspc: 0n,
      pceSvn: 0n,
      components: 0n,
    }),
  );
  const identity = beginCell().store(
    storePlatformIdentity({
      $$type: "PlatformIdentity",
      registry: world.attestation.address,
      authority: ids.authority,
      leafHash: ids.leafHash,
    }),
  );
  await world.chain.setShardAccount(
    platform.address,
    createShardAccount({
      address: platform.address,
      code: (await contractCodes()).platform,
      data: beginCell()
        .storeMaybeRef(path === "ca-known" ? null : facts.endCell())
        .storeUint(path === "hot" ? ids.attestationKey : 0n, 256)
        .storeUint(0, 16 + 256 + 16)
        .storeRef(identity)
        .endCell(),
      balance: 1_000_000_000n,
      workchain: 0,
    }),
  );
  return platform;
}

async function send(parts: QuoteParts, path: Path, cells = cutQuote(parts)) {
  const platform = await remember(parts, path);
  const [withQe, withLeaf] = [path !== "hot", path === "ca-known"];
  return deliver(world, {
    from: world.operator,
    to: platform.address,
    value: await world.attestation.getMinValueToSubmitQuote(withQe, withLeaf),
    body: body(
      storeSubmitQuote({
        $$type: "SubmitQuote",
        queryId: 1n,
        block: BigInt(BLOCK),
        quote: cells.quote,
        bind: cutBind(encodeBind(bindOf(world))),
        certification: withQe ? certificationCell(cells.qe, withLeaf ? cells.leaf : undefined) : null,
      }),
    ),
  });
}

const QUOTES = [
  ["Cocoon, version 4", "cocoon/tee/test/quote.dat", "ErrBindDigest"],
  ["Phala, version 4", "phala-dcap-qvl/sample/tdx_quote", "ErrBindDigest"],
  ["Phala, version 5, TD 1.5", "phala-dcap-qvl/sample/tdx_quote_outdated", "ErrBindDigest"],
  ["Phala's agent, version 4", "phala-dcap-qvl/sample/quote-from-tappd.hex", "ErrBindDigest"],
  ["Phala, older, version 4", "phala-dcap-qvl/sample/tdx-quote.hex", "ErrBindDigest"],
  ["Google, version 5", "google-go-tdx-guest/testing/testdata/quote_v5_sample.dat", "ErrBindDigest"],
  [
    "Google Cloud, version 4",
    "google-go-tdx-guest/testing/testdata/ccel/cos-113-tdx-quote.dat",
    "ErrBindDigest",
  ],
  [
    "early silicon without SEPT_VE_DISABLE",
    "google-go-tdx-guest/testing/testdata/tdx_prod_quote_SPR_E4.dat",
    "ErrTdSeptVe",
  ],
] as const;

function readQuote(root: string, file: string): Buffer {
  const raw = readFileSync(join(root, file));
  const text = raw.subarray(0, 64).toString("latin1");
  return /^(0x)?[0-9a-f]+$/i.test(text)
    ? Buffer.from(raw.toString("latin1").trim().replace(/^0x/, ""), "hex")
    : raw;
}

const vectors = externalVectors(".");
(vectors === undefined ? describe.skip : describe)("Genuine quotes under Intel's root", () => {
  it.each(QUOTES)(
    "%s: its signatures hold on every path, and it is nobody's worker",
    async (_name, file, code) => {
      const parts = partsOf(readQuote(vectors ?? "", file));
      showBlockOf(parts);
      expectDone(await registerAuthority(world, Buffer.from(parts.authority), { rootKey: INTEL_SGX_ROOT }), {
        out: 2,
      });
      for (const path of PATHS) {
        expectRefused(await send(parts, path), code);
      }
    },
  );

  it.each(QUOTES.filter(([, , code]) => code === "ErrBindDigest"))(
    "%s: no changed byte of a signed region gets through",
    async (_name, file) => {
      await expectNoFlipPasses(partsOf(readQuote(vectors ?? "", file)), INTEL_SGX_ROOT);
    },
  );
});

describe("A quote of the tests' own root", () => {
  beforeAll(async () => {
    world = await createWorld({ quotes: QUOTE_POLICY });
    showBlocks(world);
  });

  it("does not hold with any byte of a signed region changed, though its hints are made to fit", async () => {
    const quote = makeTestQuote(MACHINE, { reportData: Buffer.alloc(64), version: 5, body: "td15" });
    await expectNoFlipPasses(partsOf(quote), MACHINE.rootPublicKey);
  });
});

/** The codes that a changed byte may end with: the signature over it, or a rule that is read before the signature. */
const ALLOWED = {
  quote: ["ErrQuoteSignature", "ErrServiceTd"],
  qe: ["ErrQeSignature"],
  authData: ["ErrQeReportData"],
  leaf: ["ErrUnknownPlatform"],
} as const;

async function expectNoFlipPasses(parts: QuoteParts, rootKey: Uint8Array): Promise<void> {
  showBlockOf(parts);
  const sound = cutQuote(parts);
  const regions: Record<keyof typeof ALLOWED, (at: number) => ReturnType<typeof cutQuote>> = {
    quote: (at) => ({ ...sound, quote: refit(sound.quote, at, decodeP256Point(parts.attestationKey)) }),
    qe: (at) => ({ ...sound, qe: refit(sound.qe, at, leafKey(parts)) }),
    authData: (at) => ({ ...sound, qe: withRef(sound.qe, 2, flipChain(refAt(sound.qe, 2), at).cell) }),
    leaf: (at) => ({ ...sound, leaf: refit(sound.leaf, at, decodeP256Point(authorityKey(sound.leaf))) }),
  };
  for (const [name, codes] of Object.entries(ALLOWED)) {
    const region =
      name === "authData" ? "authData" : name === "qe" ? "qe" : name === "leaf" ? "leaf" : "quote";
    const length = chainBytes(
      refAt(sound[region === "authData" ? "qe" : region], region === "authData" ? 2 : 1),
    );
    for (let round = 0; round < FLIPS; round++) {
      const at = Math.floor(((round + Math.random()) * length) / FLIPS);
      const sent = await send(parts, "ca-known", regions[region](at));
      const { description } = sent.tx;
      const code =
        description.type === "generic" && description.computePhase.type === "vm"
          ? description.computePhase.exitCode
          : 0;
      const allowed = codes.map((known) => exitCode(known));
      expect({ region, at, refused: allowed.includes(code), code }).toEqual({
        region,
        at,
        refused: true,
        code,
      });
    }
  }
  for (let round = 0; round < FLIPS; round++) {
    const changed = (cell: Cell): Cell => {
      const length = chainBytes(refAt(cell, 1));
      return refit(cell, Math.floor(((round + Math.random()) * length) / FLIPS), decodeP256Point(rootKey));
    };
    const sent = await registerAuthority(world, Buffer.from(parts.authority), { rootKey, cell: changed });
    expectRefused(sent, "ErrAuthoritySignature");
  }
}

function leafKey(parts: QuoteParts): P256Point {
  const { x = "", y = "" } = new X509Certificate(Buffer.from(parts.leaf)).publicKey.export({ format: "jwk" });
  return decodeP256Point(Buffer.concat([Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]));
}

const authorityKey = (leaf: Cell): Buffer => leaf.beginParse().loadBuffer(64);

/** Changes one byte of the signed chain and makes new hints for the unchanged signature. */
function refit(cell: Cell, at: number, key: P256Point): Cell {
  const { cell: chain, digest } = flipChain(refAt(cell, 1), at);
  const old = refAt(cell, 0).beginParse();
  const signature = { r: old.loadUintBig(256), s: old.loadUintBig(256) };
  return withRef(withRef(cell, 0, hintedSignature(digest, signature, key)), 1, chain);
}

function flipChain(first: Cell, at: number): { readonly cell: Cell; readonly digest: bigint } {
  const pieces = chainPieces(first);
  const whole = Buffer.concat(pieces);
  whole[at] = (whole[at] ?? 0) ^ (1 << Math.floor(Math.random() * 8));
  let end = whole.length;
  const cell = pieces.reduceRight<Cell | undefined>((next, piece) => {
    const built = beginCell().storeBuffer(whole.subarray(end - piece.length, end));
    end -= piece.length;
    return (next === undefined ? built : built.storeRef(next)).endCell();
  }, undefined);
  return { cell: cell ?? first, digest: toUint(createHash("sha256").update(whole).digest()) };
}

function chainPieces(first: Cell): Buffer[] {
  const slice = first.beginParse();
  const piece = slice.loadBuffer(slice.remainingBits / 8);
  const next = first.refs[0];
  return next === undefined ? [piece] : [piece, ...chainPieces(next)];
}

const chainBytes = (first: Cell): number => Buffer.concat(chainPieces(first)).length;

function refAt(cell: Cell, index: number): Cell {
  const ref = cell.refs[index];
  if (ref === undefined) {
    throw new Error(`The cell has no reference ${index}.`);
  }
  return ref;
}

function withRef(cell: Cell, index: number, by: Cell): Cell {
  const builder = beginCell().storeBits(cell.bits);
  cell.refs.forEach((ref, at) => {
    builder.storeRef(at === index ? by : ref);
  });
  return builder.endCell();
}
