import type { IncomingMessage } from "node:http";
import { z } from "zod";
import { ApiError, badRequest } from "../apiError";

/** An external message is at most 64 KiB, 88 KiB as base64; a page of stack arguments is smaller. */
export const MAX_BODY_BYTES = 1_000_000;

const jsonObject = z.record(z.string(), z.unknown());

/** The JSON object of a request, `{}` when it has no body. */
export async function readBody(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > MAX_BODY_BYTES) {
      throw new ApiError(413, "BODY_TOO_LARGE", `The body is larger than ${MAX_BODY_BYTES} bytes`);
    }
    chunks.push(bytes);
  }
  const text = Buffer.concat(chunks).toString();
  if (text === "") {
    return {};
  }
  const parsed = jsonObject.safeParse(parseJson(text));
  if (!parsed.success) {
    throw badRequest("The body must be a JSON object");
  }
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest("The body is not JSON");
  }
}
