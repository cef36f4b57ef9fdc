import { z } from "zod";
import { FinalError } from "../errors";
import { bytesToUtf8, utf8ToBytes } from "./bytes";

/** Longest content type taken: a media type with parameters; more could only be an attack on the parser behind. */
const MAX_CONTENT_TYPE = 255;

const metaSchema = z.strictObject({
  status: z.int().min(100).max(599),
  contentType: z.string().max(MAX_CONTENT_TYPE).refine(isHeaderText),
});

/** The HTTP status and content type of the backend's answer. */
export interface ResponseMeta {
  readonly status: number;
  readonly contentType: string;
}

/** The payload of the first data frame. Throws `INTERNAL` for a status or type that the reader would refuse. */
export function encodeResponseMeta(meta: ResponseMeta): Uint8Array {
  const parsed = metaSchema.safeParse({ status: meta.status, contentType: meta.contentType });
  if (!parsed.success) {
    throw new FinalError("INTERNAL", "The status or content type of the answer is not valid.");
  }
  return utf8ToBytes(JSON.stringify(parsed.data));
}

/** Parses the payload of the first data frame. Throws `SEALED_MALFORMED`. */
export function decodeResponseMeta(payload: Uint8Array): ResponseMeta {
  try {
    return metaSchema.parse(JSON.parse(bytesToUtf8(payload)));
  } catch (cause) {
    throw new FinalError("SEALED_MALFORMED", "The first frame is not a response status.", {}, { cause });
  }
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
