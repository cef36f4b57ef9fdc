import type { Cell } from "@ton/core";
import { storeDemandReceipt, storeProveWithheld, storeShowReceipt } from "../../wrappers/messages";
import { body, type Delivery, deliver, type Job, QUERY, type Wallet } from "./actors";
import { WORKER, type World } from "./world";

interface Parts {
  readonly from?: Wallet;
  /** So much less than the least value. */
  readonly short?: bigint;
}

/** The developer demands the receipt at that place of a head's log, at exactly the least value. */
export async function demandReceipt(
  world: World,
  job: Job,
  demanded: { readonly head: Cell; readonly index: number; readonly worker?: bigint },
  { from = world.developer, short = 0n }: Parts = {},
): Promise<Delivery> {
  const { head, index, worker = WORKER.id } = demanded;
  const message = { $$type: "DemandReceipt", queryId: QUERY, worker, index: BigInt(index), head } as const;
  return deliver(world, {
    from,
    to: job.address,
    value: (await job.getMinValueToDemand()) - short,
    body: body(storeDemandReceipt(message)),
  });
}

/** A receipt is shown to the chain, by the operator unless somebody else does. */
export async function showReceipt(
  world: World,
  job: Job,
  receipt: Cell,
  { from = world.operator, short = 0n }: Parts = {},
): Promise<Delivery> {
  return deliver(world, {
    from,
    to: job.address,
    value: (await job.getMinValueToShowReceipt()) - short,
    body: body(storeShowReceipt({ $$type: "ShowReceipt", queryId: QUERY, receipt })),
  });
}

/** Somebody tells the chain that a demanded receipt was not shown. */
export async function proveWithheld(
  world: World,
  job: Job,
  { from = world.stranger, short = 0n }: Parts = {},
): Promise<Delivery> {
  return deliver(world, {
    from,
    to: job.address,
    value: (await job.getMinValueToProveFraud()) - short,
    body: body(storeProveWithheld({ $$type: "ProveWithheld", queryId: QUERY })),
  });
}
