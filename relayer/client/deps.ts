import type { Address } from "@ton/core";
import type { ChainReader, Wallet } from "../chain";
import type { Clock } from "../observe/clock";
import type { Log } from "../observe/log";
import type { Store } from "../store";
import type { VerifiedWorker } from "./checkWorker";
import type { Policy } from "./policy";
import type { ProviderHttp } from "./providerHttp";
import type { SecretBox } from "./secretBox";

export interface NetworkIdentity {
  /** TON global id; part of everything that is signed. */
  readonly globalId: number;
  readonly registry: Address;
  readonly attestationRegistry: Address;
}

/** Looks at a worker's evidence (a quote) beyond what the chain attests; throws `ATTESTATION_REFUSED`. */
export type VerifyEvidence = (claim: {
  readonly worker: VerifiedWorker;
  readonly evidence: unknown;
}) => Promise<void>;

export interface ClientDeps {
  readonly store: Store;
  readonly reader: ChainReader;
  /**
   * Whose money opens jobs; an outbox for it runs over the same store. Undefined: jobs are opened elsewhere and handed
   * over with their session keys.
   */
  readonly wallet: Pick<Wallet, "address"> | undefined;
  readonly http: ProviderHttp;
  readonly secretBox: SecretBox;
  readonly network: NetworkIdentity;
  readonly policy: Policy;
  readonly log: Log;
  readonly clock: Clock;
  readonly verifyEvidence?: VerifyEvidence;
}

/** Unix seconds of the client's clock. */
export function nowSeconds(deps: Pick<ClientDeps, "clock">): number {
  return Math.floor(deps.clock.nowMs() / 1000);
}
