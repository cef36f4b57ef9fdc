import type { QuoteSource } from "../attestation/sources/quoteSource";
import { FinalError } from "../errors";
import type { Clock } from "../observe/clock";
import { MAX_BIND_SECONDS, toWorkerKey, type WorkerKey } from "../protocol";
import { createIdentity, type Identity, type NetworkIdentity } from "./identity";
import { createWorkerKeys, type WorkerKeys } from "./keys";
import { createLaneBook, type LaneBook } from "./laneBook";

/** New keys are made only for those whose life is half over, so that at most three generations live at once. */
const RENEW_SECONDS = MAX_BIND_SECONDS / 2;

/** One set of keys, the statement that vouches for them, and the logs that they sign. They live and die together. */
export interface Generation {
  readonly key: WorkerKey;
  readonly keys: WorkerKeys;
  readonly identity: Identity;
  readonly lanes: LaneBook;
}

/** The worker's keys over time: the newest, and older ones until their statements end. */
export interface Generations {
  current(): Generation;
  /** Older ones that still serve, the newest first. */
  former(): readonly Generation[];
  /** Throws `STALE_KEY` for a key that is not, or no longer, this worker's. */
  find(key: WorkerKey): Generation;
  /**
   * Binds the worker to its network, once; the same network again gives the same answer. When the newest statement's
   * life is half over, new keys are made and bound in its place, and the old ones go on serving until their end.
   */
  bind(network: NetworkIdentity, fresh?: Uint8Array): Promise<Generation>;
}

export function createGenerations(deps: {
  readonly modelHash: Uint8Array;
  readonly configHash: Uint8Array;
  readonly quoteSource: QuoteSource;
  readonly clock: Clock;
}): Generations {
  const make = (): Generation => {
    const keys = createWorkerKeys();
    const identity = createIdentity({ ...deps, keys });
    return { key: toWorkerKey(keys.receiptPublicKey), keys, identity, lanes: createLaneBook() };
  };
  let newest = make();
  let older: readonly Generation[] = [];
  let making: Promise<void> | undefined;

  const nowSeconds = () => Math.floor(deps.clock.nowMs() / 1000);
  const former = () => {
    older = older.filter(({ identity }) => (identity.current()?.notAfter ?? 0) > nowSeconds());
    return older;
  };
  const renew = async (network: NetworkIdentity, fresh: Uint8Array | undefined): Promise<void> => {
    const next = make();
    // Until its quote is there, the old keys are the worker's.
    await next.identity.bind(network, fresh);
    older = [newest, ...former()];
    newest = next;
  };
  return {
    current: () => newest,
    former,
    find(key) {
      const found = [newest, ...former()].find((generation) => generation.key === key);
      if (found === undefined) {
        throw new FinalError(
          "STALE_KEY",
          "The request names another worker key: fetch the attestation again.",
        );
      }
      return found;
    },
    async bind(network, fresh) {
      // Refuses another network than the first one's, whatever the age of the keys.
      const { notAfter } = await newest.identity.bind(network, fresh);
      if (notAfter - nowSeconds() <= RENEW_SECONDS) {
        making ??= renew(network, fresh).finally(() => {
          making = undefined;
        });
        await making;
      }
      return newest;
    },
  };
}
