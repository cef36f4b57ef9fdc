import { type Arrival, fieldsOf, must } from "../arrival";
import { sameAddress } from "../views";

/** What the registries were told so far, remembered outside of them. */
export interface OfficeMemory {
  /** Hash of a change, and when its time comes. */
  readonly queued: Map<bigint, number>;
  epoch: number;
  /** The only image, or the only model. */
  revoked: boolean;
}

const TIMELOCK_SECONDS = 86_400;

/** Who may do it, and when: for each message that a registry or market carried out. */
export const OFFICE_RULES: Readonly<Record<string, (arrival: Arrival, memory: OfficeMemory) => void>> = {
  AnnounceProvider: ({ from, stage }) =>
    must(
      stage.providers.some(({ address }) => address.equals(from)),
      "somebody who is no provider was admitted",
    ),
  Pause: byGuardian,
  RevokeImage: revocation,
  RevokeModel: revocation,
  RevokeAttestor: revocation,
  RaiseEpoch(arrival, memory) {
    byGuardian(arrival);
    memory.epoch += 1;
  },
  QueueChange(arrival, memory) {
    must(
      sameAddress(arrival.from, arrival.stage.governor),
      "somebody else than the governor queued a change",
    );
    memory.queued.set(wordOf(arrival), arrival.now + TIMELOCK_SECONDS);
  },
  CancelChange(arrival, memory) {
    const { from, stage } = arrival;
    const may = sameAddress(from, stage.governor) || sameAddress(from, stage.guardian);
    must(may, "a stranger cancelled a change");
    memory.queued.delete(wordOf(arrival));
  },
  ExecuteChange({ message, now }, memory) {
    const change = fieldsOf(message).skip(64).loadRef();
    const hash = BigInt(`0x${change.hash().toString("hex")}`);
    const executableAt = memory.queued.get(hash);
    must(executableAt !== undefined, "a change was executed that nobody queued");
    must(now >= executableAt, "a change was executed before its time");
    memory.queued.delete(hash);
  },
  SubmitStatement({ letter, now }, memory) {
    const truth = letter?.truth;
    must(truth?.genuine === true, "a statement was believed that k attestors did not make");
    must(truth.epoch === memory.epoch, "a statement of another epoch was believed");
    const { from = now, until = now } = truth;
    must(from <= now && now < until, "a statement was believed outside of its dates");
    must(!memory.revoked, "a statement was believed about what was revoked");
  },
  CheckWorker: () => undefined,
  "bounced WorkerAttested": () => undefined,
  ReportSale: fromJob,
  AnnounceAuction: fromJob,
  DeclareDemand: () => undefined,
  AskPrice: () => undefined,
};

const wordOf = ({ message }: Arrival) => fieldsOf(message).skip(64).loadUintBig(256);

function byGuardian({ from, stage }: Arrival): void {
  must(sameAddress(from, stage.guardian), "somebody else than the guardian could do it");
}

function revocation(arrival: Arrival, memory: OfficeMemory): void {
  byGuardian(arrival);
  memory.revoked = true;
}

function fromJob({ from, stage }: Arrival): void {
  must(
    stage.jobs.some(({ address }) => address.equals(from)),
    "a market believed somebody who is no job",
  );
}
