import { Address, toNano } from "@ton/core";
import { attestationRegistry } from "../wrappers/AttestationRegistry";
import { planParams, planQuotes, readPlan, writeDeployment } from "../wrappers/deployments";
import { networkRegistry } from "../wrappers/NetworkRegistry";
import { confirmSend, publishJobCode, type ScriptHost, senderAddress, waitFor } from "../wrappers/scripting";

const RENT = toNano("0.2");
/** A year of the library's rent at the masterchain's prices of June 2026, and its deployment. */
const LIBRARY_TON = "45";

/** Deploys AttestationRegistry and NetworkRegistry; the wallet becomes governor. Parameters: COCOON_NETWORK_PLAN. */
export async function run(provider: ScriptHost): Promise<void> {
  const plan = readPlan();
  const governor = senderAddress(provider);
  const guardian = Address.parse(plan.guardian);
  const attestation = provider.open(
    await attestationRegistry({
      governor,
      guardian,
      timelockSeconds: plan.timelockSeconds,
      attestors: plan.attestors.map((key) => Buffer.from(key, "hex")),
      threshold: plan.threshold,
      images: plan.images.map((image) => ({ ...image, hash: BigInt(`0x${image.hash}`) })),
      models: plan.models.map((hash) => BigInt(`0x${hash}`)),
      quotes: planQuotes(plan),
    }),
  );
  const network = provider.open(
    await networkRegistry({
      governor,
      guardian,
      timelockSeconds: plan.timelockSeconds,
      params: planParams(plan, attestation.address),
      jobCode: plan.jobCode,
    }),
  );

  if (plan.jobCode !== "whole") {
    await publishJobCode(provider, toNano(plan.libraryTon ?? LIBRARY_TON));
  }
  await confirmSend(provider, {
    action: "Deploy AttestationRegistry",
    to: attestation.address,
    valueNano: RENT,
  });
  await attestation.send(provider.sender(), { value: RENT }, null);
  await waitFor("AttestationRegistry", () => provider.isContractDeployed(attestation.address));
  await confirmSend(provider, { action: "Deploy NetworkRegistry", to: network.address, valueNano: RENT });
  await network.send(provider.sender(), { value: RENT }, null);
  await waitFor("NetworkRegistry", () => provider.isContractDeployed(network.address));

  const file = writeDeployment({
    globalId: plan.globalId,
    networkRegistry: network.address,
    attestationRegistry: attestation.address,
  });
  provider.ui().write(`NetworkRegistry      ${network.address.toString()}`);
  provider.ui().write(`AttestationRegistry  ${attestation.address.toString()}`);
  provider.ui().write(`Written to ${file}`);
}
