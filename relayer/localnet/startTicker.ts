import { toCocoonError } from "../errors";
import type { Log } from "../observe/log";
import type { Chain } from "./chain/createChain";
import type { Faults } from "./faults";

/** Produces a block every `blockMs`; a block that takes longer delays the next one. With 0 it does nothing. */
export function startTicker(deps: {
  readonly chain: Pick<Chain, "mine">;
  readonly faults: Pick<Faults, "level">;
  readonly blockMs: number;
  readonly log: Log;
}): { stop(): Promise<void> } {
  const { chain, faults, blockMs, log } = deps;
  let stopped = blockMs === 0;
  let timer: NodeJS.Timeout | undefined;
  let mining: Promise<unknown> = Promise.resolve();

  const tick = (): void => {
    const startedAt = performance.now();
    const block = faults.level("stopBlocks") > 0 ? Promise.resolve() : chain.mine();
    mining = block
      .catch((thrown: unknown) => log.error({ msg: "mining failed", error: toCocoonError(thrown).message }))
      .then(() => schedule(Math.max(0, blockMs - (performance.now() - startedAt))));
  };
  const schedule = (ms: number): void => {
    if (!stopped) {
      timer = setTimeout(tick, ms);
    }
  };

  schedule(blockMs);
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await mining;
    },
  };
}
