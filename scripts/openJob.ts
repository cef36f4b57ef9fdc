import { randomBytes } from "node:crypto";
import { beginCell } from "@ton/core";
import { contractCodes } from "../wrappers/codes";
import { readDeployment } from "../wrappers/deployments";
import { JOB_STATES, jobEscrow } from "../wrappers/JobEscrow";
import { loadProviderCatalog, storeJobService } from "../wrappers/messages";
import { NetworkRegistry } from "../wrappers/NetworkRegistry";
import { ProviderStake } from "../wrappers/ProviderStake";
import {
  askAddress,
  askAmount,
  askHash,
  confirmSend,
  readJobCodeForm,
  type ScriptHost,
  senderAddress,
  waitFor,
} from "../wrappers/scripting";

const ACCEPT_SECONDS = 3_600;
const JOB_SECONDS = 7 * 86_400;

/**
 * openJob PROVIDER MODEL BUDGET SESSION_KEY [WORKER]: opens a session at the provider's own prices.
 * The secret half of SESSION_KEY (Ed25519, hex) must be where requests will be signed.
 */
export async function run(provider: ScriptHost, args: string[]): Promise<void> {
  const { networkRegistry } = readDeployment();
  const stake = provider.open(
    ProviderStake.fromAddress(await askAddress(provider, args, 0, "ProviderStake")),
  );
  const model = await askHash(provider, args, 1, "Model hash");
  const budget = await askAmount(provider, args, 2, "Budget");
  const sessionPublicKey = await askHash(provider, args, 3, "Session public key");
  const { owner, index } = await stake.getProviderState();
  const catalog = await stake.getCatalog();
  const offer = catalog === null ? undefined : loadProviderCatalog(catalog.beginParse()).offers.get(model);
  if (offer === undefined) {
    throw new Error("This provider does not offer that model: look at its offers with showProvider.");
  }
  const registry = provider.open(NetworkRegistry.fromAddress(networkRegistry));
  const job = provider.open(
    await jobEscrow({
      registry: networkRegistry,
      developer: senderAddress(provider),
      nonce: BigInt(`0x${randomBytes(8).toString("hex")}`),
      providerCode: (await contractCodes()).provider,
      form: await readJobCodeForm(registry),
    }),
  );
  const now = Math.floor(Date.now() / 1000);
  const fit = [...(await stake.getWorkers())].find(
    ([, { modelHash, expiresAt }]) => modelHash === model && expiresAt > BigInt(now),
  );
  const worker = args[4] ?? fit?.[0].toString(16) ?? "0";
  const value = budget + (await registry.getMinValueToOpenJob());

  await confirmSend(provider, { action: "Open a job", to: job.address, valueNano: value });
  await job.send(
    provider.sender(),
    { value },
    {
      $$type: "OpenJob",
      queryId: 0n,
      kind: 0n,
      budget,
      acceptBy: BigInt(now + ACCEPT_SECONDS),
      deadline: BigInt(now + JOB_SECONDS),
      owner,
      index,
      worker: BigInt(`0x${worker}`),
      sessionPublicKey,
      service: beginCell()
        .store(storeJobService({ $$type: "JobService", modelHash: model, prices: offer.prices }))
        .endCell(),
    },
  );
  await waitFor("The job", async () => (await job.getJobState()).state !== 2n);
  provider
    .ui()
    .write(`JobEscrow  ${job.address.toString()}  ${JOB_STATES[Number((await job.getJobState()).state)]}`);
}
