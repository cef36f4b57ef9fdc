import type { NetworkProvider } from "@ton/blueprint";
import { fromNano } from "@ton/core";
import { AttestationRegistry } from "../wrappers/AttestationRegistry";
import { readDeployment } from "../wrappers/deployments";
import { NetworkRegistry } from "../wrappers/NetworkRegistry";

/** showNetwork: parameters, offices and allow-lists. */
export async function run(provider: NetworkProvider): Promise<void> {
  const ui = provider.ui();
  const deployment = readDeployment();
  const network = provider.open(NetworkRegistry.fromAddress(deployment.networkRegistry));
  const attestation = provider.open(AttestationRegistry.fromAddress(deployment.attestationRegistry));
  const state = await network.getNetworkState();
  const params = await network.getNetworkParams();
  const policy = await attestation.getAttestationState();

  ui.write(`NetworkRegistry      ${deployment.networkRegistry.toString()}${state.paused ? "  PAUSED" : ""}`);
  ui.write(`AttestationRegistry  ${deployment.attestationRegistry.toString()}`);
  ui.write(`governor             ${state.governor.toString()}  (changes wait ${state.timelockSeconds} s)`);
  ui.write(`guardian             ${state.guardian.toString()}`);
  ui.write(`treasury             ${params.treasury.toString()}`);
  ui.write(
    `fee, bond            ${Number(params.feeBps) / 100} %, ${Number(params.bondBps) / 100} % of a job`,
  );
  ui.write(`least stake          ${fromNano(params.minStake)} TON, unbonds in ${params.unbondingSeconds} s`);
  ui.write(`windows              challenge ${params.challengeSeconds} s, close ${params.closeSeconds} s`);
  ui.write(
    `attestors            ${policy.threshold} of ${(await attestation.getAttestors()).size}, epoch ${policy.epoch}`,
  );
  for (const [hash, rule] of await attestation.getImages()) {
    ui.write(
      `image                ${hash.toString(16).padStart(64, "0")} until ${rule.expiresAt}, tier ${rule.tier}`,
    );
  }
  for (const hash of (await attestation.getModels()).keys()) {
    ui.write(`model                ${hash.toString(16).padStart(64, "0")}`);
  }
}
