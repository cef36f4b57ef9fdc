import type { Evidence } from "../attestation/evidence";
import type { QuoteSource } from "../attestation/sources/quoteSource";
import { FinalError } from "../errors";
import type { Clock } from "../observe/clock";
import {
  type BindStatement,
  encodeBind,
  hashBind,
  MAX_BIND_SECONDS,
  primitives,
  type RawAddress,
  reportData,
} from "../protocol";
import type { WorkerKeys } from "./keys";

/** The network that a worker joins: told to it after boot, once. */
export interface NetworkIdentity {
  readonly provider: RawAddress;
  /** The AttestationRegistry. */
  readonly registry: RawAddress;
  readonly networkId: number;
}

/** A worker that belongs to a provider and can prove it. */
export interface BoundIdentity extends NetworkIdentity {
  readonly bind: Uint8Array;
  readonly bindHash: Uint8Array;
  readonly evidence: Evidence;
  /** Unix seconds. From then on these keys refuse requests. */
  readonly notAfter: number;
}

export interface Identity {
  /** Undefined until bound. */
  current(): BoundIdentity | undefined;
  /** As `current`; throws `WORKER_UNAVAILABLE` before it is bound, `STALE_KEY` after its end. */
  required(nowSeconds: number): BoundIdentity;
  /**
   * Makes the bind statement and gets its quote. The same network again gives the same answer; another one is refused
   * with `BAD_REQUEST`. `fresh` [32] proves the quote's age; random where the caller has nothing to show.
   */
  bind(network: NetworkIdentity, fresh?: Uint8Array): Promise<BoundIdentity>;
  /** Evidence for the same statement, made now over another `fresh` [32]. */
  show(bound: BoundIdentity, fresh: Uint8Array): Promise<Evidence>;
}

export function createIdentity(deps: {
  readonly keys: WorkerKeys;
  readonly modelHash: Uint8Array;
  readonly configHash: Uint8Array;
  readonly quoteSource: QuoteSource;
  readonly clock: Clock;
}): Identity {
  let chosen: NetworkIdentity | undefined;
  let making: Promise<BoundIdentity> | undefined;
  let bound: BoundIdentity | undefined;

  const make = async (network: NetworkIdentity, fresh: Uint8Array): Promise<BoundIdentity> => {
    const notBefore = Math.floor(deps.clock.nowMs() / 1000);
    const statement: BindStatement = {
      tee: deps.quoteSource.tee,
      networkId: network.networkId,
      registry: network.registry,
      hpkePublicKey: deps.keys.hpkePublicKey,
      receiptPublicKey: deps.keys.receiptPublicKey,
      provider: network.provider,
      modelHash: deps.modelHash,
      gpuDigest: undefined,
      configHash: deps.configHash,
      notBefore,
      notAfter: notBefore + MAX_BIND_SECONDS,
    };
    const bind = encodeBind(statement);
    const bindHash = hashBind(bind);
    const evidence = await deps.quoteSource.quote(reportData(bindHash, fresh));
    return { ...network, bind, bindHash, evidence, notAfter: statement.notAfter };
  };

  return {
    current: () => bound,
    required(nowSeconds) {
      if (bound === undefined) {
        throw new FinalError("WORKER_UNAVAILABLE", "The worker is not bound to a provider yet.");
      }
      if (nowSeconds >= bound.notAfter) {
        throw new FinalError("STALE_KEY", "The worker's keys have reached their end.", {
          notAfter: bound.notAfter,
        });
      }
      return bound;
    },
    show: ({ bindHash }, fresh) => deps.quoteSource.quote(reportData(bindHash, fresh)),
    async bind(network, fresh) {
      if (chosen !== undefined && !isSame(chosen, network)) {
        throw new FinalError("BAD_REQUEST", "The worker is bound to another network or provider.");
      }
      chosen = network;
      making ??= make(network, fresh ?? primitives.randomBytes(32));
      try {
        bound = await making;
        return bound;
      } catch (thrown) {
        // A quote that failed binds nothing: the caller may try again.
        making = undefined;
        chosen = undefined;
        throw thrown;
      }
    },
  };
}

function isSame(left: NetworkIdentity, right: NetworkIdentity): boolean {
  return (
    left.provider === right.provider && left.registry === right.registry && left.networkId === right.networkId
  );
}
