import { Address } from "@ton/core";
import { JobEscrow } from "../../../wrappers";
import { receiptCell } from "../../../wrappers/evidence";
import { storeShowReceipt } from "../../../wrappers/messages";
import { openContract } from "../../chain";
import { toCocoonError } from "../../errors";
import {
  createMerkleLog,
  encodeLeaf,
  equalBytes,
  fromBase64,
  fromHex,
  LEAF_BYTES,
  parseRecord,
} from "../../protocol";
import { findIntent, listReceipts } from "../../store";
import type { JobEntry } from "../book";
import { type Context, nowSeconds } from "../context";
import type { DemandFacts } from "../jobFacts";
import { sendAgain } from "../sendOnce";

/** Receipts read at once while a log is built anew. */
const PAGE = 1_000;

/**
 * One round: shows the chain each receipt that a developer demands there. Its message is durable before it is sent, and the same
 * demand has one, however often the relayer starts.
 */
export async function answerDemands(context: Context): Promise<void> {
  const open = new Set<string>();
  for (const job of context.book.entries()) {
    const { demand } = job.facts;
    if (demand !== undefined && nowSeconds(context.clock) < demand.answerBy) {
      open.add(job.row.address);
      await answer(context, job, demand).catch((thrown: unknown) => {
        const { code, message } = toCocoonError(thrown);
        context.log.warn({ msg: "demand not answered", job: job.row.address, code, detail: message });
      });
    }
  }
  for (const { labels } of (await context.metrics.unanswerable.get()).values) {
    if (!open.has(String(labels.job))) {
      context.metrics.unanswerable.remove({ job: String(labels.job) });
    }
  }
}

async function answer(context: Context, job: JobEntry, demand: DemandFacts): Promise<void> {
  const { address } = job.row;
  const key = `show:${address}:${job.facts.openedAt}:${demand.worker}:${demand.index}:${demand.answerBy}`;
  const known = await findIntent(context.store, { key });
  if (known !== undefined && known.status !== "skipped" && known.status !== "bounced") {
    return;
  }
  const to = Address.parseRaw(address);
  const contract = openContract(context.reader, JobEscrow.fromAddress(to));
  const asked = await contract.getDemand();
  if (asked === null || asked.answerBy !== BigInt(demand.answerBy)) {
    return; // answered, or replaced: the event is on its way
  }
  const receipt = await findShown(context, address, demand);
  if (receipt === undefined) {
    await noteUnanswerable(context, address, demand);
    return;
  }
  const message = {
    key,
    kind: "show",
    to,
    valueNano: () => contract.getMinValueToShowReceipt(),
    body: storeShowReceipt({ $$type: "ShowReceipt", queryId: 0n, receipt }),
  };
  if ((await sendAgain(context, message, context.policy.maxSettleAttempts)) === "queued") {
    context.metrics.demands.inc({ outcome: "answered" });
  }
}

/** The receipt with its proof; undefined when what is known of the lane is not the log of the demanded head. */
async function findShown(context: Context, job: string, { worker, ...demand }: DemandFacts) {
  const log = createMerkleLog();
  const size = Number(demand.size);
  const index = Number(demand.index);
  let shown: Uint8Array | undefined;
  while (log.size() < size) {
    const from = log.size();
    const leaves = await readLeaves(context, { job, worker, from, count: size - from });
    for (const leaf of leaves) {
      shown = log.size() === index ? leaf : shown;
      log.append(leaf);
    }
    if (leaves.length === 0) {
      return undefined;
    }
  }
  return shown !== undefined && equalBytes(log.root(), fromHex(demand.root, 32))
    ? receiptCell(shown, log.inclusionProof(index))
    : undefined;
}

/** The lane's next receipts, out of the store or else of the worker's memory; none where neither has them. */
async function readLeaves(
  { store, pool }: Context,
  page: { readonly job: string; readonly worker: string; readonly from: number; readonly count: number },
): Promise<readonly Uint8Array[]> {
  const { job, worker, from, count } = page;
  const limit = Math.min(PAGE, count);
  const stored = await listReceipts(store, { job, worker, fromIndex: BigInt(from), limit });
  const gap = stored.findIndex(({ index }, place) => index !== BigInt(from + place));
  if (stored.length > 0 && gap !== 0) {
    return stored.slice(0, gap < 0 ? limit : gap).map(({ leaf }) => fromBase64(leaf, LEAF_BYTES));
  }
  const entry = pool.find(worker);
  // A worker that does not answer now is asked again in the next round.
  const records = entry === undefined ? [] : await pool.records(entry, { job, from, count }).catch(() => []);
  return records
    .slice(0, count)
    .map(({ record }) => encodeLeaf(parseRecord(Buffer.from(JSON.stringify(record))).leaf));
}

/** Told once; it is looked for again in every round, since a worker may yet come back with it. */
async function noteUnanswerable({ metrics, log }: Context, job: string, demand: DemandFacts): Promise<void> {
  const { values } = await metrics.unanswerable.get();
  if (values.some(({ labels, value }) => labels.job === job && value === demand.answerBy)) {
    return;
  }
  metrics.unanswerable.set({ job }, demand.answerBy);
  log.error({
    msg: "demanded receipt not known here: restore the store's backup, or start the worker that signed it",
    job,
    ...demand,
  });
}
