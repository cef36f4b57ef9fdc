import { startAttestor } from "../attestation";
import { loadEnvironment, readConfig } from "../config";
import { FinalError } from "../errors";
import { systemClock } from "../observe/clock";
import { createLog } from "../observe/log";
import { fromHex, toRawAddress } from "../protocol";
import { quoteVerifierOf } from "./attestation";
import { runUntilSignal } from "./runUntilSignal";

export async function attestor(): Promise<void> {
  const config = readConfig("attestor", loadEnvironment());
  const running = await startAttestor({
    host: config.COCOON_HOST,
    port: config.COCOON_ATTESTOR_PORT,
    networkId: config.COCOON_GLOBAL_ID,
    registry: toRawAddress(config.COCOON_ATTESTATION_REGISTRY.toRawString()),
    attestors: config.COCOON_ATTESTOR_SEEDS.map((pair) => {
      const [index, seed] = splitPair("COCOON_ATTESTOR_SEEDS", pair);
      return { index: Number(index), seed: fromHex(seed, 32) };
    }),
    policy: {
      images: config.COCOON_ALLOWED_IMAGES.map((pair) => {
        const [hash, expiresAt] = splitPair("COCOON_ALLOWED_IMAGES", pair);
        return { hash: fromHex(hash, 32), expiresAt: Number(expiresAt) };
      }),
      models: config.COCOON_ALLOWED_MODELS.map((hash) => fromHex(hash, 32)),
      developmentPlatforms: config.COCOON_DEV_PLATFORM_KEYS.map((key) => fromHex(key, 32)),
    },
    quotes: quoteVerifierOf(config),
    log: createLog({ name: "attestor", level: config.COCOON_LOG_LEVEL }),
    clock: systemClock,
  });
  await runUntilSignal(running);
}

function splitPair(variable: string, pair: string): readonly [string, string] {
  const [left, right, ...rest] = pair.split(":");
  if (left === undefined || right === undefined || rest.length > 0) {
    throw new FinalError(
      "CONFIG_INVALID",
      `${variable} must be pairs joined by a colon, separated by commas.`,
    );
  }
  return [left, right];
}
