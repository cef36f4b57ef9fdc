import type { FastifyInstance } from "fastify";
import { FinalError } from "../errors";
import { decodeLeaf, encodeHead, fromBase64, toHex, toJobAddress } from "../protocol";
import { type Context, callerOf } from "./context";
import { receiptOf } from "./receiptRoutes";

const NONCE = /^[0-9a-f]{64}$/;
const KEY = /^[0-9a-f]{64}$/;
/** What signs in this network: a worker's receipt key. */
const ALGORITHM = "ed25519";

interface ReportQuery {
  readonly model?: string;
  readonly nonce?: string;
  readonly signing_address?: string;
  readonly signing_algo?: string;
}

/** What other private inference services call their proofs: an answer's signature and a worker's evidence. */
export function conventionRoutes(app: FastifyInstance, context: Context): void {
  app.get<{ Params: { id: string }; Querystring: { signing_algo?: string } }>(
    "/v1/signature/:id",
    async (request) => {
      const caller = await callerOf(context, request);
      requireAlgorithm(request.query.signing_algo);
      const receipt = await receiptOf(context, caller, request.params.id);
      const { requestHash, responseHash } = decodeLeaf(fromBase64(receipt.leaf));
      const { size, root, amount, issuedAt } = receipt.head;
      const signed = encodeHead({
        networkId: receipt.network.globalId,
        job: toJobAddress(receipt.job),
        size,
        root: fromBase64(root, 32),
        amount: BigInt(amount),
        issuedAt,
      });
      return {
        text: `${toHex(requestHash)}:${toHex(responseHash)}`,
        /** What the signature is over: the tree head, whose root commits to the text. */
        signed: toHex(signed),
        signature: toHex(fromBase64(receipt.signature, 64)),
        signing_address: receipt.worker,
        signing_algo: ALGORITHM,
      };
    },
  );
  app.get<{ Querystring: ReportQuery }>("/v1/attestation/report", async (request) => {
    await callerOf(context, request);
    const { model, nonce, signing_address: worker, signing_algo } = request.query;
    requireAlgorithm(signing_algo);
    if (model === undefined || nonce === undefined || !NONCE.test(nonce)) {
      throw new FinalError("BAD_REQUEST", "Name a model, and a nonce of 32 bytes as lower-case hex.", {
        param: model === undefined ? "model" : "nonce",
      });
    }
    if (worker !== undefined && !KEY.test(worker)) {
      throw new FinalError("BAD_REQUEST", "signing_address is a worker's receipt key in lower-case hex.", {
        param: "signing_address",
      });
    }
    const { report, ...asked } = await context.client.attestationReport({ model, nonce, worker });
    return { signing_address: asked.worker, signing_algo: ALGORITHM, provider: asked.provider, ...report };
  });
}

function requireAlgorithm(asked: string | undefined): void {
  if (asked !== undefined && asked !== ALGORITHM) {
    throw new FinalError("UNSUPPORTED_PARAMETER", `Workers sign with ${ALGORITHM}.`, {
      param: "signing_algo",
    });
  }
}
