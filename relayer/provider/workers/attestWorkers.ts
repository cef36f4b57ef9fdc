import { ProviderStake } from "../../../wrappers";
import { evidenceSchema } from "../../attestation/evidence";
import { askRegistry, quoteAdvice, readQuoteFacts } from "../../attestation/submit";
import { openContract } from "../../chain";
import { FinalError, toCocoonError } from "../../errors";
import type { LogEntry } from "../../observe/log";
import { fromBase64, toRawAddress } from "../../protocol";
import { type Context, nowSeconds } from "../context";
import { type Attempts, createAttempts } from "./attempts";
import { type ChainPolicy, readChainPolicy } from "./chainPolicy";
import { allKeys } from "./formerKeys";
import type { Identity } from "./identity";
import { createImageWatch } from "./imageWatch";
import type { WorkerEntry } from "./pool";
import { type QuotedWorker, submitQuote } from "./submitQuote";
import { submitStatement } from "./submitStatement";
import { isStruck } from "./workerEntry";

export interface Attester {
  /** Every worker that lives is bound to this provider and stands attested in its contract, or soon will. */
  round(): Promise<void>;
}

interface Deps {
  readonly context: Context;
  readonly attempts: Attempts;
  readonly attestorUrls: readonly string[];
  /** Logs each problem once, not at every round. */
  readonly tell: (key: string, line: LogEntry) => void;
}

export function createAttester(context: Context, attestorUrls: readonly string[]): Attester {
  let policy: ChainPolicy | undefined;
  const told = new Set<string>();
  const images = createImageWatch(context);
  const deps: Deps = {
    context,
    attestorUrls,
    attempts: createAttempts(context, () => known(policy).registry),
    tell(key, line) {
      if (!told.has(key)) {
        told.add(key);
        context.log.error(line);
      }
    },
  };
  return {
    async round() {
      const now = await readChainPolicy(context);
      policy = now;
      await readAttested(context);
      await images.look(now.registry);
      const rounds = context.pool.all().map(async (entry) => {
        try {
          await attestWorker(deps, entry, now);
        } catch (error) {
          const { code, message } = toCocoonError(error);
          context.log.warn({ msg: "worker not attested", url: entry.url, code, detail: message });
        }
      });
      await Promise.all(rounds);
    },
  };
}

function known(policy: ChainPolicy | undefined): ChainPolicy {
  if (policy === undefined) {
    throw new FinalError("INTERNAL", "The network's policy has not been read yet.");
  }
  return policy;
}

async function attestWorker(deps: Deps, entry: WorkerEntry, policy: ChainPolicy): Promise<void> {
  const { context, attempts, attestorUrls, tell } = deps;
  if (!entry.alive) {
    return;
  }
  await bindWorker(context, entry, policy);
  const { identity, onChain } = entry;
  if (identity?.bindBytes === undefined || identity.bind === undefined) {
    return;
  }
  if (isStruck(entry)) {
    const worker = identity.receiptKey;
    const detail = "A lie of its was proved. Find out what made it sign; a restarted worker has other keys.";
    tell(`struck:${worker}`, { msg: "the worker's key is struck off", worker, detail });
    return;
  }
  const now = nowSeconds(context.clock);
  const stands = onChain !== undefined && onChain.epoch === policy.epoch && onChain.expiresAt > now;
  if (stands && onChain.expiresAt > now + context.policy.renewBeforeSeconds) {
    return;
  }
  const quoted = await readQuoted(context, { entry, identity, bindBytes: identity.bindBytes, policy });
  const until = Math.min(identity.bind.notAfter, quoted?.until ?? Number.POSITIVE_INFINITY);
  if (stands && onChain.expiresAt >= until) {
    return; // a new one would not last longer
  }
  if (quoted === undefined || (!quoted.isListed && attestorUrls.length > 0)) {
    await submitStatement(deps.context, attempts, { identity, policy, urls: attestorUrls });
    return;
  }
  await quote(deps, quoted);
}

/** Bound to this provider, with keys that live long enough to be worth an attestation. */
async function bindWorker(context: Context, entry: WorkerEntry, policy: ChainPolicy): Promise<void> {
  const registry = toRawAddress(policy.registry.toRawString());
  const { bind } = entry.identity ?? {};
  const isOurs = bind?.provider === context.providerRaw && bind.registry === registry;
  if (!isOurs || bind.notAfter <= nowSeconds(context.clock) + context.policy.renewBeforeSeconds) {
    await context.pool.bind(entry, { networkId: context.networkId, registry, provider: context.providerRaw });
  }
}

interface Quoted extends QuotedWorker {
  /** Whether the registry takes quotes of such machines at all. */
  readonly isListed: boolean;
  /** When an attestation by this quote would end. */
  readonly until: number;
}

/** What the chain can verify of this worker; undefined for a platform that it cannot. */
async function readQuoted(
  context: Context,
  worker: {
    readonly entry: WorkerEntry;
    readonly identity: Identity;
    readonly bindBytes: Uint8Array;
    readonly policy: ChainPolicy;
  },
): Promise<Quoted | undefined> {
  const { entry, identity, bindBytes, policy } = worker;
  const evidence = evidenceSchema.safeParse(identity.evidence).data;
  if (evidence?.kind !== "tdx") {
    return undefined;
  }
  const facts = readQuoteFacts(fromBase64(evidence.quote));
  const view = await askRegistry(context.reader, policy.registry, {
    facts,
    modelHash: identity.modelHash,
    nowSeconds: nowSeconds(context.clock),
  });
  const until = Math.min(view.imageUntil ?? 0, facts.certificateUntil);
  const quoted = { entry, identity: { ...identity, bindBytes }, facts, view, policy };
  return { ...quoted, isListed: view.isMachineListed, until };
}

async function quote({ context, attempts, tell }: Deps, worker: Quoted): Promise<void> {
  const { identity, view, policy } = worker;
  const place = { worker: identity.receiptKey, epoch: policy.epoch };
  if (view.problem !== undefined) {
    const why = quoteAdvice(view.problem);
    const key = `${identity.receiptKey}:${policy.epoch}:${view.mark}:${view.problem}`;
    tell(key, { msg: "the network would refuse this worker's quote: it is not sent", ...place, ...why });
    return;
  }
  const state = await submitQuote(context, attempts, worker);
  if (state === "underway") {
    return;
  }
  const why = state.refused === undefined ? { advice: "too many attempts" } : quoteAdvice(state.refused);
  tell(state.key, { msg: "the chain refused a worker's quote", ...place, ...why });
}

/** What the provider's contract says about the workers, now. */
async function readAttested(context: Context): Promise<void> {
  const workers = await openContract(
    context.reader,
    ProviderStake.fromAddress(context.provider),
  ).getWorkers();
  for (const entry of allKeys(context)) {
    const key = entry.identity?.receiptKey;
    const found = key === undefined ? undefined : workers.get(BigInt(`0x${key}`));
    const before = entry.onChain;
    entry.onChain =
      found === undefined
        ? undefined
        : {
            expiresAt: Number(found.expiresAt),
            epoch: Number(found.epoch),
            hpkeKeyHash: found.hpkeKeyHash,
            imageHash: found.imageHash,
          };
    if (entry.onChain?.expiresAt !== before?.expiresAt || entry.onChain?.epoch !== before?.epoch) {
      const { expiresAt, epoch } = entry.onChain ?? {};
      context.log.info({ msg: "worker's attestation changed", worker: key, expiresAt, epoch });
      context.kick.lanes();
    }
  }
}
