import { z } from "zod";
import { FinalError } from "../../errors";
import { hexText } from "./tcbInfo";

/**
 * What Intel publishes about a machine's family, as fetched: nothing in it is believed before `checkCollateral`.
 * The JSON texts are the exact bytes that Intel signed; chains are PEM from the signer to the root.
 */
export interface Collateral {
  readonly tcbInfo: SignedText;
  readonly qeIdentity: SignedText;
  readonly rootCrl: Buffer;
  /** Of the authority that certified the machine. */
  readonly pckCrl: Buffer;
}

export interface SignedText {
  readonly text: string;
  /** r ‖ s. */
  readonly signature: Buffer;
  readonly chain: string;
}

const hexBytes = z
  .string()
  .regex(/^([0-9A-Fa-f]{2})+$/)
  .transform((text) => Buffer.from(text, "hex"));
const signatureHex = hexText(64).transform((text) => Buffer.from(text, "hex"));

/** The file form that DCAP tools share, so that their files can be given to ours. */
export const collateralFileSchema = z.object({
  tcb_info: z.string(),
  tcb_info_signature: signatureHex,
  tcb_info_issuer_chain: z.string(),
  qe_identity: z.string(),
  qe_identity_signature: signatureHex,
  qe_identity_issuer_chain: z.string(),
  root_ca_crl: hexBytes,
  pck_crl: hexBytes,
});

export type CollateralFile = z.input<typeof collateralFileSchema>;

/** Reads the file form. Throws `BAD_REQUEST` naming what is wrong. */
export function parseCollateral(value: unknown): Collateral {
  const parsed = collateralFileSchema.safeParse(value);
  if (!parsed.success) {
    throw new FinalError("BAD_REQUEST", `This is no DCAP collateral: ${z.prettifyError(parsed.error)}`);
  }
  const file = parsed.data;
  return {
    tcbInfo: {
      text: file.tcb_info,
      signature: file.tcb_info_signature,
      chain: file.tcb_info_issuer_chain,
    },
    qeIdentity: {
      text: file.qe_identity,
      signature: file.qe_identity_signature,
      chain: file.qe_identity_issuer_chain,
    },
    rootCrl: file.root_ca_crl,
    pckCrl: file.pck_crl,
  };
}

/** The file form of a collateral. */
export function formatCollateral(collateral: Collateral): CollateralFile {
  const { tcbInfo, qeIdentity } = collateral;
  return {
    tcb_info: tcbInfo.text,
    tcb_info_signature: tcbInfo.signature.toString("hex"),
    tcb_info_issuer_chain: tcbInfo.chain,
    qe_identity: qeIdentity.text,
    qe_identity_signature: qeIdentity.signature.toString("hex"),
    qe_identity_issuer_chain: qeIdentity.chain,
    root_ca_crl: collateral.rootCrl.toString("hex"),
    pck_crl: collateral.pckCrl.toString("hex"),
  };
}

/**
 * Cuts Intel's answer `{"NAME":{…},"signature":"…"}` into the signed bytes and the signature. The signature covers
 * the inner object exactly as sent, so the text is cut, never parsed and written again. Throws `BAD_REQUEST`.
 */
export function cutSignedJson(
  answer: string,
  name: "tcbInfo" | "enclaveIdentity",
): { readonly text: string; readonly signature: Buffer } {
  const head = `{"${name}":`;
  const trimmed = answer.trim();
  const tail = /^,"signature":"([0-9A-Fa-f]{128})"\}$/.exec(trimmed.slice(-144));
  if (!trimmed.startsWith(head) || tail?.[1] === undefined) {
    throw new FinalError("BAD_REQUEST", `This is not Intel's answer for ${name}.`);
  }
  return { text: trimmed.slice(head.length, -144), signature: Buffer.from(tail[1], "hex") };
}
