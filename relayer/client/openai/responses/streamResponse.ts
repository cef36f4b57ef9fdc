import { toCocoonError } from "../../../errors";
import type { Outcome } from "../../readAnswer";
import { isObject, parseObject } from "../augment";
import { toHttpError } from "../errorBody";
import { createSseSplitter } from "../sseSplitter";
import type { StreamSink, ToldAnswer } from "../streamAnswer";
import type { Echo } from "./parseResponses";
import { createResponseEvents } from "./responseEvents";

/**
 * Passes a chat's stream on as the events of a response. `response.completed` comes after a checked receipt, or
 * `response.failed` in its place. Rethrows the failure for the log once the reader has been told.
 */
export async function streamResponse(
  { completion, cocoonOf }: ToldAnswer,
  echo: Echo,
  sink: StreamSink,
): Promise<Outcome> {
  const splitter = createSseSplitter();
  const events = createResponseEvents({ requestId: completion.requestId, echo });
  let failure: { readonly message: string; readonly code: string } | undefined;
  try {
    const outcome = await completion.read((payload) => {
      let out = "";
      for (const chunk of splitter.push(payload).map(chunkOf)) {
        failure ??= errorIn(chunk);
        out += chunk === undefined ? "" : events.push(chunk);
      }
      return out === "" ? undefined : sink.write(Buffer.from(out));
    });
    sink.end(failure === undefined ? events.finish(cocoonOf(outcome)) : events.fail(told(failure)));
    return outcome;
  } catch (thrown) {
    if (!sink.isGone()) {
      sink.end(events.fail(toHttpError(toCocoonError(thrown)).body.error));
    }
    throw thrown;
  }
}

function chunkOf(event: Buffer): Readonly<Record<string, unknown>> | undefined {
  const text = event.toString("utf8").trim();
  return text.startsWith("data:") ? parseObject(text.slice("data:".length)) : undefined;
}

/** The backend's own words, where it fails in the middle. */
function errorIn(chunk: Readonly<Record<string, unknown>> | undefined) {
  const error = chunk?.error;
  if (!isObject(error)) {
    return undefined;
  }
  return {
    message: typeof error.message === "string" ? error.message : "The model's server failed.",
    code: typeof error.code === "string" ? error.code : "backend_unavailable",
  };
}

function told({ message, code }: { readonly message: string; readonly code: string }) {
  return { message, code, type: "api_error", param: null };
}
