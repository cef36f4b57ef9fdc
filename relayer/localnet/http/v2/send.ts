import type { Cell } from "@ton/core";
import { badRequest } from "../../apiError";
import type { ApiContext, Methods } from "../context";
import type { Params } from "../params";
import { parseCell } from "../params";

export function send({ chain, faults }: ApiContext, params: Params, target: string) {
  const boc = Buffer.from(params.text("boc"), "base64");
  if (boc.length === 0) {
    throw badRequest("Parameter boc must be base64");
  }
  return chain.submitExternal(boc, faults.strike("dropExternal", target) !== undefined);
}

const optionalCell = (params: Params, name: string): Cell | undefined =>
  params.has(name) ? parseCell(params.text(name)) : undefined;

export function estimateFees({ chain }: ApiContext, params: Params) {
  const code = optionalCell(params, "init_code");
  const data = optionalCell(params, "init_data");
  const { description } = chain.estimate({
    address: params.address("address"),
    body: params.cell("body"),
    init: code || data ? { code, data } : undefined,
    ignoreSignatures: params.booleanOr("ignore_chksig", true),
  });
  const ordinary = description.type === "generic" ? description : undefined;
  const gasFee = ordinary?.computePhase.type === "vm" ? ordinary.computePhase.gasFees : 0n;
  return {
    "@type": "query.fees",
    // Numbers, unlike every other amount of this API.
    source_fees: {
      "@type": "fees",
      in_fwd_fee: 0,
      storage_fee: Number(ordinary?.storagePhase?.storageFeesCollected ?? 0n),
      gas_fee: Number(gasFee),
      fwd_fee: Number(ordinary?.actionPhase?.totalFwdFees ?? 0n),
    },
    destination_fees: [],
  };
}

export const sendMethods: Methods = {
  async sendBoc(context, params, target) {
    await send(context, params, target);
    return { "@type": "ok" };
  },
  async sendBocReturnHash(context, params, target) {
    const { hash, normalizedHash } = await send(context, params, target);
    return { "@type": "raw.extMessageInfo", hash, hash_norm: normalizedHash };
  },
  estimateFee: estimateFees,
};
