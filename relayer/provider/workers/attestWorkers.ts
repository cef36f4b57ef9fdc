import type { Address } from "@ton/core";
import { AttestationRegistry, ProviderStake, statementSignatures } from "../../../wrappers";
import { loadNetworkParams, storeSubmitStatement } from "../../../wrappers/messages";
import { openContract } from "../../chain";
import { FinalError, toCocoonError } from "../../errors";
import { toRawAddress } from "../../protocol";
import { type Context, nowSeconds } from "../context";
import { sendOnce } from "../sendOnce";
import { askAttestors } from "./askAttestors";
import type { WorkerEntry } from "./pool";

interface Policy {
  readonly registry: Address;
  readonly epoch: number;
  readonly threshold: number;
}

/** One round: every worker that lives is bound to this provider and stands attested in its contract, or soon will. */
export async function attestWorkers(context: Context, attestorUrls: readonly string[]): Promise<void> {
  const policy = await readPolicy(context);
  await readAttested(context);
  const rounds = context.pool.all().map(async (entry) => {
    try {
      await attestWorker(context, entry, policy, attestorUrls);
    } catch (error) {
      const { code, message } = toCocoonError(error);
      context.log.warn({ msg: "worker not attested", url: entry.url, code, detail: message });
    }
  });
  await Promise.all(rounds);
}

async function attestWorker(
  context: Context,
  entry: WorkerEntry,
  policy: Policy,
  attestorUrls: readonly string[],
): Promise<void> {
  if (!entry.alive) {
    return;
  }
  const registry = toRawAddress(policy.registry.toRawString());
  const { bind } = entry.identity ?? {};
  const isOurs = bind?.provider === context.providerRaw && bind.registry === registry;
  const renewAt = nowSeconds(context.clock) + context.policy.renewBeforeSeconds;
  if (!isOurs || bind.notAfter <= renewAt) {
    await context.pool.bind(entry, { networkId: context.networkId, registry, provider: context.providerRaw });
  }
  const { identity, onChain } = entry;
  if (identity?.bind === undefined) {
    return;
  }
  const stands =
    onChain !== undefined &&
    onChain.epoch === policy.epoch &&
    onChain.expiresAt > nowSeconds(context.clock) &&
    (onChain.expiresAt > renewAt || onChain.expiresAt >= identity.bind.notAfter);
  if (stands) {
    return;
  }
  const { attestors, minValue } = await readAttestors(context, policy);
  const signed = await askAttestors(context, {
    urls: attestorUrls,
    identity,
    attestors,
    epoch: policy.epoch,
    threshold: policy.threshold,
  });
  const name = signed.statement.hash().toString("hex");
  const state = await sendOnce(context, {
    key: `attest:${identity.receiptKey}:${name}`,
    kind: "attest",
    to: policy.registry,
    valueNano: async () => minValue,
    body: storeSubmitStatement({
      $$type: "SubmitStatement",
      queryId: 0n,
      statement: signed.statement,
      signatures: statementSignatures(signed.signatures),
    }),
  });
  if (state === "bounced") {
    context.log.error({
      msg: "the registry refused a statement",
      worker: identity.receiptKey,
      epoch: policy.epoch,
      detail: "The image or model is not allowed, an attestor was revoked, or its dates have passed.",
    });
  }
}

async function readPolicy(context: Context): Promise<Policy> {
  const params = await openContract(context.reader, ProviderStake.fromAddress(context.provider)).getParams();
  if (params === null) {
    throw new FinalError("CONFIG_INVALID", "The provider is not admitted to the network: register it first.");
  }
  const registry = loadNetworkParams(params.beginParse()).attestationRegistry;
  const contract = openContract(context.reader, AttestationRegistry.fromAddress(registry));
  const state = await contract.getAttestationState();
  return { registry, epoch: Number(state.epoch), threshold: Number(state.threshold) };
}

async function readAttestors(context: Context, policy: Policy) {
  const contract = openContract(context.reader, AttestationRegistry.fromAddress(policy.registry));
  return {
    attestors: await contract.getAttestors(),
    minValue: await contract.getMinValueToSubmitStatement(BigInt(policy.threshold)),
  };
}

/** What the provider's contract says about the workers, now. */
async function readAttested(context: Context): Promise<void> {
  const workers = await openContract(
    context.reader,
    ProviderStake.fromAddress(context.provider),
  ).getWorkers();
  for (const entry of context.pool.all()) {
    const key = entry.identity?.receiptKey;
    const found = key === undefined ? undefined : workers.get(BigInt(`0x${key}`));
    const before = entry.onChain?.expiresAt;
    entry.onChain =
      found === undefined
        ? undefined
        : {
            expiresAt: Number(found.expiresAt),
            epoch: Number(found.epoch),
            hpkeKeyHash: found.hpkeKeyHash,
          };
    if (entry.onChain?.expiresAt !== before) {
      context.log.info({
        msg: "worker's attestation changed",
        worker: key,
        expiresAt: entry.onChain?.expiresAt,
      });
      context.kick.lanes();
    }
  }
}
