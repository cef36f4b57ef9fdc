import { beginCell, type Cell } from "@ton/core";
import {
  storeAllowModel,
  storeChangeParams,
  storeNetworkParams,
  storeUnpause,
} from "../../../../wrappers/messages";
import { body, OP } from "../../../support/actors";
import { DAY, IMAGE, MODEL, networkParams } from "../../../support/world";
import type { Stage } from "../stage";
import { type Act, bare, pick, worded } from "./act";

/** What a governor may want: the last four are more than it may have. */
export function changesOf(stage: Stage): readonly Cell[] {
  const params = networkParams({
    treasury: stage.treasury,
    arbiter: stage.arbiter,
    attestationRegistry: stage.attestation,
  });
  const change = (overrides: Partial<typeof params>) =>
    body(
      storeChangeParams({
        $$type: "ChangeParams",
        params: beginCell()
          .store(storeNetworkParams({ ...params, ...overrides }))
          .endCell(),
      }),
    );
  const week = BigInt(7 * DAY);
  return [
    body(storeUnpause({ $$type: "Unpause" })),
    change({ feeBps: 1_000n, bondBps: 10_000n }),
    change({ challengeSeconds: week, closeSeconds: 60n, unbondingSeconds: 2n * week }),
    change({ minStake: 1_000_000_000_000n }),
    body(storeAllowModel({ $$type: "AllowModel", modelHash: MODEL })),
    change({ feeBps: 1_001n }),
    change({ challengeSeconds: week + 1n, unbondingSeconds: 3n * week }),
    change({ unbondingSeconds: 1n }),
    change({ closeSeconds: week + 1n, unbondingSeconds: 3n * week }),
  ];
}

const hashOf = (cell: Cell) => BigInt(`0x${cell.hash().toString("hex")}`);

export const queueChange: Act = ({ stage, step }) => [
  {
    name: "QueueChange",
    from: stage.governor,
    to: stage.network,
    content: worded(OP.QueueChange, hashOf(pick(changesOf(stage), step.detail))),
  },
];

export const executeChange: Act = ({ stage, step }) => {
  const change = pick(changesOf(stage), step.detail);
  const content = body((builder) =>
    builder.storeUint(OP.ExecuteChange, 32).storeUint(1, 64).storeRef(change),
  );
  return [{ name: "ExecuteChange", from: stage.stranger, to: stage.network, content }];
};

const cancelChange: Act = ({ stage, step }) => [
  {
    name: "CancelChange",
    from: step.choice % 2 ? stage.governor : stage.guardian,
    to: stage.network,
    content: worded(OP.CancelChange, hashOf(pick(changesOf(stage), step.detail))),
  },
];

export const GOVERNORS_ACTS: readonly Act[] = [queueChange, executeChange, cancelChange];

export const pause: Act = ({ stage }) => [
  { name: "Pause", from: stage.guardian, to: stage.network, content: bare(OP.Pause) },
];

export const revoke: Act = ({ stage, step }) => {
  const removals = [
    { name: "RevokeImage" as const, content: worded(OP.RevokeImage, IMAGE) },
    { name: "RevokeModel" as const, content: worded(OP.RevokeModel, MODEL) },
    { name: "RaiseEpoch" as const, content: bare(OP.RaiseEpoch) },
  ];
  return [{ from: stage.guardian, to: stage.attestation, ...pick(removals, step.detail) }];
};

export const GUARDIANS_ACTS: readonly Act[] = [pause, revoke];
