import { chainOfCells, deliverAnswer, openTask, TASK_SECONDS } from "../../tests/contracts/tasks/cast";
import { expire } from "../../tests/support/actors";
import { START, WORKER } from "../../tests/support/world";
import { chainOfKeys, fullWorld, MAX_LANES, MUCH, putLanes } from "./fullWorld";
import { gasOf, type Recorder, transactionOf } from "./recorder";

const MAX_RESPONSE_CELLS = 66;

/** A task with every lane in use and the largest response, and one that is late. */
export async function measureTask(record: Recorder): Promise<void> {
  const world = await fullWorld();
  const { provider, chain } = world;
  const response = chainOfCells(MAX_RESPONSE_CELLS);
  const { job, ...opened } = await openTask(world);
  record.note("GasOpenTask", opened, job.address, "OpenTask");
  await putLanes(world, job.address, chainOfKeys(WORKER.id, MAX_LANES), 0n);
  const done = await deliverAnswer(world, job, { response, least: MUCH });
  record.note("GasEndJob", done, job.address, "DeliverTask");

  const { job: late } = await openTask(world, { nonce: 2n });
  chain.now = START + TASK_SECONDS;
  const expired = await expire(world, late);
  const closed = gasOf(transactionOf(expired, provider.address, "JobClosed"));
  record.keep("GasPenalty", closed - (record.gas.GasJobClosed ?? 0));
}
