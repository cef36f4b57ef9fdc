import { z } from "zod";
import { bytesToUtf8, toHex, utf8ToBytes } from "../protocol";
import type { ClientDeps } from "./deps";

type Box = Pick<ClientDeps, "secretBox">;

/** What was said in a call. */
const textsSchema = z.object({ request: z.string(), response: z.string() });
export type Texts = z.infer<typeof textsSchema>;

const HEX_SALT = /^[0-9a-f]{64}$/;
const saltName = (requestId: string) => `salt:${requestId}`;
const textsName = (requestId: string) => `texts:${requestId}`;

/** A call's salt as it is stored. */
export function sealSalt(
  { secretBox }: Box,
  { requestId, salt }: { readonly requestId: string; readonly salt: Uint8Array },
): string {
  return secretBox.seal(saltName(requestId), salt);
}

/** A stored salt as hex; undefined once it was deleted. */
export function openSalt(
  { secretBox }: Box,
  { requestId, salt }: { readonly requestId: string; readonly salt: string },
): string | undefined {
  if (salt === "") {
    return undefined;
  }
  // An earlier release stored salts as they are.
  return HEX_SALT.test(salt) ? salt : toHex(secretBox.open(saltName(requestId), salt));
}

/** A call's texts as they are stored. */
export function sealTexts({ secretBox }: Box, texts: Texts & { readonly requestId: string }): string {
  const { requestId, request, response } = texts;
  return secretBox.seal(textsName(requestId), utf8ToBytes(JSON.stringify({ request, response })));
}

export function openTexts(
  { secretBox }: Box,
  { requestId, sealed }: { readonly requestId: string; readonly sealed: string },
): Texts {
  return textsSchema.parse(JSON.parse(bytesToUtf8(secretBox.open(textsName(requestId), sealed))));
}
