import { FinalError } from "../../errors";
import { fromHex, toBase64, toHex } from "../../protocol";
import type { JsonAnswer, RouteDeps } from "./routes";

/**
 * `GET /v1/attestation/report?model=&nonce=`: evidence made now over the caller's nonce [32, hex], in the second half
 * of the report data. Throws `NOT_FOUND` for a model that is not served here.
 */
export async function reportAnswer(deps: RouteDeps, url: string): Promise<JsonAnswer> {
  const query = new URLSearchParams(url.slice(url.indexOf("?") + 1));
  const nonce = fromHex(query.get("nonce") ?? "", 32);
  const model = query.get("model");
  if (model !== null && model !== deps.model.name) {
    throw new FinalError("NOT_FOUND", "The worker serves another model.");
  }
  const bound = deps.identity.required(Math.floor(deps.clock.nowMs() / 1000));
  deps.quoteBudget.take();
  return {
    model: deps.model.name,
    modelHash: toHex(deps.modelHash),
    receiptPublicKey: toHex(deps.keys.receiptPublicKey),
    hpkePublicKey: toHex(deps.keys.hpkePublicKey),
    bind: toBase64(bound.bind),
    nonce: toHex(nonce),
    evidence: await deps.identity.show(bound, nonce),
  };
}
