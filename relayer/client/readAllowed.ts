import { AttestationRegistry } from "../../wrappers/AttestationRegistry";
import { openContract } from "../chain";
import type { Allowed } from "./checkWorker";
import type { ClientDeps } from "./deps";
import { hex256 } from "./readProvider";

/** The AttestationRegistry's lists and policy epoch. */
export async function readAllowed(deps: Pick<ClientDeps, "reader" | "network">): Promise<Allowed> {
  const registry = openContract(
    deps.reader,
    AttestationRegistry.fromAddress(deps.network.attestationRegistry),
  );
  const [state, images, models] = await Promise.all([
    registry.getAttestationState(),
    registry.getImages(),
    registry.getModels(),
  ]);
  return {
    epoch: Number(state.epoch),
    images: new Map(images.keys().map((hash) => [hex256(hash), Number(images.get(hash)?.expiresAt ?? 0n)])),
    tiers: new Map(images.keys().map((hash) => [hex256(hash), Number(images.get(hash)?.tier ?? 0n)])),
    models: new Set(
      models
        .keys()
        .filter((hash) => models.get(hash) === true)
        .map(hex256),
    ),
  };
}
