import { beginCell } from "@ton/core";
import { MAINNET_GLOBAL_ID } from "../../../../relayer/localnet/config";
import { encodeTaskAnswer, toJobAddress } from "../../../../relayer/protocol";
import { statementSignatures, workerStatement } from "../../../../wrappers/AttestationRegistry";
import { storeDeliverTask, storeSettle, storeSubmitStatement } from "../../../../wrappers/messages";
import { body } from "../../../support/actors";
import { settle } from "../../../support/heads";
import { type TestKey, testKey } from "../../../support/keys";
import { ATTESTORS, DAY, IMAGE, MODEL, SESSION, WORKER } from "../../../support/world";
import { REQUEST } from "../../tasks/cast";
import { mostOf } from "../most";
import { type Act, type Look, ownJob, pick, type Sent } from "./act";
import { PUPPET } from "./changes";

/** The first is attested when a sequence begins, the second may be, the third never is. */
export const WORKERS = [WORKER, testKey("second worker"), testKey("unknown worker")] as const;
const NOBODY = testKey("somebody else");
const RESPONSE = beginCell().storeUint(0x34, 8).endCell();

/** A head of one of the provider's jobs. Now and then the date, a signature or the job is another. */
function headOf(look: Look, who: number, cosign: boolean): Sent {
  const { step, stage, now } = look;
  const job = ownJob(look, who);
  const view = look.job(stage.jobs.indexOf(job));
  const left = view === undefined ? 0n : view.budget - view.committed;
  const worker = pick([WORKER, WORKER, WORKER, WORKER, ...WORKERS], step.choice);
  const lane = view?.lanes.get(worker.id);
  const claimed = lane === undefined ? 0n : mostOf(lane.settled, lane.maturing, lane.latest);
  const forged = step.detail % 16;
  const head = settle({
    job: forged === 1 ? stage.network : job.address,
    amount: claimed + (left * BigInt(step.amount)) / 1_000n,
    worker,
    session: cosign ? (forged === 2 ? NOBODY : SESSION) : null,
    issuedAt: now + pick([0, 0, 0, 0, -60, -DAY, 2 * DAY], step.choice),
    size: 1 + (step.choice % 3),
  });
  const signed = forged === 3 ? { ...head, worker: pick(WORKERS, step.choice + 1).id } : head;
  const content = body(storeSettle(signed));
  const genuine = forged !== 1 && signed.worker === worker.id;
  const truth = { genuine, cosigned: cosign && forged !== 2 };
  return { name: "Settle", from: stage.stranger, to: job.address, content, truth };
}

export const cosigned: Act = (look, who) => [headOf(look, who, true)];
export const claim: Act = (look, who) => [headOf(look, who, false)];

/** A task's answer, or the news that there is none. */
export const deliver: Act = (look, who) => {
  const { step, stage, now } = look;
  const tasks = stage.jobs.filter((_, index) => look.job(index)?.state === 16);
  const job = tasks.length > 0 ? pick(tasks, step.job) : ownJob(look, who);
  const forged = step.detail % 16;
  const status = step.amount % 4 === 0 ? 1 : 0;
  const issuedAt = now + pick([0, 0, 0, -60, -DAY], step.choice);
  const statement = encodeTaskAnswer({
    networkId: MAINNET_GLOBAL_ID,
    job: toJobAddress((forged === 1 ? stage.network : job.address).toRawString()),
    requestHash: (forged === 2 ? RESPONSE : REQUEST).hash(),
    responseHash: RESPONSE.hash(),
    status: forged === 3 ? 1 - status : status,
    issuedAt,
  });
  const content = body(
    storeDeliverTask({
      $$type: "DeliverTask",
      queryId: 1n,
      worker: WORKER.id,
      status: BigInt(status),
      issuedAt: BigInt(issuedAt),
      responseHash: BigInt(`0x${RESPONSE.hash().toString("hex")}`),
      signature: beginCell().storeBuffer(WORKER.sign(statement)).endCell(),
      response: step.detail % 2 ? RESPONSE : null,
    }),
  );
  const truth = { genuine: forged < 1 || forged > 3 };
  return [{ name: "DeliverTask", from: stage.stranger, to: job.address, content, truth }];
};

/** Whose signatures are under a statement: mostly two of the three that a sequence begins with. */
const SIGNERS: Readonly<Record<number, readonly TestKey[]>> = {
  8: [ATTESTORS[0]],
  9: [ATTESTORS[0], NOBODY],
  10: [PUPPET],
  11: ATTESTORS,
};

/** What signatures cost depends on how many they are. */
const LEAST_OF: Readonly<Record<number, string>> = {
  1: "SubmitStatement by one",
  3: "SubmitStatement by three",
};

/** A statement about one of its workers; now and then by too few, for too long, or of another registry. */
export const attestWorker: Act = (look, who) => {
  const { step, stage, now } = look;
  const forged = step.detail % 12;
  const worker = pick([WORKERS[0], WORKERS[1]], step.choice).id;
  const from = now + (forged === 3 ? 1 : 0);
  const until = from + DAY + (forged === 6 ? 1 : 0);
  const statement = workerStatement({
    networkId: forged === 1 ? -3 : MAINNET_GLOBAL_ID,
    registry: forged === 2 ? stage.network : stage.attestation,
    provider: pick(stage.providers, who).address,
    receiptPublicKey: worker,
    notBefore: from,
    worker: {
      $$type: "Worker",
      hpkeKeyHash: 1n,
      imageHash: forged === 4 ? 1n : IMAGE,
      modelHash: forged === 5 ? 1n : MODEL,
      expiresAt: BigInt(until),
      epoch: forged === 7 ? 2n : 1n,
    },
  });
  const keys = SIGNERS[forged] ?? ATTESTORS.slice(0, 2);
  const signatures = statementSignatures(
    new Map(keys.map((key, index) => [index, key.sign(statement.hash())])),
  );
  const content = body(
    storeSubmitStatement({ $$type: "SubmitStatement", queryId: 1n, statement, signatures }),
  );
  const truth = {
    genuine: forged !== 1 && forged !== 2,
    signers: keys.map(({ id }, index) => [index, id] as const),
    image: forged === 4 ? 1n : IMAGE,
    model: forged === 5 ? 1n : MODEL,
    epoch: forged === 7 ? 2 : 1,
    from,
    until,
  };
  const name = LEAST_OF[keys.length] ?? "SubmitStatement";
  return [{ name, from: stage.stranger, to: stage.attestation, content, truth }];
};
