import { createHash } from "node:crypto";
import type { Address, Cell } from "@ton/core";
import type { SandboxContract } from "@ton/sandbox";
import {
  makeTestMachine,
  makeTestQuote,
  TEST_FACTS,
  type TestMachine,
  type TestQuoteOptions,
} from "../../relayer/attestation/tdx/makeTestQuote";
import { cutAuthority } from "../../relayer/attestation/tdx/onChainCertificate";
import {
  certificationCell,
  cutBind,
  cutQuote,
  type QuoteParts,
} from "../../relayer/attestation/tdx/onChainQuote";
import { MAINNET_GLOBAL_ID } from "../../relayer/localnet/config";
import { type BindStatement, encodeBind, hashBind, toRawAddress } from "../../relayer/protocol";
import type { QuotePolicyConfig } from "../../wrappers/AttestationRegistry";
import { storeRegisterAuthority, storeSubmitQuote } from "../../wrappers/messages";
import { type TeePlatform, teePlatform } from "../../wrappers/TeePlatform";
import { body, type Delivery, deliver, OP, useWorld, type Wallet } from "./actors";
import { exitCode } from "./expect";
import { DAY, enlistProvider, IMAGE, MODEL, START, type World } from "./world";

/** Seed of the root that the tests' registries pin. */
export const ROOT_SEED = Buffer.alloc(32, 7);
export const MACHINE = makeTestMachine({ rootSeed: ROOT_SEED });
export const FMSPC = toUint(TEST_FACTS.fmspc);
export const RECEIPT_KEY = Buffer.alloc(32, 0x44);
export const BLOCK = 5_000;

/** What a machine made with the usual facts just meets. */
export const QUOTE_POLICY: QuotePolicyConfig = {
  rootKey: MACHINE.rootPublicKey,
  qeSvn: 4,
  minimums: new Map([
    [
      FMSPC,
      {
        components: toUint(Buffer.from(TEST_FACTS.components)),
        pceSvn: BigInt(TEST_FACTS.pceSvn),
        tdxComponents: 0x0501_0700_0000_0000_0000_0000_0000_0000n,
        modules: 5n,
      },
    ],
  ]),
};

export function toUint(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}

/** Masterchain blocks as contracts see them, the newest being `BLOCK`. */
export function showBlocks(world: Pick<World, "chain">, newest = BLOCK): void {
  const block = (seqno: number) => ({
    workchain: -1,
    shard: -(1n << 63n),
    seqno,
    rootHash: rootHash(seqno),
    fileHash: Buffer.alloc(32, 1),
  });
  const hundred = newest - (newest % 100);
  world.chain.prevBlocks = {
    lastMcBlocks: Array.from({ length: 16 }, (_, age) => block(newest - age)),
    prevKeyBlock: block(newest - 1_000),
    lastMcBlocks100: Array.from({ length: 16 }, (_, age) => block(hundred - 100 * age)),
  };
}

export function rootHash(seqno: number): Buffer {
  return createHash("sha256").update(`block ${seqno}`).digest();
}

/** The statement of a worker of the world's provider. */
export function bindOf(
  world: Pick<World, "attestation" | "provider">,
  overrides: Partial<BindStatement> = {},
) {
  return {
    tee: "tdx",
    networkId: MAINNET_GLOBAL_ID,
    registry: toRawAddress(world.attestation.address.toRawString()),
    hpkePublicKey: Buffer.alloc(32, 0x33),
    receiptPublicKey: RECEIPT_KEY,
    provider: toRawAddress(world.provider.address.toRawString()),
    modelHash: Buffer.from(MODEL.toString(16).padStart(64, "0"), "hex"),
    gpuDigest: undefined,
    configHash: Buffer.alloc(32, 0x55),
    notBefore: START,
    notAfter: START + DAY,
    ...overrides,
  } as const satisfies BindStatement;
}

