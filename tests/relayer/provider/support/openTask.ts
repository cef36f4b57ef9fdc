import { beginCell, type Cell, type OpenedContract, type Transaction } from "@ton/core";
import { devWallet } from "../../../../relayer/localnet/devWallets";
import { decodeEvent, JobEscrow, type ProtocolEvent } from "../../../../wrappers";
import { loadDeliverTask, storeTaskService } from "../../../../wrappers/messages";
import { readTransactions } from "../../../e2e/support/jobHistory";
import { type DeployedNetwork, MODEL_HASH, PRICES, toUint } from "../../support/deployNetwork";
import { until } from "../../support/until";

export const TASK_PRICE = 20_000_000n;
export const CALLBACK = 10_000_000n;

export interface TaskEnd {
  /** What the worker signed; undefined when nothing was delivered. */
  readonly status: number | undefined;
  readonly response: Cell | null | undefined;
  readonly responseHash: string;
  readonly outcome: bigint;
  readonly earned: bigint;
  /** `DeliverTask` messages that reached the contract, refused ones too. */
  readonly deliveries: number;
}

/** Opens a task as the developer's wallet, for any worker unless one is named. */
export async function openTask(
  network: DeployedNetwork,
  task: {
    readonly nonce: bigint;
    readonly request: Cell;
    readonly price?: bigint;
    readonly seconds?: number;
    readonly worker?: string;
  },
): Promise<OpenedContract<JobEscrow>> {
  const { net, registry } = network;
  const { price = TASK_PRICE, seconds = 3_600 } = task;
  const contract = await network.job(task.nonce);
  const until = BigInt(net.chain.now() + seconds);
  const least = await registry.getMinValueToOpenTask();
  await contract.send(
    await network.via("developer"),
    { value: price + CALLBACK + least + 10_000_000n },
    {
      $$type: "OpenTask",
      queryId: 1n,
      price,
      acceptBy: until,
      deadline: until,
      owner: devWallet("provider").v5,
      index: 0n,
      worker: task.worker === undefined ? 0n : toUint(Buffer.from(task.worker, "hex")),
      service: beginCell()
        .store(
          storeTaskService({
            $$type: "TaskService",
            modelHash: toUint(MODEL_HASH),
            prices: PRICES,
            callback: CALLBACK,
          }),
        )
        .endCell(),
      request: task.request,
    },
  );
  return contract;
}

/** Waits for a task's end. */
export function taskEnd(network: DeployedNetwork, task: { readonly address: JobEscrow["address"] }) {
  return until("the task has ended", async () => {
    const transactions = await readTransactions(network.reader, task.address.toRawString());
    return endOf(transactions);
  });
}

export function endOf(transactions: readonly Transaction[]): TaskEnd | undefined {
  const events = transactions.flatMap(eventsOf);
  const closed = events.find((event) => event.$$type === "JobClosedEvent");
  const delivered = events.find((event) => event.$$type === "TaskDeliveredEvent");
  const messages = transactions.filter(
    ({ inMessage }) => opcodeOf(inMessage?.body) === JobEscrow.opcodes.DeliverTask,
  );
  const done = messages.find((transaction) => eventsOf(transaction).length > 0)?.inMessage;
  return closed === undefined
    ? undefined
    : {
        status: delivered === undefined ? undefined : Number(delivered.status),
        response:
          done === undefined || done === null ? undefined : loadDeliverTask(done.body.beginParse()).response,
        responseHash: (delivered?.responseHash ?? 0n).toString(16).padStart(64, "0"),
        outcome: closed.outcome,
        earned: closed.earned,
        deliveries: messages.length,
      };
}

function eventsOf({ outMessages }: Transaction): readonly ProtocolEvent[] {
  return outMessages
    .values()
    .map(({ info, body }) => (info.type === "external-out" ? decodeEvent(body) : undefined))
    .filter((event) => event !== undefined);
}

function opcodeOf(body: Cell | undefined): number | undefined {
  const slice = body?.beginParse();
  return slice === undefined || slice.remainingBits < 32 ? undefined : slice.preloadUint(32);
}
