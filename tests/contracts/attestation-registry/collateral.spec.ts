import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beginCell, Cell } from "@ton/core";
import { Blockchain, createShardAccount, internal } from "@ton/sandbox";
import { parseCollateral } from "../../../relayer/attestation/tdx/collateral";
import { makeTestMachine, TEST_FACTS } from "../../../relayer/attestation/tdx/makeTestQuote";
import { testP256Key } from "../../../relayer/attestation/tdx/makeTestQuotePki";
import {
  cutQeIdentity,
  cutTcbInfo,
  type OnChainDocument,
} from "../../../relayer/attestation/tdx/onChainCollateral";
import { fill } from "../../../relayer/attestation/tdx/onChainCut";
import { parseTcbInfo } from "../../../relayer/attestation/tdx/tcbInfo";
import { attestationRegistry, INTEL_SGX_ROOT } from "../../../wrappers/AttestationRegistry";
import {
  storeExecuteChange,
  storePostQeIdentity,
  storePostTcbInfo,
  storeQueueChange,
  storeRevokeFmspc,
  storeSetTcbMinimum,
} from "../../../wrappers/messages";
import { externalVectors } from "../../relayer/protocol/fixtures";
import { body, deliver, OP } from "../../support/actors";
import {
  postQeIdentity as postQeIdentityIn,
  postTcbInfo as postTcbInfoIn,
  qeIdentity,
  tcbInfo,
} from "../../support/collateral";
import { events, exitCode, expectDone, expectExcess, expectRefused } from "../../support/expect";
import { FMSPC, quoteRefusal, ROOT_SEED, submitQuote, toUint, useQuoteWorld } from "../../support/quotes";
import { recut, refAt } from "../../support/resign";
import { DAY, START } from "../../support/world";

const world = useQuoteWorld({});

const postTcbInfo = (cells: OnChainDocument, short?: bigint) => postTcbInfoIn(world(), cells, short);
const postQeIdentity = (cells: OnChainDocument, short?: bigint) => postQeIdentityIn(world(), cells, short);

const policy = () => world().attestation.getQuotePolicy();

/** Sends as the guardian or governor. */
async function asOffice(from: "guardian" | "governor", content: Cell) {
  const value = await world().attestation.getMinValueToGovern();
  return deliver(world(), { from: world()[from], to: world().attestation.address, value, body: content });
}

const NEWER = { issuedAt: START - 30, evaluationNumber: 19 };

