import { toCocoonError } from "../errors";
import type { LeafStatus } from "../protocol";
import { finishCall, UNHURRIED } from "../store";
import type { ClientDeps } from "./deps";
import type { Session } from "./session";
import type { Sessions } from "./sessions";
import type { Charge, Spender } from "./spender";

export interface EndedCall {
  readonly requestId: string;
  readonly charge: Charge;
  readonly session: Session | undefined;
  readonly maxCostNano: bigint;
}

/** Frees what the call had set aside and books what it cost, once. Runs in the background; failures are logged. */
export function bookCall(
  deps: Pick<ClientDeps, "store" | "log"> & {
    readonly sessions: Pick<Sessions, "release">;
    readonly spender: Spender;
  },
  call: EndedCall,
  end: { readonly status: LeafStatus | "unsent" | "lost" | "invalid"; readonly costNano: bigint },
): void {
  const { requestId, charge, session, maxCostNano } = call;
  if (session !== undefined) {
    deps.sessions.release(session, maxCostNano);
  }
  deps.spender.settle(charge, { reservedNano: maxCostNano, costNano: end.costNano });
  const booked = deps.store.batched((tx) => finishCall(tx, { requestId, ...end }), UNHURRIED);
  booked.catch((thrown: unknown) => {
    deps.log.error({ msg: "call not booked", requestId, detail: toCocoonError(thrown).message });
  });
}
