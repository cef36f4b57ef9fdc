import { FinalError } from "../errors";
import { bytesToUtf8, utf8ToBytes } from "./bytes";

/** Longest content type taken: a media type with parameters; more could only be an attack on the parser behind. */
const MAX_CONTENT_TYPE = 255;

/** The HTTP status and content type of the backend's answer. */
export interface ResponseMeta {
  readonly status: number;
  readonly contentType: string;
}

/**
 * The payload of the first data frame. Throws `INTERNAL` for a status or type that the reader would refuse.
 *
 * @example
 * import { decodeResponseMeta, encodeResponseMeta } from "cocoon/protocol";
 *
 * console.log(decodeResponseMeta(encodeResponseMeta({ status: 200, contentType: "application/json" })).status); // 200
 */
export function encodeResponseMeta({ status, contentType }: ResponseMeta): Uint8Array {
  if (!isMeta({ status, contentType })) {
    throw new FinalError("INTERNAL", "The status or content type of the answer is not valid.");
  }
  return utf8ToBytes(JSON.stringify({ status, contentType }));
}

/** Parses the payload of the first data frame. Throws `SEALED_MALFORMED`. */
export function decodeResponseMeta(payload: Uint8Array): ResponseMeta {
  let meta: unknown;
  try {
    meta = JSON.parse(bytesToUtf8(payload));
  } catch (cause) {
    throw new FinalError("SEALED_MALFORMED", "The first frame is not a response status.", {}, { cause });
  }
  if (!isMeta(meta)) {
    throw new FinalError("SEALED_MALFORMED", "The first frame is not a response status.");
  }
  return meta;
}

/** By hand: a schema took longer than the rest of the frame. */
function isMeta(value: unknown): value is ResponseMeta {
  return (
    typeof value === "object" &&
    value !== null &&
    "status" in value &&
    "contentType" in value &&
    Object.keys(value).length === 2 &&
    typeof value.status === "number" &&
    Number.isInteger(value.status) &&
    value.status >= 100 &&
    value.status <= 599 &&
    typeof value.contentType === "string" &&
    value.contentType.length <= MAX_CONTENT_TYPE &&
    isHeaderText(value.contentType)
  );
}

// Printable ASCII only: the text becomes an HTTP header.
function isHeaderText(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code > 0x7e) {
      return false;
    }
  }
  return true;
}
