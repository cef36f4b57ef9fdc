import { randomUUID } from "node:crypto";
import { mkdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { FinalError } from "../../errors";
import type { QuoteSource } from "./quoteSource";

/** Where Linux 6.7 and later offer a guest's reports, whatever its vendor. */
const REPORTS = "/sys/kernel/config/tsm/report";
const TDX_PROVIDER = "tdx_guest";

/** Quotes from the kernel of a TDX guest. Each takes an entry of its own, so that two requests never mix. */
export function createConfigfsTsmSource(
  options: { readonly reports?: string; readonly entryName?: () => string } = {},
): QuoteSource {
  const { reports = REPORTS, entryName = () => `cocoon-${randomUUID()}` } = options;
  return {
    tee: "tdx",
    async quote(reportData) {
      const entry = join(reports, entryName());
      try {
        await mkdir(entry, { recursive: true });
        try {
          const provider = (await readFile(join(entry, "provider"), "utf8")).trim();
          if (provider !== TDX_PROVIDER) {
            throw new FinalError("ATTESTATION_MISSING", "The kernel's reports are not a TDX guest's.", {
              provider,
            });
          }
          await writeFile(join(entry, "inblob"), reportData);
          const quote = await readFile(join(entry, "outblob"));
          return { kind: "tdx", quote: quote.toString("base64") };
        } finally {
          await rmdir(entry).catch(() => undefined);
        }
      } catch (cause) {
        if (cause instanceof FinalError) {
          throw cause;
        }
        throw new FinalError("ATTESTATION_MISSING", "The kernel gives no quote.", { reports }, { cause });
      }
    },
  };
}
