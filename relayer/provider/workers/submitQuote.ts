import {
  freshBlock,
  planSubmission,
  type QuoteFacts,
  type QuoteSubmission,
  type RegistryView,
} from "../../attestation/submit";
import { fromBase64, toHex } from "../../protocol";
import type { Context } from "../context";
import { sendOnce } from "../sendOnce";
import type { Attempts } from "./attempts";
import type { ChainPolicy } from "./chainPolicy";
import type { Identity } from "./identity";
import type { WorkerEntry } from "./pool";

/** What such messages are called in the outbox and in metrics. */
export const QUOTE_NOTE = "quote";
/**
 * Another attempt may pass: a stale block (948, and 5 on a chain that has no hundredth block yet), a machine or key that
 * the chain has not seen (918, 926), an authority whose message came later (910), and a price that changed (700s).
 */
const PASSING: ReadonlySet<number> = new Set([5, 910, 918, 926, 948]);

export interface QuotedWorker {
  readonly entry: WorkerEntry;
  readonly identity: Identity & { readonly bindBytes: Uint8Array };
  readonly facts: QuoteFacts;
  readonly view: RegistryView;
  readonly policy: ChainPolicy;
}

/** Has the chain itself verify a worker's quote, unless that is under way. The answer says whether it is worth a warning. */
export async function submitQuote(
  context: Context,
  attempts: Attempts,
  worker: QuotedWorker,
): Promise<"underway" | { readonly refused: number | undefined; readonly key: string }> {
  const { identity, policy, view } = worker;
  const name = `quote:${identity.receiptKey}:${policy.epoch}:${view.mark}`;
  const step = await attempts.next(name, (code) => PASSING.has(code));
  switch (step.do) {
    case "wait":
      return "underway";
    case "stop":
      return { refused: step.code, key: name };
    case "send":
      await send(context, worker, step);
      return "underway";
  }
}

async function send(
  context: Context,
  { entry, identity, policy }: QuotedWorker,
  { key, queryId }: { readonly key: string; readonly queryId: bigint },
): Promise<void> {
  const block = await freshBlock(context.reader);
  const evidence = await context.pool.quote(entry, toHex(block.rootHash));
  const plan = await planSubmission(context.reader, {
    registry: policy.registry,
    quote: fromBase64(evidence.quote),
    bind: identity.bindBytes,
    block,
    queryId,
  });
  if (plan.authority !== undefined) {
    await register(context, plan.authority);
  }
  const { to, valueNano, init, body } = plan.quote;
  await sendOnce(context, {
    key,
    kind: QUOTE_NOTE,
    to,
    valueNano: async () => valueNano,
    body: (builder) => builder.storeSlice(body.beginParse()),
    ...(init === undefined ? {} : { init }),
  });
  context.metrics.quotes.inc({ path: plan.path });
  context.log.info({
    msg: "quote goes to the chain",
    worker: identity.receiptKey,
    path: plan.path,
    block: block.seqno,
    machine: to.toRawString(),
  });
}

/** Once for each of Intel's authorities; the registry takes it from anybody. */
async function register(
  context: Context,
  authority: NonNullable<QuoteSubmission["authority"]>,
): Promise<void> {
  const { to, valueNano, body } = authority;
  const state = await sendOnce(context, {
    key: `authority:${to.toRawString()}:${body.hash().toString("hex")}`,
    kind: "authority",
    to,
    valueNano: async () => valueNano,
    body: (builder) => builder.storeSlice(body.beginParse()),
  });
  if (state === "bounced") {
    context.log.error({
      msg: "the registry refused an authority",
      authority: authority.keyHash.toString(16).padStart(64, "0"),
      detail: "The machine's certificates do not lead to the root that the network pins.",
    });
  }
}
