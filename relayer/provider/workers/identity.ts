import { z } from "zod";
import {
  type BindStatement,
  decodeBind,
  fromBase64,
  fromHex,
  keyIdOf,
  toHex,
  toWorkerKey,
  type WorkerKey,
} from "../../protocol";

/** The answer to `GET /v1/identity` and `POST /v1/bind`; an unbound worker has no statement yet. */
export const identitySchema = z.looseObject({
  receiptPublicKey: z.string(),
  hpkePublicKey: z.string(),
  bind: z.string().nullish(),
  evidence: z.unknown().optional(),
  /** Receipt keys that the worker had before, and that still serve. */
  former: z.array(z.string()).default([]),
  model: z.string().default(""),
  contextLength: z.int().min(0).default(0),
  capacity: z.int().min(1).max(10_000).default(8),
  /** False while its backend gives no answers. */
  ready: z.boolean().default(true),
});

export interface Identity {
  readonly receiptKey: WorkerKey;
  readonly receiptPublicKey: Uint8Array;
  readonly hpkePublicKey: Uint8Array;
  readonly keyId: Uint8Array;
  readonly bindBytes: Uint8Array | undefined;
  readonly bind: BindStatement | undefined;
  readonly evidence: unknown;
  readonly former: readonly WorkerKey[];
  /** Hex; empty while unbound. */
  readonly modelHash: string;
  readonly model: string;
  readonly contextLength: number;
  readonly capacity: number;
  /** Its backend answers. */
  readonly ready: boolean;
}

export function parseIdentity(fields: z.infer<typeof identitySchema>): Identity {
  const receiptKey = toWorkerKey(fields.receiptPublicKey);
  const hpkePublicKey = fromHex(fields.hpkePublicKey, 32);
  const bindBytes = fields.bind === undefined || fields.bind === null ? undefined : fromBase64(fields.bind);
  const bind = bindBytes === undefined ? undefined : decodeBind(bindBytes);
  return {
    receiptKey,
    receiptPublicKey: fromHex(receiptKey, 32),
    hpkePublicKey,
    keyId: keyIdOf(hpkePublicKey),
    bindBytes,
    bind,
    evidence: fields.evidence,
    former: fields.former.map(toWorkerKey),
    modelHash: bind === undefined ? "" : toHex(bind.modelHash),
    model: fields.model,
    contextLength: fields.contextLength,
    capacity: fields.capacity,
    ready: fields.ready,
  };
}
