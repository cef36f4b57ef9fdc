import { Address, beginCell, Cell } from "@ton/core";
import { JOB_STATES, JobEscrow } from "../../../wrappers";
import { storeDeliverTask } from "../../../wrappers/messages";
import { openContract } from "../../chain";
import { fromBase64, SIGNATURE_BYTES } from "../../protocol";
import type { Task } from "../../store";
import { sizeOfTree } from "../../task";
import type { Context } from "../context";
import { sendAgain, sendOnce } from "../sendOnce";
import type { TaskAnswer } from "./askWorker";

/** As in contracts/shared/tasks.tact: a longer response goes by its hash, and is served by `GET /v1/tasks/{job}`. */
export const MAX_RESPONSE_CELLS = 66;

/** Brings a signed answer to its task, once. False when it was refused for good. */
export async function deliverTask(context: Context, task: Task, answer: TaskAnswer): Promise<boolean> {
  const to = Address.parseRaw(task.job);
  const contract = openContract(context.reader, JobEscrow.fromAddress(to));
  const whole = Cell.fromBase64(answer.response);
  const size = sizeOfTree(whole);
  const fits = size.cells <= MAX_RESPONSE_CELLS;
  const message = {
    key: `task:${task.job}:${task.openedAtSeconds}:${answer.worker}`,
    kind: "task",
    to,
    valueNano: () =>
      contract.getMinValueToDeliverTask(BigInt(fits ? size.cells : 0), BigInt(fits ? size.bits : 0)),
    body: storeDeliverTask({
      $$type: "DeliverTask",
      queryId: 0n,
      worker: BigInt(`0x${answer.worker}`),
      status: BigInt(answer.status),
      issuedAt: BigInt(answer.issuedAtSeconds),
      responseHash: BigInt(`0x${answer.responseHash}`),
      signature: beginCell()
        .storeBuffer(Buffer.from(fromBase64(answer.signature, SIGNATURE_BYTES)))
        .endCell(),
      response: fits ? whole : null,
    }),
  };
  if ((await sendOnce(context, message)) !== "bounced") {
    return true;
  }
  if (!(await isWaiting(context, to))) {
    return false;
  }
  return (await sendAgain(context, message, context.policy.maxSettleAttempts)) !== "given up";
}

async function isWaiting(context: Context, job: Address): Promise<boolean> {
  if ((await context.reader.account(job)).state !== "active") {
    return false;
  }
  const { state } = await openContract(context.reader, JobEscrow.fromAddress(job)).getJobState();
  return JOB_STATES[Number(state)] === "task";
}