describe("TCB info that anyone brings", () => {
  it("replaces what governance set for the kind of machine", async () => {
    const sent = await postTcbInfo(tcbInfo());
    expectDone(sent, { out: 2 });
    expectExcess(sent);
    expect(events(sent.transactions)).toMatchObject([
      { $$type: "CollateralPostedEvent", subject: FMSPC, issuedAt: BigInt(START - 60) },
    ]);
    expect((await policy()).minimums.get(FMSPC)).toMatchObject({
      components: toUint(Buffer.from(TEST_FACTS.components)),
      pceSvn: BigInt(TEST_FACTS.pceSvn),
      tdxComponents: 0x0500_0700_0000_0000_0000_0000_0000_0000n,
      modules: 5n,
      issuedAt: BigInt(START - 60),
      number: 18n,
    });
    expect(await quoteRefusal(world())).toBeUndefined();
  });

  it("lets a kind of machine in that nobody listed", async () => {
    const fmspc = Buffer.from("00a1b2c3d4e5", "hex");
    const machine = makeTestMachine({ rootSeed: ROOT_SEED, name: "new kind", facts: { fmspc } });
    const worker = async () => {
      const sent = await submitQuote(world(), { machine });
      return sent.transactions.some(({ inMessage }) => opOf(inMessage?.body) === OP.WorkerAttested);
    };
    expect(await worker()).toBe(false);
    await postTcbInfo(tcbInfo({ tcbInfo: { fmspc: "00A1B2C3D4E5" } }));
    expect(await worker()).toBe(true);
  });

  it("refuses from then on what Intel calls out of date", async () => {
    const raised = [...TEST_FACTS.components];
    raised[0] = (raised[0] ?? 0) + 1;
    expectDone(await postTcbInfo(tcbInfo({ tcbInfo: { tcbLevels: [levelOf({ sgx: raised })] } })), {
      out: 2,
    });
    expect(await quoteRefusal(world())).toBe(exitCode("ErrComponentsTooOld"));
    expectDone(await postTcbInfo(tcbInfo({ ...NEWER, tcbInfo: { tcbLevels: [levelOf({ pce: 99 })] } })), {
      out: 2,
    });
    expect(await quoteRefusal(world())).toBe(exitCode("ErrPceTooOld"));
  });

  it("is read whatever texts stand beside the versions, and with versions of three digits", async () => {
    const tdx = [5, 0, 7, ...Array.from({ length: 13 }, () => 255)];
    const levels = [levelOf({ tdx, texts: 16 }), levelOf({})];
    expectDone(await postTcbInfo(tcbInfo({ tcbInfo: { tcbLevels: levels } })), { out: 2 });
    expect((await policy()).minimums.get(FMSPC)?.tdxComponents).toBe(toUint(Buffer.from(tdx)));
  });

  it("does not go back: not the same again, none of an earlier date, none of a lower number", async () => {
    expectDone(await postTcbInfo(tcbInfo({ evaluationNumber: 18 })), { out: 2 });
    for (const other of [{}, { issuedAt: START - 61 }, { issuedAt: START - 30, evaluationNumber: 17 }]) {
      expectRefused(await postTcbInfo(tcbInfo(other)), "ErrOlderCollateral");
    }
    expectDone(await postTcbInfo(tcbInfo(NEWER)), { out: 2 });
  });

  it("does not bring back a kind that the guardian removed; governance may", async () => {
    await asOffice("guardian", body(storeRevokeFmspc({ $$type: "RevokeFmspc", queryId: 1n, fmspc: FMSPC })));
    expectRefused(await postTcbInfo(tcbInfo()), "ErrKindRevoked");
    const minimum = {
      $$type: "TcbMinimum",
      pceSvn: 1n,
      modules: 1n,
      components: 0n,
      tdxComponents: 0n,
    } as const;
    const change = body(
      storeSetTcbMinimum({
        $$type: "SetTcbMinimum",
        fmspc: FMSPC,
        minimum: { ...minimum, issuedAt: 0n, number: 0n },
      }),
    );
    const changeHash = toUint(change.hash());
    await asOffice("governor", body(storeQueueChange({ $$type: "QueueChange", queryId: 1n, changeHash })));
    world().chain.now = START + DAY;
    expectDone(
      await asOffice("governor", body(storeExecuteChange({ $$type: "ExecuteChange", queryId: 1n, change }))),
      { out: 2 },
    );
    expectDone(await postTcbInfo(tcbInfo()), { out: 2 });
  });

  it("is refused for one nanoton too little", async () => {
    expectRefused(await postTcbInfo(tcbInfo(), 1n), "ErrValueTooLow");
    expectRefused(await postQeIdentity(qeIdentity(), 1n), "ErrValueTooLow");
  });
});

