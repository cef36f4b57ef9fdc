import type { Address } from "@ton/core";
import { AttestationRegistry } from "../../../wrappers";
import { openContract } from "../../chain";
import { type Context, nowSeconds } from "../context";

/** Lists change by timelock: once in ten minutes is soon enough. */
const LOOK_SECONDS = 600;
const DAY_SECONDS = 86_400;

export interface ImageWatch {
  /** Shows until when the network allows the images that serve here, and warns once a day when that is near. */
  look(registry: Address): Promise<void>;
}

export function createImageWatch(
  context: Pick<Context, "reader" | "pool" | "policy" | "metrics" | "log" | "clock">,
): ImageWatch {
  let lookedAt = Number.NEGATIVE_INFINITY;
  const warnedOn = new Map<string, number>();
  const serving = () =>
    new Set(context.pool.all().flatMap(({ onChain }) => (onChain === undefined ? [] : [onChain.imageHash])));
  let shown = "";
  return {
    async look(registry) {
      const now = nowSeconds(context.clock);
      const hashes = serving();
      const list = [...hashes].join();
      if (now < lookedAt + LOOK_SECONDS && list === shown) {
        return;
      }
      const images = await openContract(
        context.reader,
        AttestationRegistry.fromAddress(registry),
      ).getImages();
      lookedAt = now;
      shown = list;
      context.metrics.imageExpires.reset();
      for (const hash of hashes) {
        const image = hash.toString(16).padStart(64, "0");
        const until = Number(images.get(hash)?.expiresAt ?? 0n);
        context.metrics.imageExpires.set({ image }, until);
        const today = Math.floor(now / DAY_SECONDS);
        if (until - now <= context.policy.warnImageSeconds && warnedOn.get(image) !== today) {
          warnedOn.set(image, today);
          context.log.warn({
            msg:
              until === 0
                ? "the network lists a serving image no more"
                : "a serving image is about to expire",
            image,
            expiresAt: until,
            advice:
              "start workers of a build that the network lists longer, or ask its governor to list this one anew",
          });
        }
      }
    },
  };
}
