import type { Transaction } from "@ton/core";
import { JobEscrow } from "../../../wrappers";
import { loadOpenTask } from "../../../wrappers/messages";
import { findTask, type Store, saveTask } from "../../store";

/** In the transaction that opens a task: what is asked stands in the message, and in no event. */
export async function noteTask(tx: Store, job: string, { inMessage, description, now }: Transaction) {
  const body = inMessage?.body.beginParse();
  const isOpening =
    inMessage?.info.type === "internal" &&
    description.type === "generic" &&
    !description.aborted &&
    body !== undefined &&
    body.remainingBits >= 32 &&
    body.preloadUint(32) === JobEscrow.opcodes.OpenTask;
  if (!isOpening) {
    return;
  }
  const opening = loadOpenTask(body);
  const known = await findTask(tx, { job });
  if (known?.openedAtSeconds === now) {
    return;
  }
  await saveTask(tx, {
    task: {
      job,
      openedAtSeconds: now,
      request: opening.request.toBoc().toString("base64"),
      worker: opening.worker === 0n ? undefined : opening.worker.toString(16).padStart(64, "0"),
      state: "waiting",
      answer: undefined,
    },
  });
}