const HOSTILE: [string, () => OnChainDocument, string][] = [
  ["under another root", () => tcbInfo({ rootSeed: Buffer.alloc(32, 9) }), "ErrSignerSignature"],
  [
    "whose signer has another name",
    () => tcbInfo({ signerName: "Intel SGX TCB Signer." }),
    "ErrNotTcbSigner",
  ],
  [
    "whose signer's certificate has not begun",
    () => tcbInfo({ issuedAt: START + 366 * DAY }),
    "ErrCertificateDates",
  ],
  [
    "that somebody else signed",
    () => tcbInfo({ signer: testP256Key(Buffer.alloc(32, 3), "somebody") }),
    "ErrDocumentSignature",
  ],
  ["that has ended", () => tcbInfo({ issuedAt: START - 31 * DAY }), "ErrCollateralDates"],
  ["that has not begun", () => tcbInfo({ issuedAt: START + 1 }), "ErrCollateralDates"],
  ["whose first level is out of date", () => tcbInfo({ status: "OutOfDate" }), "ErrCollateralStatus"],
  [
    "whose first level needs configuration",
    () => tcbInfo({ status: "ConfigurationNeeded" }),
    "ErrCollateralStatus",
  ],
  ["of SGX", () => tcbInfo({ tcbInfo: { id: "SGX" } }), "ErrCollateralFields"],
  ["of another version", () => tcbInfo({ tcbInfo: { version: 4 } }), "ErrCollateralFields"],
  ["of another PCE", () => tcbInfo({ tcbInfo: { pceId: "0001" } }), "ErrCollateralFields"],
  [
    "with a kind in small letters",
    () => tcbInfo({ tcbInfo: { fmspc: "00a1b2c3d4e5" } }),
    "ErrCollateralFields",
  ],
  [
    "with a module of a signer",
    () => tcbInfo({ tcbInfo: { tdxModuleIdentities: [moduleOf("01", 5, "11".repeat(48))] } }),
    "ErrCollateralFields",
  ],
  [
    "with a module of a version beyond the list",
    () => tcbInfo({ tcbInfo: { tdxModuleIdentities: [moduleOf("09", 5)] } }),
    "ErrCollateralFields",
  ],
  [
    "with fifteen components",
    () => tcbInfo({ tcbInfo: { tcbLevels: [levelOf({ sgx: TEST_FACTS.components.slice(1) })] } }),
    "ErrCollateralFields",
  ],
  [
    "with a version that is no byte",
    () => tcbInfo({ tcbInfo: { tcbLevels: [levelOf({ sgx: [256, ...TEST_FACTS.components.slice(1)] })] } }),
    "ErrCollateralFields",
  ],
  ["cut as the other kind", () => ({ ...tcbInfo(), document: qeIdentity().document }), "ErrCollateralFields"],
  [
    "with a module hidden in the text before it",
    () => recutDocument(twoModules(), hideSecondModule),
    "ErrCollateralFields",
  ],
  [
    "with a component hidden in the text before it",
    () => recutDocument(tcbInfo({ tcbInfo: { tcbLevels: [levelOf({})] } }), hideComponent),
    "ErrCollateralFields",
  ],
  [
    "whose second level is shown as the first",
    () => recutDocument(twoLevels(), skipFirstLevel),
    "ErrCollateralFields",
  ],
];

describe("TCB info", () => {
  it.each(HOSTILE)("%s is refused", async (_name, make, code) => {
    expectRefused(await postTcbInfo(make()), code);
  });

  it("of a signer whose key the guardian revoked is refused", async () => {
    const certificateHash = toUint(signerKeyHash());
    await asOffice(
      "guardian",
      body((b) => b.storeUint(OP.RevokeCertificate, 32).storeUint(1, 64).storeUint(certificateHash, 256)),
    );
    expectRefused(await postTcbInfo(tcbInfo()), "ErrNotTcbSigner");
  });
});

