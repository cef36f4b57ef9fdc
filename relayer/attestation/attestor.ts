import { Address } from "@ton/core";
import fastify from "fastify";
import { z } from "zod";
import { workerStatement } from "../../wrappers/AttestationRegistry";
import { type CocoonError, FinalError, toCocoonError } from "../errors";
import type { Clock } from "../observe/clock";
import type { Log } from "../observe/log";
import { fromBase64, hashHpkeKey, primitives, type RawAddress, toBase64, toHex } from "../protocol";
import { type Evidence, evidenceSchema } from "./evidence";
import { prepareQuote, type QuoteVerifier } from "./tdx/quoteVerifier";
import { type AllowedImage, type EvidenceVerdict, verifyEvidence } from "./verifyEvidence";

/** Bind statement and evidence have some 1 KB together. */
const MAX_BODY_BYTES = 64 * 1024;
const MAX_EPOCH = 0xffffffff;

const attestBody = z.strictObject({
  bind: z.string(),
  evidence: evidenceSchema,
  epoch: z.int().min(0).max(MAX_EPOCH),
});

export interface AttestorOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly networkId: number;
  readonly registry: RawAddress;
  /** The attestors whose keys this process holds: index in the registry, Ed25519 seed [32]. */
  readonly attestors: readonly { readonly index: number; readonly seed: Uint8Array }[];
  readonly policy: {
    readonly images: readonly AllowedImage[];
    readonly models: readonly Uint8Array[];
    readonly developmentPlatforms: readonly Uint8Array[];
  };
  /** Absent: TDX evidence is refused. */
  readonly quotes?: QuoteVerifier;
  readonly log: Log;
  readonly clock: Clock;
}

/** What `POST /v1/attest` answers: the statement's BoC and one signature for each key that is held, both as base64. */
export interface AttestAnswer {
  readonly statement: string;
  readonly signatures: readonly { readonly index: number; readonly signature: string }[];
}

/** Serves attestations of one registry. Each statement's evidence is verified anew; nothing is remembered. */
export async function startAttestor(
  options: AttestorOptions,
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const { images, models } = options.policy;
  if (options.attestors.length === 0 || images.length === 0 || models.length === 0) {
    throw new FinalError("CONFIG_INVALID", "An attestor needs a key, an allowed image and an allowed model.");
  }
  const app = fastify({ bodyLimit: MAX_BODY_BYTES });
  app.setErrorHandler((thrown, _request, reply) => {
    const error = asNamed(thrown);
    options.log.warn({ msg: "attestation refused", code: error.code, failed: error.facts.failed });
    const failed = error.facts.failed;
    reply.status(statusOf(error)).send({
      error: { code: error.code, message: error.message, ...(failed === undefined ? {} : { failed }) },
    });
  });
  app.get("/healthz", () => ({ ok: true, attestors: options.attestors.map(({ index }) => index) }));
  app.post("/v1/attest", (request): Promise<AttestAnswer> => {
    const body = attestBody.safeParse(request.body);
    if (!body.success) {
      throw new FinalError("BAD_REQUEST", `The request is not well formed: ${z.prettifyError(body.error)}`);
    }
    return attest(options, { ...body.data, bind: fromBase64(body.data.bind) });
  });
  const url = await app.listen({ host: options.host, port: options.port });
  return { url, close: () => app.close() };
}

/** Verifies, then signs. Throws `ATTESTATION_REFUSED`, whose fact `failed` names every failed check. */
async function attest(
  options: AttestorOptions,
  claim: { readonly bind: Uint8Array; readonly evidence: Evidence; readonly epoch: number },
): Promise<AttestAnswer> {
  const nowSeconds = Math.floor(options.clock.nowMs() / 1000);
  const verdict = verifyEvidence(claim, {
    verifyQuote: await prepareQuote(options.quotes, claim.evidence, nowSeconds),
    networkId: options.networkId,
    registry: options.registry,
    ...options.policy,
    nowSeconds,
  });
  if (!verdict.ok) {
    const failed = verdict.failed.join(",");
    throw new FinalError("ATTESTATION_REFUSED", `The evidence fails these checks: ${failed}.`, { failed });
  }
  const statement = statementOf(verdict, claim.epoch);
  options.log.info({
    msg: "worker attested",
    worker: toHex(verdict.bind.receiptPublicKey),
    epoch: claim.epoch,
  });
  const hash = statement.hash();
  return {
    statement: statement.toBoc().toString("base64"),
    signatures: options.attestors.map(({ index, seed }) => ({
      index,
      signature: toBase64(primitives.ed25519Sign(seed, hash)),
    })),
  };
}

function statementOf(verdict: Extract<EvidenceVerdict, { ok: true }>, epoch: number) {
  const { bind } = verdict;
  return workerStatement({
    networkId: bind.networkId,
    registry: Address.parseRaw(bind.registry),
    provider: Address.parseRaw(bind.provider),
    receiptPublicKey: toUint(bind.receiptPublicKey),
    notBefore: bind.notBefore,
    worker: {
      $$type: "Worker",
      hpkeKeyHash: toUint(hashHpkeKey(bind.hpkePublicKey)),
      imageHash: toUint(verdict.imageHash),
      modelHash: toUint(bind.modelHash),
      expiresAt: BigInt(verdict.expiresAt),
      epoch: BigInt(epoch),
    },
  });
}

function toUint(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes)}`);
}

// What fastify itself refuses (no JSON, too long) carries a status and no code of ours.
function asNamed(thrown: unknown): CocoonError {
  const status = thrown instanceof Error && "statusCode" in thrown ? thrown.statusCode : undefined;
  if (status === 413) {
    return new FinalError("BODY_TOO_LARGE", "The request is larger than any attestation.");
  }
  return typeof status === "number" && status < 500
    ? new FinalError("BAD_REQUEST", "The request is not JSON.")
    : toCocoonError(thrown);
}

function statusOf(error: CocoonError): number {
  switch (error.code) {
    case "BAD_REQUEST":
      return 400;
    case "ATTESTATION_REFUSED":
      return 403;
    case "BODY_TOO_LARGE":
      return 413;
    default:
      return 500;
  }
}