/** Reads a quote's parts by position, without believing anything; `version` where its header says another. */
export function partsOf(quote: Buffer, version = quote.readUInt16LE(0)): QuoteParts {
  const signedBytes = version === 4 ? 632 : 54 + quote.readUInt32LE(50);
  const signature = signedBytes + 4;
  const qe = signature + 128 + 6;
  const authSize = quote.readUInt16LE(qe + 448);
  const chain = quote.toString("latin1", qe + 450 + authSize + 6);
  const [leaf = Buffer.alloc(0), authority = Buffer.alloc(0)] = [
    ...chain.matchAll(/-----BEGIN CERTIFICATE-----([^-]+)-----END/g),
  ].map(([, base64 = ""]) => Buffer.from(base64, "base64"));
  return {
    signed: quote.subarray(0, signedBytes),
    signature: quote.subarray(signature, signature + 64),
    attestationKey: quote.subarray(signature + 64, signature + 128),
    qeReport: quote.subarray(qe, qe + 384),
    qeSignature: quote.subarray(qe + 384, qe + 448),
    qeAuthData: quote.subarray(qe + 450, qe + 450 + authSize),
    leaf,
    authority,
  };
}

export type Path = "ca-known" | "warm" | "hot";

/** A quote as a test sends it; whatever is not given is sound. */
export interface Submission {
  readonly path?: Path;
  readonly machine?: TestMachine;
  readonly bind?: Partial<BindStatement>;
  /** The encoded statement with other bytes, which the quote then commits to. */
  readonly statement?: (bytes: Uint8Array) => Uint8Array;
  readonly quote?: Omit<TestQuoteOptions, "reportData">;
  readonly block?: number;
  /** Root hash in the report data, where it is not that of `block`. */
  readonly fresh?: Buffer;
  readonly parts?: (parts: QuoteParts) => QuoteParts;
  readonly cells?: (cells: SubmittedCells) => SubmittedCells;
  readonly short?: bigint;
  readonly from?: Wallet;
  /** Another account than the machine's own. */
  readonly to?: SandboxContract<TeePlatform>;
}

export interface SubmittedCells {
  readonly quote: Cell;
  readonly bind: Cell;
  readonly qe: Cell;
  readonly leaf: Cell;
}

/** The hashes that name a machine's account. */
export function idsOf(machine: TestMachine) {
  return cutQuote(partsOf(makeTestQuote(machine, { reportData: Buffer.alloc(64) })));
}

export async function platformOf(
  world: Pick<World, "chain">,
  ids: { readonly authority: bigint; readonly leafHash: bigint },
  registry: Address,
) {
  return world.chain.openContract(
    await teePlatform({ registry, authority: ids.authority, leafHash: ids.leafHash }),
  );
}

export async function submitQuote(world: World, submission: Submission = {}) {
  const { machine = MACHINE, block = BLOCK } = submission;
  const statement = encodeBind(bindOf(world, submission.bind));
  const bind = submission.statement?.(statement) ?? statement;
  const fresh = submission.fresh ?? rootHash(block);
  const made = makeTestQuote(machine, {
    ...submission.quote,
    reportData: Buffer.concat([hashBind(bind), fresh]),
  });
  const parts = partsOf(made, submission.quote?.version ?? 4);
  return submitParts(world, submission.parts?.(parts) ?? parts, bind, submission);
}

