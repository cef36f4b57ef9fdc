import type { Address, Builder } from "@ton/core";
import {
  storeRaiseEpoch,
  storeRaiseQeSvn,
  storeRevokeAttestor,
  storeRevokeCertificate,
  storeRevokeFmspc,
  storeRevokeImage,
  storeRevokeModel,
  storeWorkerAttested,
} from "../../../../wrappers/messages";
import { body, OP } from "../../../support/actors";
import { DAY, IMAGE, MODEL } from "../../../support/world";
import { MACHINE_IDS, MACHINE_KIND } from "../machine";
import { type Office, officeAt } from "../offices";
import { type Act, bare, type Look, pick, worded } from "./act";
import { type Change, changesOf, hashOf } from "./changes";
import { WORKERS } from "./signed";

const STRUCK_EPOCH = 0xffff_ffffn;

const officeOf = ({ offices, stage }: Look, to: Address): Office => officeAt(offices, stage, to);

/** What waits for its execution; anything, if nothing does. */
function waiting(look: Look): readonly Change[] {
  const all = changesOf(look.stage);
  const queued = all.filter(({ to, content }) => officeOf(look, to).queued.has(hashOf(content)));
  return queued.length > 0 ? queued : all;
}

export const queueChange: Act = (look) => {
  const { stage, step } = look;
  const { to, content } = pick(changesOf(stage), step.detail);
  const from = step.choice % 8 === 7 ? stage.governor : officeOf(look, to).governor;
  return [{ name: "QueueChange", from, to, content: worded(OP.QueueChange, hashOf(content)) }];
};

export const executeChange: Act = (look) => {
  const { to, content: change } = pick(waiting(look), look.step.detail);
  const content = body((builder) =>
    builder.storeUint(OP.ExecuteChange, 32).storeUint(1, 64).storeRef(change),
  );
  return [{ name: "ExecuteChange", from: look.stage.stranger, to, content }];
};

export const cancelChange: Act = (look) => {
  const { to, content } = pick(waiting(look), look.step.detail);
  const { governor, guardian } = officeOf(look, to);
  const from = look.step.choice % 2 ? governor : guardian;
  return [{ name: "CancelChange", from, to, content: worded(OP.CancelChange, hashOf(content)) }];
};

export const acceptOffice: Act = (look) => {
  const { stage, step } = look;
  const to = pick([stage.network, stage.attestation], step.detail);
  const from = officeOf(look, to).pending ?? stage.stranger;
  return [{ name: "AcceptGovernor", from, to, content: bare(OP.AcceptGovernor) }];
};

/** As the registry that a governor may have put in the attesting one's place: any worker, for ever, or struck off. */
export const attestFalsely: Act = ({ stage, step, now }) => [
  {
    name: "WorkerAttested",
    from: stage.stranger,
    to: pick(stage.providers, step.job).address,
    content: body(
      storeWorkerAttested({
        $$type: "WorkerAttested",
        queryId: 1n,
        receiptPublicKey: pick(WORKERS, step.choice).id,
        responseTo: stage.stranger,
        worker: {
          $$type: "Worker",
          hpkeKeyHash: 1n,
          imageHash: IMAGE,
          modelHash: pick([MODEL, MODEL, 1n], step.amount),
          expiresAt: BigInt(pick([now + 400 * DAY, now + DAY, 0], step.detail)),
          epoch: pick([1n, 2n, STRUCK_EPOCH], step.detail),
        },
      }),
    ),
  },
];

export const GOVERNORS_ACTS: readonly Act[] = [
  queueChange,
  queueChange,
  executeChange,
  executeChange,
  acceptOffice,
  cancelChange,
  attestFalsely,
];

export const pause: Act = (look) => [
  {
    name: "Pause",
    from: officeOf(look, look.stage.network).guardian,
    to: look.stage.network,
    content: bare(OP.Pause),
  },
];

const queryId = 1n;
const REMOVALS: readonly (readonly [string, (builder: Builder) => void])[] = [
  ["RevokeImage", storeRevokeImage({ $$type: "RevokeImage", queryId, imageHash: IMAGE })],
  ["RevokeModel", storeRevokeModel({ $$type: "RevokeModel", queryId, modelHash: MODEL })],
  ["RaiseEpoch", storeRaiseEpoch({ $$type: "RaiseEpoch", queryId })],
  ...[0n, 1n, 2n].map(
    (index) => ["RevokeAttestor", storeRevokeAttestor({ $$type: "RevokeAttestor", queryId, index })] as const,
  ),
  ...Object.values(MACHINE_IDS).map(
    (certificateHash) =>
      [
        "RevokeCertificate",
        storeRevokeCertificate({ $$type: "RevokeCertificate", queryId, certificateHash }),
      ] as const,
  ),
  ["RevokeFmspc", storeRevokeFmspc({ $$type: "RevokeFmspc", queryId, fmspc: MACHINE_KIND })],
  ["RaiseQeSvn", storeRaiseQeSvn({ $$type: "RaiseQeSvn", queryId, qeSvn: 65_535n })],
];

export const revoke: Act = (look) => {
  const to = look.stage.attestation;
  const [name, write] = pick(REMOVALS, look.step.detail);
  return [{ name, from: officeOf(look, to).guardian, to, content: body(write) }];
};

export const GUARDIANS_ACTS: readonly Act[] = [pause, revoke, revoke, revoke, cancelChange];
