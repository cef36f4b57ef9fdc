import type { JobState } from "../../wrappers/JobEscrow";
import { type JobTerms, loadJobService } from "../../wrappers/messages";
import { fromHex, type JobAddress, primitives, toHex, toRawAddress } from "../protocol";
import type { ClientDeps } from "./deps";
import { hex256 } from "./readProvider";
import { createSession, type Session } from "./session";

/** A job's fields and terms as its getters tell them, and what they do not tell. */
export interface JobWithTerms {
  readonly address: JobAddress;
  /** Of its session key [32]. */
  readonly seed: Uint8Array;
  readonly fields: JobState;
  readonly terms: JobTerms;
  readonly endpoint: string;
  readonly model: string;
}

/** True if the seed is that of the session key in the terms. */
export function isKeyOf({ seed, terms }: Pick<JobWithTerms, "seed" | "terms">): boolean {
  return hex256(terms.sessionPublicKey) === toHex(primitives.ed25519PublicKey(seed));
}

/** The session of a job that has a provider: whose, and at which prices, the chain says. */
export function sessionOfTerms(
  deps: Pick<ClientDeps, "network" | "clock">,
  { address, seed, fields, terms, endpoint, model }: JobWithTerms,
): Session {
  // An auctioned job's service begins as any other's, with the winner's prices.
  const { modelHash, prices } = loadJobService(terms.service.beginParse());
  return createSession({
    address,
    terms: {
      networkId: deps.network.globalId,
      job: address,
      provider: toRawAddress(terms.provider.toRawString()),
      modelHash: fromHex(hex256(modelHash), 32),
      sessionPublicKey: primitives.ed25519PublicKey(seed),
      promptPrice: prices.prompt,
      cachedPrice: prices.cached,
      completionPrice: prices.completion,
      reasoningPrice: prices.reasoning,
    },
    seed,
    endpoint,
    model,
    modelHash: hex256(modelHash),
    nonce: fields.nonce,
    developer: fields.developer.toRawString(),
    acceptBySeconds: Number(terms.acceptBy),
    deadlineSeconds: Number(terms.deadline),
    state: "active",
    budgetNano: fields.budget,
    lastUsedMs: deps.clock.nowMs(),
  });
}
