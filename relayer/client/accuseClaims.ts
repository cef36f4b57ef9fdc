import { toWorkerKey } from "../protocol";
import { listReceipts } from "../store";
import type { ClaimedHead } from "./carried";
import type { ClientDeps } from "./deps";
import { fileProof } from "./fileProof";
import { findClaimLie, type Lie } from "./findLie";
import { type Claims, readClaim } from "./readClaims";
import { hex256 } from "./readProvider";
import { recordOfStored } from "./storedRecord";

/**
 * Files the proof of a head that somebody has carried to the chain, past this developer, and that cannot be true: one over an
 * empty log, or one that says something else than the heads that came with the receipts held here. True while one is on its way.
 */
export async function accuseClaims(
  deps: Pick<ClientDeps, "store" | "wallet" | "log">,
  claims: Claims,
): Promise<boolean> {
  const { session, lanes } = claims;
  const job = session.address;
  for (const [key, lane] of lanes) {
    const worker = hex256(key);
    const { claimedNano, knownNano, settledNano, held } = await readClaim(deps, claims, { worker, lane });
    if (claimedNano <= knownNano) {
      continue;
    }
    const { heads } = await claims.carried();
    for (const head of heads.filter((each) => each.worker === worker && each.amount > settledNano)) {
      const lie = await lieOf(deps, { job, head, held });
      if (lie !== undefined) {
        const outcome = await fileProof(deps, deps.store, { job, worker, lie });
        if (outcome === "queued") {
          deps.log.warn({ msg: "worker accused", job, worker, lie: lie.name, outcome });
        }
        if (outcome !== "refused") {
          return true;
        }
      }
    }
  }
  return false;
}

/** Beside the receipt that the head should end with, and the newest of those without a gap. */
async function lieOf(
  { store }: Pick<ClientDeps, "store">,
  { job, head, held }: { readonly job: string; readonly head: ClaimedHead; readonly held: number },
): Promise<Lie | undefined> {
  const { worker, signature, ...signed } = head;
  const places = [head.size - 1, held - 1].filter((index) => index >= 0);
  const pages = await Promise.all(
    places.map((index) => listReceipts(store, { job, worker, fromIndex: BigInt(index), limit: 1 })),
  );
  const known = pages.flat().map(recordOfStored);
  return findClaimLie({ worker: toWorkerKey(worker), head: signed, signature }, known);
}
