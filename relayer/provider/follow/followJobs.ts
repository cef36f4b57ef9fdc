import { Address } from "@ton/core";
import { JobEscrow } from "../../../wrappers";
import { openContract } from "../../chain";
import { toCocoonError } from "../../errors";
import { findJob, listJobs, listLanes, saveJob } from "../../store";
import type { Context } from "../context";
import { factsOf, LIVE_STATES } from "../jobFacts";
import { noteTask } from "../tasks/noteTask";
import { applyJobEvent } from "./applyJobEvent";
import { followAccount } from "./followAccount";

export interface JobFollowers {
  /** Begins to follow every live job of the store that is not followed yet. */
  sync(): Promise<void>;
  /** Waits until all have ended; the context's signal ends them. */
  ended(): Promise<void>;
}

export function createJobFollowers(context: Context): JobFollowers {
  const running = new Map<string, Promise<void>>();
  const followJob = (address: string): Promise<void> =>
    followAccount(context, {
      account: Address.parseRaw(address),
      signal: context.signal,
      effects: {
        onEvent: (tx, event) => applyJobEvent(context, tx, { address, event }),
        onTransaction: (tx, transaction) => noteTask(tx, address, transaction),
        after: (events) => (events.length === 0 ? Promise.resolve(false) : refreshJob(context, address)),
      },
    });
  return {
    async sync() {
      for (const job of await listJobs(context.store, { role: "provider", states: LIVE_STATES })) {
        if (!running.has(job.address) && !context.signal.aborted) {
          context.book.put(job, await listLanes(context.store, { job: job.address }));
          running.set(
            job.address,
            followJob(job.address).finally(() => running.delete(job.address)),
          );
        }
      }
    },
    async ended() {
      await Promise.allSettled(running.values());
    },
  };
}

/** Shows the stored job to the hot path and to whoever acts on it; true when it is closed. */
async function refreshJob(context: Context, address: string): Promise<boolean> {
  await readLaneEnds(context, address);
  const job = await findJob(context.store, { role: "provider", address });
  if (job === undefined) {
    return true;
  }
  context.book.put(job, await listLanes(context.store, { job: address }));
  context.log.info({ msg: "job changed", job: address, state: job.state, budgetNano: job.budgetNano });
  context.kick.lanes();
  context.kick.settle();
  return job.state === "closed";
}

/** An acceptance names its lane's worker but not until when: the job itself knows. */
export async function readLaneEnds(context: Context, address: string): Promise<void> {
  const before = await findJob(context.store, { role: "provider", address });
  if (before === undefined || !Object.values(factsOf(before).lanes).includes(0)) {
    return;
  }
  try {
    const contract = openContract(context.reader, JobEscrow.fromAddress(Address.parseRaw(address)));
    const onChain = await contract.getLanes();
    await context.store.transaction(async (tx) => {
      const job = await findJob(tx, { role: "provider", address });
      if (job === undefined) {
        return;
      }
      const lanes = { ...factsOf(job).lanes };
      for (const [worker, lane] of onChain) {
        const key = worker.toString(16).padStart(64, "0");
        lanes[key] = lanes[key] === 0 ? Number(lane.expiresAt) : (lanes[key] ?? Number(lane.expiresAt));
      }
      await saveJob(tx, { job: { ...job, extra: { ...job.extra, lanes } } });
    });
  } catch (error) {
    const { code, message } = toCocoonError(error);
    context.log.warn({ msg: "lanes not read", job: address, code, detail: message });
  }
}
