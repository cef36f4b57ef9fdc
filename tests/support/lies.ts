import type { Address, Builder, Cell } from "@ton/core";
import { MAINNET_GLOBAL_ID } from "../../relayer/localnet/config";
import {
  amountFor,
  createMerkleLog,
  encodeHead,
  encodeLeaf,
  hashLeaf,
  type ReceiptLeaf,
  toJobAddress,
} from "../../relayer/protocol";
import { headCell, proofCell, receiptCell } from "../../wrappers/evidence";
import {
  storeProveEquivocation,
  storeProveFalseTotal,
  storeProveOvercharge,
  storeProveShrunkLog,
} from "../../wrappers/messages";
import { body, type Delivery, deliver, type Job, QUERY, type Wallet } from "./actors";
import { type HeadFields, settle } from "./heads";
import type { TestKey } from "./keys";
import { PRICES, START, WORKER, type World } from "./world";

export const TERMS_PRICES = {
  promptPrice: PRICES.prompt,
  cachedPrice: PRICES.cached,
  completionPrice: PRICES.completion,
  reasoningPrice: PRICES.reasoning,
};
/** What each honest receipt adds. */
export const STEP = 100_000_000n;
const TOKENS = 500_000_000n;

export type LeafChange = Partial<ReceiptLeaf>;

/** The receipt that an honest worker makes of its `index`th request: each costs `STEP`. */
export function honestLeaf(index: number, change: LeafChange = {}): ReceiptLeaf {
  const usage = {
    promptTokens: BigInt(index + 1) * TOKENS,
    cachedTokens: 7n,
    completionTokens: 0n,
    reasoningTokens: 0n,
  };
  return {
    status: "ok",
    index,
    requestHash: Buffer.alloc(32, index + 1),
    responseHash: Buffer.alloc(32, 0xff - index),
    ...usage,
    amount: amountFor(usage, TERMS_PRICES),
    finishedAt: START * 1_000,
    ...change,
  };
}

export interface HeadChange {
  readonly size?: number;
  readonly root?: Uint8Array;
  readonly amount?: bigint;
  readonly issuedAt?: number;
  readonly networkId?: number;
  readonly job?: Address;
  readonly signer?: TestKey;
}

/** A worker's log in a job, with some of its receipts changed, and everything that can be shown of it. */
export interface WorkerLog {
  /** The head at a size, the last one unless given; changed fields are signed as they are. */
  head(change?: HeadChange): Cell;
  /** The same as a `Settle` message has it. */
  settled(
    change?: Omit<HeadFields, "job" | "amount"> & { readonly amount?: bigint },
  ): ReturnType<typeof settle>;
  receipt(index: number, size?: number): Cell;
  leafHash(index: number): bigint;
  proof(index: number, size?: number): Cell;
  amount(size?: number): bigint;
}

export function workerLog(
  job: Address,
  {
    size = 4,
    changes = {},
    worker = WORKER,
  }: { size?: number; changes?: Record<number, LeafChange>; worker?: TestKey } = {},
): WorkerLog {
  const leaves = Array.from({ length: size }, (_, index) => honestLeaf(index, changes[index]));
  const log = createMerkleLog();
  for (const leaf of leaves) {
    log.append(encodeLeaf(leaf));
  }
  const leafAt = (index: number): ReceiptLeaf => {
    const leaf = leaves[index];
    if (leaf === undefined) {
      throw new Error(`The log has no receipt ${index}.`);
    }
    return leaf;
  };
  const amount = (at = size) => (at === 0 ? 0n : leafAt(at - 1).amount);
  return {
    amount,
    head: (change = {}) => {
      const at = Math.min(change.size ?? size, size);
      const claim = {
        size: at,
        root: log.root(at),
        amount: amount(at),
        issuedAt: START + 60,
        ...change,
      };
      const signed = encodeHead({
        ...claim,
        networkId: change.networkId ?? MAINNET_GLOBAL_ID,
        job: toJobAddress((change.job ?? job).toRawString()),
      });
      return headCell({ ...claim, signature: (change.signer ?? worker).sign(signed) });
    },
    settled: (change = {}) => {
      const at = change.size ?? size;
      return settle({ job, worker, size: at, root: log.root(at), amount: amount(at), ...change });
    },
    receipt: (index, at = size) => receiptCell(encodeLeaf(leafAt(index)), log.inclusionProof(index, at)),
    leafHash: (index) => BigInt(`0x${Buffer.from(hashLeaf(encodeLeaf(leafAt(index)))).toString("hex")}`),
    proof: (index, at = size) => proofCell(log.inclusionProof(index, at)),
  };
}

