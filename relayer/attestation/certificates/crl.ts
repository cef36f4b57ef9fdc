import { FinalError } from "../../errors";
import { bitStringBytes, childrenOf, createCursor, derTime, integerHex, readWhole, TAG } from "./der";

/** A certificate revocation list. Nothing in it counts before its signature is checked. */
export interface Crl {
  readonly signed: Buffer;
  readonly algorithm: Buffer;
  readonly signature: Buffer;
  readonly issuer: Buffer;
  /** Unix seconds. */
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  /** Serial numbers as in `Certificate.serial`. */
  readonly revoked: ReadonlySet<string>;
}

/** Parses a CRL. Throws `ATTESTATION_REFUSED`, also for one without an end date. */
export function parseCrl(der: Buffer): Crl {
  const outer = createCursor(childrenOf(readWhole(der, TAG.sequence)));
  const signedNode = outer.take(TAG.sequence);
  const algorithm = outer.take(TAG.sequence).raw;
  const signature = bitStringBytes(outer.take(TAG.bitString));
  outer.end();

  const fields = createCursor(childrenOf(signedNode));
  fields.takeIf(TAG.integer);
  if (!fields.take(TAG.sequence).raw.equals(algorithm)) {
    throw new FinalError("ATTESTATION_REFUSED", "A revocation list names two signature algorithms.");
  }
  const issuer = fields.take(TAG.sequence).raw;
  const thisUpdate = derTime(fields.take(TAG.utcTime, TAG.generalizedTime));
  const nextUpdate = derTime(fields.take(TAG.utcTime, TAG.generalizedTime));
  const list = fields.takeIf(TAG.sequence);
  fields.takeIf(TAG.version);
  fields.end();
  const revoked = new Set<string>();
  for (const entry of list === undefined ? [] : childrenOf(list)) {
    revoked.add(integerHex(createCursor(childrenOf(entry)).take(TAG.integer)));
  }
  return { signed: signedNode.raw, algorithm, signature, issuer, thisUpdate, nextUpdate, revoked };
}
