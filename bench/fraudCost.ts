import { type Address, type Builder, Cell } from "@ton/core";
import { MAINNET_GLOBAL_ID } from "../relayer/localnet/config";
import { encodeHead, encodeLeaf, hashLeaf, hashNode, toJobAddress } from "../relayer/protocol";
import { type Job, OP } from "../tests/support/actors";
import { honestLeaf, overcharge, prove, STEP } from "../tests/support/lies";
import { openJob, START, WORKER, type World } from "../tests/support/world";
import { headCell, proofCell, receiptCell } from "../wrappers/evidence";
import { storeProveShrunkLog } from "../wrappers/messages";
import { chainOfKeys, fullWorld, putLanes } from "./gas/fullWorld";
import { gasOf, sizeOf, transactionOf } from "./gas/recorder";

const MAX_LANES = 16;
/** Sizes stay below 2^53 in this project's formats; the contract would take 64 bits. */
const LARGEST_LOG = 2 ** 53 - 1;
/** As long as no claim has matured: every lane is looked at, and nothing but the refund is paid. */
const SECONDS = { none: 90, some: 150 } as const;

export interface FraudCost {
  /** A job of sixteen lanes with two claims each, two receipts of the largest log. */
  readonly proof: number;
  /** The provider's handler, with 32 workers as deep as they can lie. */
  readonly slashing: number;
  /** JobClosed, and the provider's events. */
  readonly size: { readonly cells: number; readonly bits: number };
  readonly twentyLevels: number;
}

/** Gas of the most expensive proofs, and of the usual one. */
export async function measureFraud(): Promise<FraudCost> {
  const world = await fullWorld();
  const job = await world.job(1n);
  const { developer, provider, chain } = world;
  await job.send(developer.getSender(), { value: 10n ** 11n }, openJob(world));
  const at = BigInt(START + 100);
  const pending = (1_000n << 128n) | (at << 96n) | (2_000n << 32n) | (at + 100n);
  await putLanes(world, job.address, chainOfKeys(WORKER.id, MAX_LANES), pending);
  const snapshot = chain.snapshot();
  let proof = 0;
  let slashing = 0;
  let size = { cells: 0, bits: 0 };
  for (const index of [0, LARGEST_LOG - 1]) {
    for (const seconds of Object.values(SECONDS)) {
      await chain.loadFrom(snapshot);
      chain.now = START + seconds;
      const proved = await prove(world, job, rewrittenLog(job.address, index));
      proof = Math.max(proof, gasOf(transactionOf(proved, job.address, "ProveShrunkLog")));
      const closed = transactionOf(proved, provider.address, "JobClosed");
      slashing = Math.max(slashing, gasOf(closed));
      size = sizeOf([closed.inMessage?.body ?? Cell.EMPTY, ...ownCells(closed.externals)]);
    }
  }
  return { proof, slashing, size, twentyLevels: await measureTwentyLevels() };
}

/** One false receipt in a log of 2^20, in a job with one lane that claims it. */
export async function measureTwentyLevels(): Promise<number> {
  const world: World = await fullWorld();
  const job: Job = await world.job(1n);
  await job.send(world.developer.getSender(), { value: 10n ** 11n }, openJob(world));
  const index = 0b1010_1010_1010_1010_1010;
  const leaf = encodeLeaf(honestLeaf(0, { index, amount: STEP + 1n }));
  const siblings = Array.from({ length: 20 }, (_, level) => Buffer.alloc(32, level + 1));
  const root = siblings.reduce(
    (hash, sibling, level) => ((index >> level) & 1 ? hashNode(sibling, hash) : hashNode(hash, sibling)),
    hashLeaf(leaf),
  );
  const head = signedHead(job.address, 2 ** 20, root);
  const proved = await prove(world, job, overcharge(index, { head, receipt: receiptCell(leaf, siblings) }));
  return gasOf(transactionOf(proved, job.address, "ProveOvercharge"));
}

/** Two heads of the largest log, each with another receipt at that place. */
function rewrittenLog(job: Address, index: number): (builder: Builder) => unknown {
  const isFirst = index === 0;
  // Of the first place every sibling is to the right; of the last one all are to the left, one for each bit that is set.
  const levels = isFirst ? 53 : 52;
  const siblings = Array.from({ length: levels }, (_, level) => Buffer.alloc(32, level + 1));
  const show = (fill: number) => {
    const leaf = Buffer.alloc(32, fill);
    const root = siblings.reduce<Uint8Array>(
      (hash, sibling) => (isFirst ? hashNode(hash, sibling) : hashNode(sibling, hash)),
      leaf,
    );
    return { leaf: BigInt(`0x${leaf.toString("hex")}`), head: signedHead(job, LARGEST_LOG, root) };
  };
  const [first, second] = [show(0xa1), show(0xa2)];
  const proof = proofCell(siblings);
  return storeProveShrunkLog({
    $$type: "ProveShrunkLog",
    queryId: 1n,
    worker: WORKER.id,
    index: BigInt(index),
    firstLeaf: first.leaf,
    secondLeaf: second.leaf,
    first: first.head,
    firstProof: proof,
    second: second.head,
    secondProof: proof,
  });
}

function signedHead(job: Address, size: number, root: Uint8Array): Cell {
  const claim = { size, root, amount: STEP, issuedAt: START + 60 };
  const head = encodeHead({ ...claim, networkId: MAINNET_GLOBAL_ID, job: toJobAddress(job.toRawString()) });
  return headCell({ ...claim, signature: WORKER.sign(head) });
}

/** Events whose body has a cell of its own; the third one lies in its message. */
function ownCells(events: readonly { readonly body: Cell }[]): Cell[] {
  return events
    .map(({ body }) => body)
    .filter((body) => body.beginParse().preloadUint(32) !== OP.BondReleasedEvent);
}
