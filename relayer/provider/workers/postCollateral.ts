import type { Builder } from "@ton/core";
import { type CollateralSource, collateralRequestOf } from "../../attestation";
import { evidenceSchema } from "../../attestation/evidence";
import { type CollateralPost, planCollateral } from "../../attestation/submit";
import { toCocoonError } from "../../errors";
import { fromBase64, primitives } from "../../protocol";
import { type Context, nowSeconds } from "../context";
import { sendAgain } from "../sendOnce";
import { readChainPolicy } from "./chainPolicy";

const ATTEMPTS = 3;

export interface CollateralPoster {
  /** Looks once an hour, by the policy, from the first quote on. */
  round(): Promise<void>;
}

/**
 * Brings what Intel has published about this provider's machines to the chain, where nobody else has: the contracts know
 * of new versions and revocations only what somebody has posted. Bad news about one's own machine goes there too.
 */
export function createCollateralPoster(context: Context, source: CollateralSource): CollateralPoster {
  let nextAtMs = 0;
  return {
    async round() {
      const quotes = quotesOf(context);
      if (quotes.length === 0 || context.clock.nowMs() < nextAtMs) {
        return;
      }
      nextAtMs = context.clock.nowMs() + context.policy.collateralMs;
      for (const quote of quotes) {
        try {
          await post(context, source, quote);
        } catch (thrown) {
          const { code, message } = toCocoonError(thrown);
          context.log.warn({ msg: "collateral not posted", code, detail: message });
        }
      }
    },
  };
}

/** One of each worker: those of one machine bring the same documents, which go out once. */
function quotesOf({ pool }: Context): readonly Uint8Array[] {
  return pool.all().flatMap(({ identity }) => {
    const evidence = evidenceSchema.safeParse(identity?.evidence).data;
    return evidence?.kind === "tdx" ? [fromBase64(evidence.quote)] : [];
  });
}

async function post(context: Context, source: CollateralSource, quote: Uint8Array): Promise<void> {
  const { registry } = await readChainPolicy(context);
  const { posts, unreadable } = await planCollateral(context.reader, {
    registry,
    quote,
    collateral: await source.get(collateralRequestOf(quote)),
    nowSeconds: nowSeconds(context.clock),
    queryId: Buffer.from(primitives.randomBytes(8)).readBigUInt64BE(0),
  });
  for (const { message } of unreadable) {
    const advice = "Gateways still read it; the chain learns of it from a release that cuts its new layout.";
    context.log.error({ msg: "a document of Intel's cannot be posted", detail: message, advice });
  }
  for (const document of posts) {
    await send(context, document);
  }
}

async function send(context: Context, { what, name, to, valueNano, body }: CollateralPost): Promise<void> {
  const message = {
    key: `${what}:${to.toRawString()}:${name}`,
    kind: what,
    to,
    valueNano: async () => valueNano,
    body: (builder: Builder) => builder.storeSlice(body.beginParse()),
  };
  const state = await sendAgain(context, message, ATTEMPTS);
  const document = { what, document: name };
  if (state === "given up") {
    const advice = "See the bounced messages; `cocoon attest verify` tells what is wrong with collateral.";
    context.log.error({ msg: "the chain refused a document of Intel's", ...document, advice });
    return;
  }
  context.log.info({ msg: "collateral goes to the chain", ...document, state });
}
