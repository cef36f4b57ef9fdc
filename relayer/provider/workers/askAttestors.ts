import { Cell, type Dictionary } from "@ton/core";
import { z } from "zod";
import { loadWorkerStatement } from "../../../wrappers/messages";
import { RetryableError, toCocoonError } from "../../errors";
import {
  equalBytes,
  fromBase64,
  fromHex,
  hashHpkeKey,
  primitives,
  SIGNATURE_BYTES,
  toBase64,
} from "../../protocol";
import type { Context } from "../context";
import { callJson } from "./callJson";
import type { Identity } from "./identity";

const answerSchema = z.looseObject({
  statement: z.string(),
  /** An attestor's process may hold several keys. */
  signatures: z.array(z.looseObject({ index: z.int(), signature: z.string() })),
});

export interface SignedStatement {
  readonly statement: Cell;
  readonly signatures: ReadonlyMap<number, Uint8Array>;
}

/**
 * Shows a worker's evidence to the attestors and collects `threshold` signatures under one and the same statement.
 * Nothing an attestor says is taken on trust: keys come from the registry, and the statement must be about this worker.
 */
export async function askAttestors(
  context: Pick<Context, "pool" | "policy" | "log" | "providerRaw" | "networkId">,
  request: {
    readonly urls: readonly string[];
    readonly identity: Identity;
    readonly epoch: number;
    readonly threshold: number;
    /** The registry's keys by index. */
    readonly attestors: Dictionary<number, bigint>;
  },
): Promise<SignedStatement> {
  const { identity } = request;
  const body = {
    bind: toBase64(identity.bindBytes ?? new Uint8Array()),
    evidence: identity.evidence,
    epoch: request.epoch,
  };
  const found = new Map<string, { statement: Cell; signatures: Map<number, Uint8Array> }>();
  const asked = request.urls.map(async (url) => {
    try {
      const answer = await callJson(
        {
          dispatcher: context.pool.dispatcher,
          url: `${url.endsWith("/") ? url.slice(0, -1) : url}/v1/attest`,
          method: "POST",
          body,
          timeoutMs: context.policy.callMs,
        },
        answerSchema,
      );
      const statement = Cell.fromBase64(answer.statement);
      checkStatement(context, identity, statement);
      const name = statement.hash().toString("hex");
      const group = found.get(name) ?? { statement, signatures: new Map() };
      found.set(name, group);
      for (const { index, signature } of answer.signatures) {
        const bytes = fromBase64(signature, SIGNATURE_BYTES);
        checkSigner(request.attestors.get(index), statement, bytes);
        group.signatures.set(index, bytes);
      }
    } catch (error) {
      context.log.warn({ msg: "attestor gave no signature", url, detail: toCocoonError(error).message });
    }
  });
  await Promise.all(asked);
  for (const group of found.values()) {
    if (group.signatures.size >= request.threshold) {
      // More than asked for would only cost gas.
      return { ...group, signatures: new Map([...group.signatures].slice(0, request.threshold)) };
    }
  }
  throw new RetryableError("ATTESTATION_MISSING", "Too few attestors signed the worker's statement.", {
    worker: identity.receiptKey,
    threshold: request.threshold,
  });
}

function checkStatement(
  { providerRaw, networkId }: Pick<Context, "providerRaw" | "networkId">,
  identity: Identity,
  statement: Cell,
): void {
  const said = loadWorkerStatement(statement.beginParse());
  const keyHash = fromHex(said.worker.hpkeKeyHash.toString(16).padStart(64, "0"), 32);
  const isOurs =
    said.provider.toRawString() === providerRaw &&
    said.networkId === BigInt(networkId) &&
    said.receiptPublicKey === BigInt(`0x${identity.receiptKey}`) &&
    said.worker.modelHash === BigInt(`0x${identity.modelHash}`) &&
    equalBytes(keyHash, hashHpkeKey(identity.hpkePublicKey));
  if (!isOurs) {
    throw new RetryableError("ATTESTATION_REFUSED", "An attestor signed a statement about something else.", {
      worker: identity.receiptKey,
    });
  }
}

function checkSigner(key: bigint | undefined, statement: Cell, signature: Uint8Array): void {
  const isSigned =
    key !== undefined &&
    primitives.ed25519Verify(fromHex(key.toString(16).padStart(64, "0"), 32), statement.hash(), signature);
  if (!isSigned) {
    throw new RetryableError("ATTESTATION_REFUSED", "A signature is not of that attestor of the registry.", {
      statement: statement.hash().toString("hex"),
    });
  }
}
