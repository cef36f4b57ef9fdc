import { z } from "zod";
import type { Task } from "./records";
import type { TasksTable } from "./tables";

const answerSchema = z.object({
  worker: z.string(),
  status: z.int(),
  issuedAtSeconds: z.int(),
  responseHash: z.string(),
  response: z.string(),
  signature: z.string(),
});

export function taskFromRow(row: TasksTable): Task {
  return {
    job: row.job,
    openedAtSeconds: Number(row.openedAtSeconds),
    request: row.request,
    worker: row.worker ?? undefined,
    state: row.state,
    answer: row.answer === null ? undefined : answerSchema.parse(JSON.parse(row.answer)),
  };
}