export async function submitParts(
  world: World,
  parts: QuoteParts,
  bind: Uint8Array,
  submission: Submission,
): Promise<Delivery> {
  const { path = "ca-known", block = BLOCK } = submission;
  const cut = cutQuote(parts);
  const cells = { quote: cut.quote, bind: cutBind(bind), qe: cut.qe, leaf: cut.leaf };
  const sent = submission.cells?.(cells) ?? cells;
  const platform = submission.to ?? (await platformOf(world, cut, world.attestation.address));
  const [withQe, withLeaf] = [path !== "hot", path === "ca-known"];
  const value = await world.attestation.getMinValueToSubmitQuote(withQe, withLeaf);
  return deliver(world, {
    from: submission.from ?? world.operator,
    to: platform.address,
    value: value - (submission.short ?? 0n),
    ...(withLeaf && platform.init !== undefined ? { init: platform.init } : {}),
    body: body(
      storeSubmitQuote({
        $$type: "SubmitQuote",
        queryId: 1n,
        block: BigInt(block),
        quote: sent.quote,
        bind: sent.bind,
        certification: withQe ? certificationCell(sent.qe, withLeaf ? sent.leaf : undefined) : null,
      }),
    ),
  });
}

/** The registry's answer to the usual machine's next quote; undefined where it made the worker. */
export async function quoteRefusal(world: World): Promise<number | undefined> {
  const sent = await submitQuote(world, { path: "hot" });
  const answer = sent.transactions.find(
    ({ inMessage }) => inMessage?.body.beginParse().remainingBits === 112,
  );
  return answer?.inMessage?.body.beginParse().skip(96).loadUint(16);
}

/** The registry's policy refused, and whoever paid learned why and got the rest back. */
export function expectPolicyRefusal(world: World, sent: Delivery, code: string): void {
  expect(sent.transactions).toHaveTransaction({
    from: world.attestation.address,
    to: sent.from,
    op: OP.QuoteRefused,
    body: (answer?: Cell) =>
      answer
        ?.beginParse()
        .skip(32 + 64)
        .loadUint(16) === exitCode(code),
  });
  expect(sent.transactions).not.toHaveTransaction({ op: OP.WorkerAttested });
}

/**
 * A world with a provider, attestation by quotes, and the test machine's authority registered; and, where one is given, a
 * quote that was submitted.
 */
export function useQuoteWorld(first?: Submission): () => World {
  const world = useWorld(
    async (made) => {
      showBlocks(made);
      await enlistProvider(made);
      await registerAuthority(made);
      if (first !== undefined) {
        await submitQuote(made, first);
      }
    },
    { quotes: QUOTE_POLICY, images: IMAGES },
  );
  beforeEach(() => showBlocks(world()));
  return world;
}

/** Nothing came of a quote: no worker, whichever contract refused. */
export async function expectNoWorker({ provider }: World): Promise<void> {
  expect((await provider.getWorkers()).has(toUint(RECEIPT_KEY))).toBe(false);
}

/** The first step of the cold path. */
export async function registerAuthority(
  world: World,
  certificate: Buffer = MACHINE.chain[1],
  options: {
    readonly rootKey?: Uint8Array;
    readonly short?: bigint;
    readonly cell?: (cell: Cell) => Cell;
  } = {},
): Promise<Delivery> {
  const cell = cutAuthority(certificate, options.rootKey ?? MACHINE.rootPublicKey);
  return deliver(world, {
    from: world.stranger,
    to: world.attestation.address,
    value: (await world.attestation.getMinValueToRegisterAuthority()) - (options.short ?? 0n),
    body: body(
      storeRegisterAuthority({
        $$type: "RegisterAuthority",
        queryId: 1n,
        certificate: options.cell?.(cell) ?? cell,
      }),
    ),
  });
}

/** The image of every TD made here that differs in nothing that identifies an image. */
export const TEST_IMAGE = toUint(
  createHash("sha256")
    .update("cocoon/image/v1\0")
    .update(Buffer.alloc(48, 0x1d))
    .update(Buffer.alloc(48, 0xa1))
    .update(Buffer.alloc(48, 0xa2))
    .update(Buffer.alloc(48))
    .update(Buffer.from("0000001000000000e702060000000000", "hex"))
    .digest(),
);
export const IMAGES = [
  { hash: IMAGE, expiresAt: START + 30 * DAY, tier: 0 },
  { hash: TEST_IMAGE, expiresAt: START + 30 * DAY, tier: 0 },
];
