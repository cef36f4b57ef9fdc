import { FinalError } from "../../errors";
import { fromHex, toBase64, toHex } from "../../protocol";
import { generationOf, type JsonAnswer, type RouteDeps } from "./routes";

/**
 * `GET /v1/attestation/report?model=&nonce=&worker=`: evidence made now over the caller's nonce [32, hex], in the second
 * half of the report data; for the worker key that is named, or the newest. Throws `NOT_FOUND` for a model that is not
 * served here, `STALE_KEY` for a key that is not this worker's.
 */
export async function reportAnswer(deps: RouteDeps, url: string): Promise<JsonAnswer> {
  const query = new URLSearchParams(url.slice(url.indexOf("?") + 1));
  const nonce = fromHex(query.get("nonce") ?? "", 32);
  const model = query.get("model");
  if (model !== null && model !== deps.model.name) {
    throw new FinalError("NOT_FOUND", "The worker serves another model.");
  }
  const { keys, identity } = generationOf(deps, query.get("worker"));
  const bound = identity.required(Math.floor(deps.clock.nowMs() / 1000));
  deps.quoteBudget.take();
  return {
    model: deps.model.name,
    modelHash: toHex(deps.modelHash),
    receiptPublicKey: toHex(keys.receiptPublicKey),
    hpkePublicKey: toHex(keys.hpkePublicKey),
    bind: toBase64(bound.bind),
    nonce: toHex(nonce),
    evidence: await identity.show(bound, nonce),
  };
}
