import { request } from "node:http";
import { z } from "zod";
import { FinalError, RetryableError } from "../../errors";
import { toHex } from "../../protocol";
import type { QuoteSource } from "./quoteSource";

const CALL_MS = 30_000;
/** A quote as hex and an event log of some hundred entries. */
const MAX_ANSWER_BYTES = 1024 * 1024;

const answerSchema = z.looseObject({
  quote: z
    .string()
    .transform((text) => text.replace(/^0x/, ""))
    .pipe(z.string().regex(/^([0-9a-fA-F]{2})+$/)),
});

/** Quotes from dstack's guest agent, which listens on a socket inside the confidential machine. */
export function createDstackSource(options: { readonly socketPath: string }): QuoteSource {
  return {
    tee: "tdx",
    async quote(reportData) {
      const text = await call(options.socketPath, JSON.stringify({ report_data: toHex(reportData) }));
      const answer = answerSchema.safeParse(parseJson(text));
      if (!answer.success) {
        throw new FinalError("ATTESTATION_MISSING", "The dstack agent answers without a quote.");
      }
      return { kind: "tdx", quote: Buffer.from(answer.data.quote, "hex").toString("base64") };
    },
  };
}

function call(socketPath: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown) =>
      reject(
        new RetryableError(
          "ATTESTATION_MISSING",
          "The dstack agent does not answer.",
          { socketPath },
          { cause },
        ),
      );
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const sent = request(
      { socketPath, path: "/GetQuote", method: "POST", headers, timeout: CALL_MS },
      (response) => {
        const chunks: Buffer[] = [];
        let length = 0;
        response.on("data", (chunk: Buffer) => {
          length += chunk.length;
          if (length > MAX_ANSWER_BYTES) {
            response.destroy(new Error("the answer is too long"));
            return;
          }
          chunks.push(chunk);
        });
        response.on("error", fail);
        response.on("end", () =>
          response.statusCode === 200
            ? resolve(Buffer.concat(chunks).toString("utf8"))
            : fail(new Error(`status ${response.statusCode}`)),
        );
      },
    );
    sent.on("timeout", () => sent.destroy(new Error("no answer in time")));
    sent.on("error", fail);
    sent.end(body);
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
