import { z } from "zod";
import { FinalError } from "../errors";
import type { ApiKeyOption } from "./options";

const nano = z
  .string()
  .regex(/^\d{1,19}$/, "must be an amount in nanoton, as text")
  .transform(BigInt);
const limits = { perRequestNano: nano.optional(), perDayNano: nano.optional() };

/** API keys with their limits. What is left out limits nothing. */
const keyFileSchema = z
  .array(
    z.strictObject({
      name: z.string().min(1).max(200),
      key: z.string().min(16).max(512),
      limitNano: nano.optional(),
      admin: z.boolean().optional(),
      ...limits,
      models: z.record(z.string(), z.strictObject(limits)).optional(),
    }),
  )
  .min(1);

/** Reads a key file's text. Throws `CONFIG_INVALID` naming what is wrong, never a key. */
export function parseKeyFile(text: string): readonly ApiKeyOption[] {
  const parsed = keyFileSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    throw new FinalError("CONFIG_INVALID", `The key file is not valid: ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
