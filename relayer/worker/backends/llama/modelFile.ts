import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { FinalError } from "../../../errors";

/** The model hash [32] of a GGUF file: SHA-256 of its bytes. Throws `CONFIG_INVALID`. */
export async function hashModelFile(path: string): Promise<Uint8Array> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(path)) {
      hash.update(chunk);
    }
  } catch (cause) {
    throw new FinalError("CONFIG_INVALID", "The model file cannot be read.", { path }, { cause });
  }
  return new Uint8Array(hash.digest());
}