export const equivocation = (first: Cell, second: Cell, worker = WORKER.id) =>
  storeProveEquivocation({ $$type: "ProveEquivocation", queryId: QUERY, worker, first, second });

export const falseTotal = (head: Cell, receipt: Cell | null, worker = WORKER.id) =>
  storeProveFalseTotal({ $$type: "ProveFalseTotal", queryId: QUERY, worker, head, receipt });

export const overcharge = (
  index: number,
  shown: { readonly head: Cell; readonly receipt: Cell; readonly previous?: Cell },
  worker = WORKER.id,
) =>
  storeProveOvercharge({
    $$type: "ProveOvercharge",
    queryId: QUERY,
    worker,
    index: BigInt(index),
    previous: null,
    ...shown,
  });

export const shrunkLog = (index: number, first: WorkerLog, second: WorkerLog, worker = WORKER.id) =>
  storeProveShrunkLog({
    $$type: "ProveShrunkLog",
    queryId: QUERY,
    worker,
    index: BigInt(index),
    firstLeaf: first.leafHash(index),
    secondLeaf: second.leafHash(index),
    first: first.head(),
    firstProof: first.proof(index),
    second: second.head(),
    secondProof: second.proof(index),
  });

/** A genuine lie of each kind about a claim of nothing that was settled. */
export const LIES: Readonly<Record<string, (job: Address) => (builder: Builder) => unknown>> = {
  "two heads of one size with different roots": (job) =>
    equivocation(
      workerLog(job).head(),
      workerLog(job, { changes: { 1: { responseHash: Buffer.alloc(32) } } }).head(),
    ),
  "two heads of one size with different amounts": (job) =>
    equivocation(workerLog(job).head(), workerLog(job).head({ amount: 4n * STEP - 1n })),
  "a smaller head that is dearer": (job) =>
    equivocation(workerLog(job).head({ size: 2, amount: 5n * STEP }), workerLog(job).head()),
  "a receipt one nanoton above its price": (job) => {
    const log = workerLog(job, { changes: { 2: { amount: 3n * STEP + 1n } } });
    return overcharge(2, { head: log.head(), receipt: log.receipt(2) });
  },
  "a counter that goes back": (job) => {
    const log = workerLog(job, { changes: { 1: { cachedTokens: 8n } } });
    return overcharge(2, { head: log.head(), receipt: log.receipt(2), previous: log.receipt(1) });
  },
  "a refused request that was charged": (job) => {
    const log = workerLog(job, { changes: { 3: { status: "refused" } } });
    return overcharge(3, { head: log.head(), receipt: log.receipt(3), previous: log.receipt(2) });
  },
  "a head dearer than its last receipt": (job) => {
    const log = workerLog(job);
    return falseTotal(log.head({ amount: 4n * STEP + 1n }), log.receipt(3));
  },
  "a claim over an empty log": (job) =>
    falseTotal(workerLog(job, { size: 1 }).head({ size: 0, amount: STEP, root: Buffer.alloc(32) }), null),
  "a later log without what an earlier one had": (job) =>
    shrunkLog(
      1,
      workerLog(job, { size: 3 }),
      workerLog(job, { size: 7, changes: { 1: { status: "stopped" } } }),
    ),
};

/** Sends a proof at exactly the least value, or `short` of it. */
export async function prove(
  world: World,
  job: Job,
  write: (builder: Builder) => unknown,
  { from = world.stranger, short = 0n }: { from?: Wallet; short?: bigint } = {},
): Promise<Delivery> {
  return deliver(world, {
    from,
    to: job.address,
    value: (await job.getMinValueToProveFraud()) - short,
    body: body(write),
  });
}