describe("The quoting enclave's identity", () => {
  it("raises the least version, and never lowers it", async () => {
    const levels = (isvsvn: number) => ({
      qeIdentity: {
        tcbLevels: [{ tcb: { isvsvn }, tcbDate: "2025-05-14T00:00:00Z", tcbStatus: "UpToDate" }],
      },
    });
    expectDone(await postQeIdentity(qeIdentity(levels(5))), { out: 2 });
    expect(await policy()).toMatchObject({ qeSvn: 5n, qeIssuedAt: BigInt(START - 60), qeNumber: 18n });
    expect(await quoteRefusal(world())).toBe(exitCode("ErrQeTooOld"));
    expectDone(await postQeIdentity(qeIdentity({ ...NEWER, ...levels(3) })), { out: 2 });
    expect(await policy()).toMatchObject({ qeSvn: 5n, qeIssuedAt: BigInt(START - 30), qeNumber: 19n });
    expectRefused(await postQeIdentity(qeIdentity(levels(9))), "ErrOlderCollateral");
  });

  it.each([
    ["of another enclave", { qeIdentity: { mrsigner: "00".repeat(32) } }, "ErrCollateralFields"],
    ["of another product", { qeIdentity: { isvprodid: 1 } }, "ErrCollateralFields"],
    ["of SGX", { qeIdentity: { id: "QE" } }, "ErrCollateralFields"],
    ["that has ended", { issuedAt: START - 31 * DAY }, "ErrCollateralDates"],
    ["under another root", { rootSeed: Buffer.alloc(32, 9) }, "ErrSignerSignature"],
    [
      "whose first level is revoked",
      {
        qeIdentity: {
          tcbLevels: [{ tcb: { isvsvn: 4 }, tcbDate: "2025-05-14T00:00:00Z", tcbStatus: "Revoked" }],
        },
      },
      "ErrCollateralStatus",
    ],
  ] as const)("%s is refused", async (_name, options, code) => {
    expectRefused(await postQeIdentity(qeIdentity(options)), code);
  });
});

const vectors = externalVectors(".");
(vectors === undefined ? describe.skip : describe)("Intel's own collateral", () => {
  const REAL = [
    ["of June 2025", "phala-dcap-qvl/sample/tdx_quote_collateral.json", "2025-06-27T00:00:00Z"],
    ["of February 2026", "phala-dcap-qvl/sample/tdx_quote_outdated_collateral.json", "2026-03-05T00:00:00Z"],
  ] as const;

  it.each(REAL)("%s is taken, as its first levels say", async (_name, file, time) => {
    const real = parseCollateral(JSON.parse(readFileSync(join(vectors ?? "", file), "utf8")));
    const chain = await Blockchain.create();
    chain.now = Date.parse(time) / 1000;
    const someone = world().stranger.address;
    const registry = await attestationRegistry({
      governor: someone,
      guardian: someone,
      timelockSeconds: 0,
      attestors: [],
      threshold: 1,
      images: [],
      models: [],
      quotes: { rootKey: INTEL_SGX_ROOT, qeSvn: 0, minimums: new Map() },
    });
    const { code = Cell.EMPTY, data = Cell.EMPTY } = registry.init ?? {};
    const { address } = registry;
    const empty = { address, code, data, balance: 1_000_000_000n, workchain: 0 };
    await chain.setShardAccount(address, createShardAccount(empty));
    const documents = [
      storePostTcbInfo({ $$type: "PostTcbInfo", queryId: 1n, ...cutTcbInfo(real.tcbInfo, INTEL_SGX_ROOT) }),
      storePostQeIdentity({
        $$type: "PostQeIdentity",
        queryId: 1n,
        ...cutQeIdentity(real.qeIdentity, INTEL_SGX_ROOT),
      }),
    ];
    for (const document of documents) {
      const message = internal({ from: someone, to: address, value: 200_000_000n, body: body(document) });
      const { transactions } = await chain.sendMessage(message);
      expect(transactions).toHaveTransaction({ to: address, success: true });
    }
    const told = parseTcbInfo(real.tcbInfo.text);
    const level = told?.tcbLevels[0]?.tcb;
    const bytes = (list: readonly { readonly svn: number }[] = []) =>
      toUint(Buffer.from(list.map(({ svn }) => svn)));
    const got = await chain.openContract(registry).getQuotePolicy();
    expect(got.qeSvn).toBe(4n);
    expect(got.minimums.get(BigInt(`0x${told?.fmspc}`))).toMatchObject({
      components: bytes(level?.sgxtcbcomponents),
      tdxComponents: bytes(level?.tdxtcbcomponents),
      pceSvn: BigInt(level?.pcesvn ?? 0),
      modules: (told?.tdxModuleIdentities ?? []).reduce(
        (sum, { id, tcbLevels }) =>
          sum | (BigInt(tcbLevels[0]?.tcb.isvsvn ?? 0) << BigInt(8 * (Number.parseInt(id.slice(4), 16) - 1))),
        0n,
      ),
      issuedAt: BigInt(told?.issueDate ?? 0),
      number: BigInt(told?.tcbEvaluationDataNumber ?? 0),
    });
  });
});

