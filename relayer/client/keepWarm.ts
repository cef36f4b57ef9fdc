import { setTimeout as pause } from "node:timers/promises";
import { toCocoonError } from "../errors";
import { type CompleteDeps, ranked } from "./complete";
import { opensByName } from "./openings";

/**
 * Keeps a job open for each model that the policy names, so that no request waits for the chain: at the start, and again
 * when the last one ends or its worker is gone. Where jobs are bought by auction, it is put up early enough.
 */
export async function keepWarm(
  deps: Pick<CompleteDeps, "directory" | "sessions" | "auctions" | "inFlight" | "track" | "policy" | "log">,
  signal: AbortSignal,
): Promise<void> {
  const { prewarmModels, refreshMs, searchMs } = deps.policy;
  while (!signal.aborted && prewarmModels.length > 0) {
    const warm = await Promise.all(prewarmModels.map((model) => warmUp(deps, model)));
    const waitMs = warm.every((isWarm) => isWarm) ? refreshMs : searchMs;
    await pause(waitMs, undefined, { signal }).catch(() => undefined);
  }
}

/** True once a worker of the model can be asked at once, or nothing can be done about it now. */
async function warmUp(deps: Parameters<typeof keepWarm>[0], model: string): Promise<boolean> {
  if (deps.directory.workersOf(model).length === 0) {
    return false;
  }
  const supplied = deps.auctions.want(model);
  if (supplied === "held" || supplied === "underWay" || !opensByName(deps.policy)) {
    return true;
  }
  const [best] = ranked(deps, { model });
  if (best === undefined) {
    return false;
  }
  try {
    await deps.sessions.ensure(best);
    return true;
  } catch (thrown) {
    const { code, message } = toCocoonError(thrown);
    deps.log.warn({ msg: "no job kept open", model, provider: best.provider, code, detail: message });
    return true;
  }
}
