import { Address } from "@ton/core";
import { JOB_STATES, JobEscrow, type JobStateName } from "../../wrappers/JobEscrow";
import { openContract } from "../chain";
import type { ClientDeps } from "./deps";
import { hex256 } from "./readProvider";

/** A job as its contract stands; `absent` before it is opened, as after an opening that was refused, and when it has ended. */
export type JobOnChain =
  | { readonly state: "absent" }
  | {
      readonly state: Exclude<JobStateName, "new">;
      readonly budgetNano: bigint;
      readonly paidNano: bigint;
      readonly committedNano: bigint;
      readonly closeAt: number;
      /** Receipt keys of its lanes. */
      readonly lanes: ReadonlySet<string>;
    };

export async function readJob(
  deps: Pick<ClientDeps, "reader">,
  { address }: { readonly address: string },
): Promise<JobOnChain> {
  const account = Address.parseRaw(address);
  if ((await deps.reader.account(account)).state !== "active") {
    return { state: "absent" };
  }
  const read = await readGetters(deps.reader, account);
  if (read === undefined) {
    return { state: "absent" };
  }
  const [fields, lanes] = read;
  const state = JOB_STATES[Number(fields.state)];
  return state === undefined || state === "new"
    ? { state: "absent" }
    : {
        state,
        budgetNano: fields.budget,
        paidNano: fields.paid,
        committedNano: fields.committed,
        closeAt: Number(fields.closeAt),
        lanes: new Set(lanes.keys().map(hex256)),
      };
}

/** Undefined for a job that ended between the questions: an account that is gone has no getters. */
async function readGetters(reader: ClientDeps["reader"], account: Address) {
  const job = openContract(reader, JobEscrow.fromAddress(account));
  try {
    return await Promise.all([job.getJobState(), job.getLanes()]);
  } catch (thrown) {
    if ((await reader.account(account)).state !== "active") {
      return undefined;
    }
    throw thrown;
  }
}
