import { setTimeout as pause } from "node:timers/promises";
import { beginCell } from "@ton/core";
import { type OpenJob, type Prices, storeJobService, storeOpenJob } from "../../wrappers/messages";
import { NetworkRegistry } from "../../wrappers/NetworkRegistry";
import { openContract } from "../chain";
import { FinalError, RetryableError } from "../errors";
import { fromHex, primitives, toHex, toJobAddress } from "../protocol";
import { enqueueIntent, saveJob, saveSession } from "../store";
import type { VerifiedWorker } from "./checkWorker";
import { type ClientDeps, nowSeconds } from "./deps";
import { jobIntent, newJob, requireBalance, stateInitOf, walletOf } from "./jobMessages";
import { uint256 } from "./readProvider";
import { noProvider, readProviderRules, weaknessOf } from "./rules";
import { createSession, type Session } from "./session";
import { jobOf, newSessionKey } from "./sessionRows";
import { type SyncDeps, syncSession } from "./syncSession";

const POLL_MS = 250;

/**
 * Decides on a new job with this worker and queues its opening. Key, job and message are stored in one transaction, so
 * that a crash loses none of them and a restart goes on with this job instead of opening another.
 */
export async function openSession(
  deps: ClientDeps,
  {
    worker,
    budgetNano,
    follows,
  }: {
    readonly worker: VerifiedWorker;
    readonly budgetNano: bigint;
    /** The job that this one shall follow. */
    readonly follows?: string | undefined;
  },
): Promise<Session> {
  // What was read of it a while ago may have changed since.
  const weakness = weaknessOf(deps.policy, await readProviderRules(deps.reader, worker.provider));
  if (weakness !== undefined) {
    throw noProvider(worker.model, [{ weakness }]);
  }
  const network = openContract(deps.reader, NetworkRegistry.fromAddress(deps.network.registry));
  const valueNano = budgetNano + (await network.getMinValueToOpenJob());
  await requireBalance(deps, valueNano);
  const nonce = BigInt(`0x${toHex(primitives.randomBytes(8))}`);
  const contract = await newJob(deps, nonce);
  const address = toJobAddress(contract.address.toRawString());
  const { seed, publicKey } = newSessionKey();
  const acceptBySeconds = nowSeconds(deps) + deps.policy.acceptSeconds;
  const session = createSession({
    address,
    terms: {
      networkId: deps.network.globalId,
      job: address,
      provider: worker.provider,
      modelHash: fromHex(worker.modelHash, 32),
      sessionPublicKey: publicKey,
      ...worker.prices,
    },
    seed,
    endpoint: worker.endpoint,
    model: worker.model,
    modelHash: worker.modelHash,
    nonce,
    developer: walletOf(deps).address.toRawString(),
    acceptBySeconds,
    deadlineSeconds: Math.max(acceptBySeconds, nowSeconds(deps) + deps.policy.jobSeconds),
    follows,
    state: "opening",
    budgetNano,
    lastUsedMs: deps.clock.nowMs(),
  });
  session.binds.set(worker.key, worker.bind);
  const intent = jobIntent(deps, {
    key: `open:${address}`,
    job: address,
    valueNano,
    init: stateInitOf(contract),
    body: storeOpenJob(openingOf(session, worker)),
  });
  await deps.store.transaction(async (tx) => {
    const sealedSecret = deps.secretBox.seal(address, seed);
    await saveSession(tx, { session: { job: address, publicKey: toHex(publicKey), sealedSecret } });
    await saveJob(tx, { job: jobOf(session) });
    await enqueueIntent(tx, { intent });
  });
  deps.log.info({ msg: "job opening", job: address, provider: worker.provider, budgetNano, follows });
  return session;
}

function openingOf(session: Session, worker: VerifiedWorker): OpenJob {
  const { promptPrice, cachedPrice, completionPrice, reasoningPrice } = worker.prices;
  const prices: Prices = {
    $$type: "Prices",
    prompt: promptPrice,
    cached: cachedPrice,
    completion: completionPrice,
    reasoning: reasoningPrice,
  };
  return {
    $$type: "OpenJob",
    queryId: 0n,
    kind: 0n,
    budget: session.budgetNano,
    acceptBy: BigInt(session.acceptBySeconds),
    deadline: BigInt(session.deadlineSeconds),
    owner: worker.owner,
    index: BigInt(worker.ownerIndex),
    worker: uint256(worker.key),
    sessionPublicKey: uint256(toHex(session.terms.sessionPublicKey)),
    service: beginCell()
      .store(storeJobService({ $$type: "JobService", modelHash: uint256(worker.modelHash), prices }))
      .endCell(),
  };
}

/** Waits, no longer than the policy says and until `signal`, until the provider has accepted. */
export async function awaitActive(deps: SyncDeps, session: Session, signal?: AbortSignal): Promise<void> {
  const until = Date.now() + deps.policy.openWaitMs;
  while (Date.now() < until && signal?.aborted !== true) {
    await syncSession(deps, session);
    switch (session.state) {
      case "active":
        return;
      case "opening":
        await pause(POLL_MS);
        break;
      case "refused":
      case "releasing":
      case "closing":
      case "closed":
        throw new RetryableError(
          "NO_PROVIDER",
          "The provider did not accept the job, or under rules that the policy refuses.",
          {
            job: session.address,
          },
        );
      default: {
        const impossible: never = session.state;
        throw new FinalError("INTERNAL", `A job has an impossible state: ${String(impossible)}`);
      }
    }
  }
  throw new RetryableError("CHAIN_TIMEOUT", "The job is not open yet: try again.", { job: session.address });
}