const TEXT = { category: "OS/VMM", type: "Late Microcode" };

function levelOf(
  level: {
    readonly sgx?: readonly number[];
    readonly tdx?: readonly number[];
    readonly pce?: number;
    readonly texts?: number;
  },
  tcbStatus = "UpToDate",
) {
  const components = (svns: readonly number[]) =>
    svns.map((svn, index) => (index < (level.texts ?? 3) ? { svn, ...TEXT } : { svn }));
  return {
    tcb: {
      sgxtcbcomponents: components(level.sgx ?? TEST_FACTS.components),
      pcesvn: level.pce ?? TEST_FACTS.pceSvn,
      tdxtcbcomponents: components(level.tdx ?? [5, 0, 7, ...Array.from({ length: 13 }, () => 0)]),
    },
    tcbDate: "2025-05-14T00:00:00Z",
    tcbStatus,
  };
}

function moduleOf(version: string, isvsvn: number, mrsigner = "00".repeat(48)) {
  const level = { tcb: { isvsvn }, tcbDate: "2025-05-14T00:00:00Z", tcbStatus: "UpToDate" };
  return {
    id: `TDX_${version}`,
    mrsigner,
    attributes: "00".repeat(8),
    attributesMask: "FF".repeat(8),
    tcbLevels: [level],
  };
}

const twoModules = () =>
  tcbInfo({ tcbInfo: { tdxModuleIdentities: [moduleOf("01", 5), moduleOf("03", 3)] } });
const twoLevels = () => tcbInfo({ tcbInfo: { tcbLevels: [levelOf({}), levelOf({ pce: 1 })] } });

const opOf = (content: Cell | undefined) =>
  content === undefined || content.bits.length < 32 ? 0 : content.beginParse().loadUint(32);

function signerKeyHash(): Buffer {
  return createHash("sha256").update(testP256Key(ROOT_SEED, "tcb signer").publicKey).digest();
}

/** The same signed bytes in other cells. */
const recutDocument = (made: OnChainDocument, change: Parameters<typeof recut>[1]): OnChainDocument => ({
  ...made,
  document: beginCell()
    .storeRef(refAt(made.document, 0))
    .storeRef(recut(refAt(made.document, 1), change))
    .endCell(),
});

/** Pieces of at most 127 bytes, none of which begins like a new part. */
const asText = (text: string): string[] => text.match(/[^{\]].{0,119}(?![{\]])/gs) ?? [];

function hideSecondModule(pieces: readonly string[]): string[] {
  const start = pieces.findIndex((piece) => piece.startsWith("5}"));
  const end = pieces.findIndex((piece) => piece.startsWith("],"));
  return [...pieces.slice(0, start), ...asText(pieces.slice(start, end).join("")), ...pieces.slice(end)];
}

/** Of two components with texts the second becomes part of the first's text. */
function hideComponent(pieces: readonly string[]): string[] {
  const at = pieces.findIndex((piece) => piece.startsWith('{"svn"'));
  return [...pieces.slice(0, at), (pieces[at] ?? "") + (pieces[at + 1] ?? ""), ...pieces.slice(at + 2)];
}

/** From the start of the levels, everything to the second level's components is one cell's text as far as it goes. */
function skipFirstLevel(pieces: readonly string[]): string[] {
  const at = pieces.findIndex((piece) => piece.startsWith("],"));
  const rest = pieces.slice(at).join("");
  const second = rest.indexOf('{"svn"', rest.indexOf('"tcbStatus"'));
  return [
    ...pieces.slice(0, at),
    ...fill(Buffer.from(rest.slice(0, second))).map(String),
    ...fill(Buffer.from(rest.slice(second))).map(String),
  ];
}
