import {
  type CollateralSource,
  createConfigfsTsmSource,
  createDevelopmentSource,
  createDstackSource,
  createFileCollateral,
  createPccsCollateral,
  createQuoteVerifier,
  createTdxDevelopmentSource,
  INTEL_ROOT_KEY,
  type QuoteSource,
  type QuoteVerifier,
  type TcbPolicy,
} from "../attestation";
import type { Config } from "../config";
import { FinalError } from "../errors";
import { systemClock } from "../observe/clock";
import { fromHex } from "../protocol";

/** Where this worker gets its quotes. */
export function quoteSourceOf(config: Config<"worker">): QuoteSource {
  switch (config.COCOON_QUOTE_SOURCE) {
    case "configfs-tsm":
      return createConfigfsTsmSource();
    case "dstack":
      return createDstackSource({ socketPath: config.COCOON_DSTACK_SOCKET });
    case "tdx-development":
      return createTdxDevelopmentSource({
        rootSeed: fromHex(needed(config, "COCOON_TDX_DEV_ROOT_SEED"), 32),
        image: config.COCOON_TDX_DEV_IMAGE,
      });
    case "development":
      return createDevelopmentSource({
        seed: fromHex(needed(config, "COCOON_DEV_PLATFORM_SEED"), 32),
        imageHash: fromHex(needed(config, "COCOON_IMAGE_HASH"), 32),
      });
    default: {
      const impossible: never = config.COCOON_QUOTE_SOURCE;
      throw new TypeError(`unknown quote source ${String(impossible)}`);
    }
  }
}

interface CollateralConfig {
  readonly COCOON_COLLATERAL_FILE?: string | undefined;
  readonly COCOON_PCCS_URL?: string | undefined;
}

/** Where what Intel has published is had; undefined where nothing is named. */
export function collateralSourceOf(config: CollateralConfig): CollateralSource | undefined {
  const { COCOON_COLLATERAL_FILE: file, COCOON_PCCS_URL: url } = config;
  if (file !== undefined) {
    return createFileCollateral(file);
  }
  return url === undefined ? undefined : createPccsCollateral({ url, clock: systemClock });
}

/** What verifies TDX quotes here; undefined where no collateral can be had, and then they are all refused. */
export function quoteVerifierOf(
  config: CollateralConfig & { readonly COCOON_TDX_ROOT_KEY?: string | undefined },
  policy: { readonly tcb?: TcbPolicy; readonly minEvaluationNumber?: number } = {},
): QuoteVerifier | undefined {
  const { COCOON_TDX_ROOT_KEY: root } = config;
  const collateral = collateralSourceOf(config);
  const rootKey = root === undefined ? INTEL_ROOT_KEY : fromHex(root, 64);
  return collateral === undefined ? undefined : createQuoteVerifier({ rootKey, collateral, ...policy });
}

function needed<N extends "COCOON_TDX_DEV_ROOT_SEED" | "COCOON_DEV_PLATFORM_SEED" | "COCOON_IMAGE_HASH">(
  config: Config<"worker">,
  name: N,
): string {
  const value = config[name];
  if (value === undefined) {
    throw new FinalError("CONFIG_INVALID", `The worker cannot start. ${name} is needed by its quote source.`);
  }
  return value;
}
