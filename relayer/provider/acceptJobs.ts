import { Address } from "@ton/core";
import { JobEscrow } from "../../wrappers";
import { storeRequestAcceptance } from "../../wrappers/messages";
import { openContract } from "../chain";
import type { Prices, Terms } from "../protocol";
import type { JobEntry } from "./book";
import { type Context, nowSeconds } from "./context";
import { sendAgain } from "./sendOnce";
import { takesRequests } from "./workers/pool";

/** One round: jobs that the contract refused and that pay at least the floor are accepted by the operator. */
export async function acceptJobs(context: Context): Promise<void> {
  const { floorPrices } = context.policy;
  if (floorPrices === undefined) {
    return;
  }
  for (const job of context.book.entries()) {
    const isOpen = job.row.state === "open" && nowSeconds(context.clock) < job.facts.acceptBy;
    // A task is bound to its deadline by a bond: only the price list takes it.
    if (isOpen && job.facts.kind === 0 && pays(job.terms, floorPrices)) {
      await requestAcceptance(context, job);
    }
  }
}

async function requestAcceptance(context: Context, job: JobEntry): Promise<void> {
  const worker = context.pool
    .all()
    .find(
      (entry) =>
        takesRequests(entry) &&
        entry.onChain !== undefined &&
        entry.identity?.modelHash === job.row.modelHash,
    );
  if (worker?.identity === undefined) {
    return;
  }
  const to = Address.parseRaw(job.row.address);
  const contract = openContract(context.reader, JobEscrow.fromAddress(to));
  await sendAgain(
    context,
    {
      key: `accept:${job.row.address}:${job.facts.openedAt}`,
      kind: "accept",
      to,
      valueNano: () => contract.getMinValueToRequestAcceptance(),
      body: storeRequestAcceptance({
        $$type: "RequestAcceptance",
        queryId: 0n,
        worker: BigInt(`0x${worker.identity.receiptKey}`),
      }),
    },
    context.policy.maxAcceptAttempts,
  );
}

function pays(terms: Terms, floor: Prices): boolean {
  return (
    terms.promptPrice >= floor.promptPrice &&
    terms.cachedPrice >= floor.cachedPrice &&
    terms.completionPrice >= floor.completionPrice &&
    terms.reasoningPrice >= floor.reasoningPrice
  );
}
