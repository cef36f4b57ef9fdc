import type { Cell } from "@ton/core";
import {
  loadAllowImage,
  loadAllowModel,
  loadChangeGovernor,
  loadChangeGuardian,
  loadChangeParams,
  loadNetworkParams,
  loadRaiseQeSvn,
  loadRevokeAttestor,
  loadRevokeCertificate,
  loadRevokeFmspc,
  loadRevokeImage,
  loadRevokeModel,
  loadSetAttestors,
  loadSetQeSvn,
  loadSetTcbMinimum,
  loadWorkerAttested,
} from "../../../../wrappers/messages";
import { OP } from "../../../support/actors";
import { type Arrival, fieldsOf, must, nameOf } from "../arrival";
import { MACHINE_IDS, MACHINE_KIND, MACHINE_QE_SVN, MACHINE_UNTIL } from "../machine";
import { type Office, type OfficeMemory, officeAt } from "../offices";
import { sameAddress } from "../views";

const TIMELOCK_SECONDS = 86_400;
const WEEK_SECONDS = 604_800n;
const YEAR_SECONDS = 31_536_000n;
const MOST_FEE_BPS = 1_000n;
const FULL_BPS = 10_000n;

/** Who may do it, and when: for each message that a registry or market carried out. */
export const OFFICE_RULES: Readonly<Record<string, (arrival: Arrival, memory: OfficeMemory) => void>> = {
  AnnounceProvider: ({ from, stage }) =>
    must(
      stage.providers.some(({ address }) => address.equals(from)),
      "somebody who is no provider was admitted",
    ),
  Pause: byGuardian,
  RevokeImage(arrival, memory) {
    byGuardian(arrival, memory);
    memory.images.delete(loadRevokeImage(arrival.message.body.beginParse()).imageHash);
  },
  RevokeModel(arrival, memory) {
    byGuardian(arrival, memory);
    memory.models.delete(loadRevokeModel(arrival.message.body.beginParse()).modelHash);
  },
  RevokeAttestor(arrival, memory) {
    byGuardian(arrival, memory);
    const { index } = loadRevokeAttestor(arrival.message.body.beginParse());
    memory.attestors = new Map([...memory.attestors].filter(([known]) => BigInt(known) !== index));
  },
  RevokeCertificate(arrival, memory) {
    byGuardian(arrival, memory);
    memory.revoked.add(loadRevokeCertificate(arrival.message.body.beginParse()).certificateHash);
  },
  RevokeFmspc(arrival, memory) {
    byGuardian(arrival, memory);
    memory.kinds.delete(loadRevokeFmspc(arrival.message.body.beginParse()).fmspc);
  },
  RaiseQeSvn(arrival, memory) {
    byGuardian(arrival, memory);
    const { qeSvn } = loadRaiseQeSvn(arrival.message.body.beginParse());
    must(qeSvn > memory.qeSvn, "a guardian let an older quoting enclave in");
    memory.qeSvn = qeSvn;
  },
  SubmitQuote({ letter, now, to, stage }) {
    must(sameAddress(to, stage.platform), "somebody else than a machine took a quote");
    const { genuine, from = now, until = now } = letter?.truth ?? { genuine: false };
    must(genuine, "a quote was believed that its machine did not make for this network now");
    must(from <= now && now < until, "a quote was believed outside of its statement's dates");
  },
  QuoteVerified({ from, stage, outcome, now }, memory) {
    must(sameAddress(from, stage.platform), "a quote was believed of somebody who is no machine");
    const news = outcome.outs.find((message) => nameOf(message) === "WorkerAttested");
    if (news === undefined) {
      return; // refused, and told so
    }
    const { worker } = loadWorkerAttested(news.body.beginParse());
    const isTrusted =
      memory.kinds.has(MACHINE_KIND) &&
      memory.qeSvn <= MACHINE_QE_SVN &&
      Object.values(MACHINE_IDS).every((hash) => !memory.revoked.has(hash));
    must(isTrusted && now <= MACHINE_UNTIL, "a worker was attested by a machine that is not trusted");
    const imageUntil = memory.images.get(worker.imageHash) ?? 0;
    const isAllowed = imageUntil > now && memory.models.has(worker.modelHash);
    must(isAllowed, "a quote was believed about what is not allowed");
    must(worker.expiresAt <= Math.min(imageUntil, MACHINE_UNTIL), "a worker outlives its image or machine");
    must(worker.epoch === BigInt(memory.epoch), "a quote made a worker of another epoch");
  },
  "bounced QuoteVerified": () => undefined,
  RaiseEpoch(arrival, memory) {
    byGuardian(arrival, memory);
    memory.epoch += 1;
  },
  QueueChange(arrival, memory) {
    const office = officeOf(arrival, memory);
    must(sameAddress(arrival.from, office.governor), "somebody else than the governor queued a change");
    office.queued.set(wordOf(arrival), arrival.now + TIMELOCK_SECONDS);
  },
  CancelChange(arrival, memory) {
    const { governor, guardian, queued } = officeOf(arrival, memory);
    const may = sameAddress(arrival.from, governor) || sameAddress(arrival.from, guardian);
    must(may, "a stranger cancelled a change");
    queued.delete(wordOf(arrival));
  },
  ExecuteChange(arrival, memory) {
    const { message, now } = arrival;
    const office = officeOf(arrival, memory);
    const change = fieldsOf(message).skip(64).loadRef();
    const hash = BigInt(`0x${change.hash().toString("hex")}`);
    const executableAt = office.queued.get(hash);
    must(executableAt !== undefined, "a change was executed that nobody queued");
    must(now >= executableAt, "a change was executed before its time");
    office.queued.delete(hash);
    changed(change, office, memory);
  },
  AcceptGovernor(arrival, memory) {
    const office = officeOf(arrival, memory);
    must(sameAddress(arrival.from, office.pending), "somebody took an office that was not offered to it");
    office.governor = arrival.from;
    office.pending = undefined;
  },
  SubmitStatement({ letter, now }, memory) {
    const truth = letter?.truth;
    must(truth?.genuine === true, "a statement was believed that k attestors did not make");
    const { signers = [], epoch, image, model, from = now, until = now } = truth;
    const valid = signers.filter(([index, key]) => memory.attestors.get(index) === key);
    const isSigned = valid.length === signers.length && valid.length >= memory.threshold;
    must(isSigned, "a statement was believed that k attestors did not make");
    must(epoch === memory.epoch, "a statement of another epoch was believed");
    must(from <= now && now < until, "a statement was believed outside of its dates");
    const isAllowed = (memory.images.get(image ?? 0n) ?? 0) > now && memory.models.has(model ?? 0n);
    must(isAllowed, "a statement was believed about what is not allowed");
  },
  CheckWorker: () => undefined,
  "bounced WorkerAttested": () => undefined,
  ReportSale: fromJob,
  AnnounceAuction: fromJob,
  DeclareDemand: () => undefined,
  AskPrice: () => undefined,
};

