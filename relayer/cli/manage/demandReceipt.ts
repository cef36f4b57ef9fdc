import { Address, fromNano } from "@ton/core";
import { settledBy } from "../../../wrappers/contested";
import { headCell } from "../../../wrappers/evidence";
import { JobEscrow } from "../../../wrappers/JobEscrow";
import { type Demand, loadJobTerms } from "../../../wrappers/messages";
import { confirmSend, type ScriptHost, senderAddress, waitFor } from "../../../wrappers/scripting";
import type { ChainReader } from "../../chain";
import { type ClaimedHead, readCarried } from "../../client/carried";

const open = (host: ScriptHost, job: string) => host.open(JobEscrow.fromAddress(Address.parse(job)));

/** Demands the receipt at that place of the newest head that a worker alone has claimed by, or of that worker's. */
export async function demandReceipt(
  host: ScriptHost,
  reader: ChainReader,
  order: { readonly job: string; readonly index: number; readonly worker: string | undefined },
): Promise<void> {
  const job = open(host, order.job);
  const { developer } = await job.getJobState();
  if (!senderAddress(host).equals(developer)) {
    throw new Error(`Only the job's developer may demand a receipt: ${developer.toString()}`);
  }
  const head = await findHead(host, reader, order);
  const ui = host.ui();
  ui.write(`claim      ${fromNano(head.amount)} TON over ${head.size} receipts, of ${head.worker}`);
  ui.write(`demanded   receipt ${order.index}`);
  const value = await job.getMinValueToDemand();
  await confirmSend(host, { action: "DemandReceipt", to: job.address, valueNano: value });
  await job.send(
    host.sender(),
    { value },
    {
      $$type: "DemandReceipt",
      queryId: 0n,
      worker: BigInt(`0x${head.worker}`),
      index: BigInt(order.index),
      head: headCell(head),
    },
  );
  const isOurs = (demand: Demand | null) =>
    demand?.index === BigInt(order.index) && demand.size === BigInt(head.size);
  await waitFor("The demand", async () => isOurs(await job.getDemand()));
  const demand = await job.getDemand();
  if (demand !== null) {
    ui.write(`answer     due by ${iso(Number(demand.answerBy))}; then: cocoon job withheld ${order.job}`);
  }
}

/** Proves that a demanded receipt was not shown in time, which ends the job. From anyone's wallet. */
export async function proveWithheld(
  host: ScriptHost,
  reader: ChainReader,
  order: { readonly job: string },
): Promise<void> {
  const job = open(host, order.job);
  const [demand, lanes] = await Promise.all([job.getDemand(), job.getLanes()]);
  const lane = demand === null ? undefined : lanes.get(demand.worker);
  if (demand === null || lane === undefined) {
    throw new Error("No receipt of this job is demanded: it was shown, or nobody has asked for one.");
  }
  const { utime: now } = await reader.head();
  if (now < Number(demand.answerBy)) {
    throw new Error(`The receipt may be shown until ${iso(Number(demand.answerBy))}.`);
  }
  if (demand.amount <= settledBy(lane, now)) {
    throw new Error("What the receipt was demanded for is settled.");
  }
  host.ui().write(`withheld   receipt ${demand.index} of ${demand.worker.toString(16).padStart(64, "0")}`);
  const value = await job.getMinValueToProveFraud();
  await confirmSend(host, { action: "ProveWithheld", to: job.address, valueNano: value });
  await job.send(host.sender(), { value }, { $$type: "ProveWithheld", queryId: 0n });
  await waitFor("The job's end", async () => !(await host.isContractDeployed(job.address)));
}

async function findHead(
  host: ScriptHost,
  reader: ChainReader,
  order: { readonly job: string; readonly index: number; readonly worker: string | undefined },
): Promise<ClaimedHead> {
  const job = open(host, order.job);
  const [terms, lanes] = await Promise.all([job.getTerms(), job.getLanes()]);
  const openedAt = terms === null ? 0 : Number(loadJobTerms(terms.beginParse()).openedAt);
  const { utime: now } = await reader.head();
  const { heads } = await readCarried(reader, { address: job.address, openedAt });
  const found = heads.find(({ worker, size, amount }) => {
    const lane = lanes.get(BigInt(`0x${worker}`));
    const isAsked = order.worker === undefined || order.worker === worker;
    return isAsked && lane !== undefined && order.index < size && amount > settledBy(lane, now);
  });
  if (found === undefined) {
    throw new Error("No claim that waits has a receipt in that place.");
  }
  return found;
}

function iso(seconds: number): string {
  return new Date(seconds * 1_000).toISOString();
}
