import type { Lane } from "./records";
import type { LanesTable } from "./tables";
import { fromU64Text } from "./u64";

export function laneFromRow(row: LanesTable): Lane {
  return {
    job: row.job,
    worker: row.worker,
    head: {
      job: row.job,
      worker: row.worker,
      size: fromU64Text(row.size),
      root: row.root,
      amountNano: fromU64Text(row.amount),
      issuedAtSeconds: row.issuedAtSeconds,
      signature: row.signature,
    },
    cosigned: cosignedFromRow(row),
    claimedNano: fromU64Text(row.claimed),
    settledNano: fromU64Text(row.settled),
    pendingNano: fromU64Text(row.pending),
    pendingUntilSeconds: row.pendingUntilSeconds ?? undefined,
  };
}

function cosignedFromRow(row: LanesTable): Lane["cosigned"] {
  const {
    cosignedSize,
    cosignedRoot,
    cosignedAmount,
    cosignedIssuedAtSeconds,
    cosignedSignature,
    cosignature,
  } = row;
  if (
    cosignedSize === null ||
    cosignedRoot === null ||
    cosignedAmount === null ||
    cosignedIssuedAtSeconds === null ||
    cosignedSignature === null ||
    cosignature === null
  ) {
    return undefined;
  }
  return {
    head: {
      job: row.job,
      worker: row.worker,
      size: fromU64Text(cosignedSize),
      root: cosignedRoot,
      amountNano: fromU64Text(cosignedAmount),
      issuedAtSeconds: cosignedIssuedAtSeconds,
      signature: cosignedSignature,
    },
    cosignature,
  };
}