const wordOf = ({ message }: Arrival) => fieldsOf(message).skip(64).loadUintBig(256);
const officeOf = ({ stage, to }: Arrival, memory: OfficeMemory): Office => officeAt(memory, stage, to);

/** What follows from a change, and what no change may bring. */
function changed(change: Cell, office: Office, memory: OfficeMemory): void {
  const fields = () => change.beginParse();
  switch (fields().preloadUint(32)) {
    case OP.ChangeGovernor:
      office.pending = loadChangeGovernor(fields()).to;
      return;
    case OP.ChangeGuardian:
      office.guardian = loadChangeGuardian(fields()).to;
      return;
    case OP.AllowImage: {
      const { imageHash, expiresAt } = loadAllowImage(fields());
      memory.images.set(imageHash, Number(expiresAt));
      return;
    }
    case OP.AllowModel:
      memory.models.add(loadAllowModel(fields()).modelHash);
      return;
    case OP.SetAttestors: {
      const { attestors, threshold } = loadSetAttestors(fields());
      const keys = attestors.values();
      const isSane = threshold >= 1n && threshold <= keys.length && new Set(keys).size === keys.length;
      must(isSane, "attestors were set of whom one counts twice, or none is needed");
      memory.attestors = new Map(attestors);
      memory.threshold = Number(threshold);
      return;
    }
    case OP.SetTcbMinimum:
      memory.kinds.add(loadSetTcbMinimum(fields()).fmspc);
      return;
    case OP.SetQeSvn:
      memory.qeSvn = loadSetQeSvn(fields()).qeSvn;
      return;
    case OP.ChangeParams:
      checkParams(loadChangeParams(fields()).params);
      return;
    default:
      return;
  }
}

/** Every wait is bounded, and so is every part that is taken. */
function checkParams(cell: Cell): void {
  const params = loadNetworkParams(cell.beginParse());
  const { feeBps, bondBps, challengeSeconds, closeSeconds, settleGraceSeconds, unbondingSeconds } = params;
  must(feeBps <= MOST_FEE_BPS && bondBps <= FULL_BPS, "a governor takes more than it may");
  const waits = [challengeSeconds, closeSeconds, settleGraceSeconds];
  must(
    waits.every((wait) => wait <= WEEK_SECONDS),
    "a governor makes a wait longer than it may",
  );
  must(unbondingSeconds <= YEAR_SECONDS, "a governor makes unbonding longer than it may");
  must(unbondingSeconds >= challengeSeconds + closeSeconds, "stake may leave before the last claim");
  must(params.treasury.workChain === 0, "fees go where they cannot be paid for");
}

function byGuardian(arrival: Arrival, memory: OfficeMemory): void {
  const { guardian } = officeOf(arrival, memory);
  must(sameAddress(arrival.from, guardian), "somebody else than the guardian could do it");
}

function fromJob({ from, stage }: Arrival): void {
  must(
    stage.jobs.some(({ address }) => address.equals(from)),
    "a market believed somebody who is no job",
  );
}
