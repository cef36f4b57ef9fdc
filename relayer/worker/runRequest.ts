import { type CocoonError, RetryableError, toCocoonError } from "../errors";
import type { Clock } from "../observe/clock";
import type { Log } from "../observe/log";
import { encodeRecord, hashRequest, type LeafStatus, toRequestId, type Usage } from "../protocol";
import type { AdmittedRequest } from "./admit";
import type { Backend } from "./backends/backend";
import { type InferenceRequest, parseInference } from "./inferenceRequest";
import type { Metrics } from "./metrics";
import { openAiError, statusOfError } from "./openAiError";
import { type ModelLimits, payableUsage, planRequest } from "./planRequest";
import { type ByteSink, createSealedAnswer, type SealedAnswer } from "./sealedAnswer";

export interface RunDeps {
  readonly backend: Backend;
  readonly model: ModelLimits & { readonly name: string };
  readonly log: Log;
  readonly clock: Clock;
  readonly metrics: Pick<Metrics, "finished">;
}

interface Outcome {
  readonly status: LeafStatus;
  readonly usage: Usage;
  readonly code?: string;
}

/** What an answer says that was stopped before its first byte: its client has closed the request. */
const STOPPED_STATUS = 499;
const NOTHING: Usage = { promptTokens: 0n, cachedTokens: 0n, completionTokens: 0n, reasoningTokens: 0n };

/**
 * Answers an admitted request. Whatever happens, exactly one receipt is appended and the answer, an error included, is
 * sealed: the relayer does not learn why a prompt was refused. `signal` aborts when the client is gone; while the
 * connection is open, whoever holds it still gets the receipt.
 */
export async function runRequest(
  deps: RunDeps,
  admitted: AdmittedRequest,
  connection: { readonly sink: ByteSink; readonly signal: AbortSignal; readonly isOpen: () => boolean },
): Promise<void> {
  const { lane, opened } = admitted;
  const startedMs = deps.clock.nowMs();
  const { signal } = connection;
  let request: InferenceRequest | undefined;
  const answer = createSealedAnswer(opened, connection.sink, { isStream: () => request?.isStream === true });
  const progress = { usage: NOTHING, hasRefused: false };
  let outcome: Outcome;
  try {
    request = parseInference(opened.body, deps.model.name);
    await produce(deps, { request, admitted, answer, signal, progress });
    outcome = signal.aborted
      ? { status: "stopped", usage: progress.usage }
      : progress.hasRefused
        ? { status: "refused", usage: NOTHING }
        : { status: "ok", usage: progress.usage };
  } catch (thrown) {
    outcome = signal.aborted
      ? { status: "stopped", usage: progress.usage }
      : fail(toCocoonError(thrown), { answer, usage: progress.usage, request });
  }
  const nowMs = deps.clock.nowMs();
  // Nothing waits between here and the append, so the money cannot be taken in between.
  admitted.release();
  const requestId = toRequestId(opened.header.requestId);
  const record = lane.append(admitted.keys, {
    requestId,
    status: outcome.status,
    usage: payableUsage(outcome.usage, lane.terms, admitted.maxCost),
    requestHash: hashRequest(opened.salt, opened.body),
    responseHash: answer.transcriptHash(),
    nowMs,
  });
  if (connection.isOpen()) {
    if (!answer.hasBegun() && signal.aborted) {
      answer.begin({ status: STOPPED_STATUS, contentType: "application/json" });
    }
    if (answer.hasBegun()) {
      answer.finish(encodeRecord(record));
    }
  }
  // Behind the answer's back: somebody waits for it.
  const { status, usage } = outcome;
  deps.metrics.finished({ status, usage, seconds: (nowMs - startedMs) / 1_000 });
  deps.log.info({
    msg: "request finished",
    requestId,
    job: lane.terms.job,
    status: outcome.status,
    code: outcome.code,
    laneSize: record.head.size,
    laneAmount: record.head.amount,
    tookMs: nowMs - startedMs,
  });
}

async function produce(
  deps: RunDeps,
  run: {
    readonly request: InferenceRequest;
    readonly admitted: AdmittedRequest;
    readonly answer: SealedAnswer;
    readonly signal: AbortSignal;
    readonly progress: { usage: Usage; hasRefused: boolean };
  },
): Promise<void> {
  const planned = planRequest({
    request: run.request,
    promptTokens: await deps.backend.countPromptTokens(run.request),
    limits: deps.model,
    prices: run.admitted.lane.terms,
    maxCost: run.admitted.maxCost,
  });
  for await (const event of deps.backend.run(planned, run.signal)) {
    switch (event.kind) {
      case "head":
        run.progress.hasRefused = event.status >= 400;
        run.answer.begin({ status: event.status, contentType: event.contentType });
        break;
      case "data": {
        const drained = run.answer.data(event.bytes);
        if (drained !== undefined) {
          await drained;
        }
        break;
      }
      case "usage":
        run.progress.usage = event.usage;
        break;
      default: {
        const impossible: never = event;
        throw impossible;
      }
    }
  }
  if (!run.answer.hasBegun() && !run.signal.aborted) {
    throw new RetryableError("BACKEND_UNAVAILABLE", "The backend gave no answer.");
  }
}

/** Before the first byte an error is an answer of its own and free; after it, the last event of the stream. */
function fail(
  error: CocoonError,
  at: {
    readonly answer: SealedAnswer;
    readonly usage: Usage;
    readonly request: InferenceRequest | undefined;
  },
): Outcome {
  const status = statusOfError(error.code);
  const body = openAiError(error, status);
  const hasRefused = status < 500;
  if (!at.answer.hasBegun()) {
    at.answer.begin({ status, contentType: "application/json" });
    void at.answer.data(Buffer.from(body));
    return { status: hasRefused ? "refused" : "failed", usage: NOTHING, code: error.code };
  }
  if (at.request?.isStream === true) {
    void at.answer.data(Buffer.from(`data: ${body}\n\ndata: [DONE]\n\n`));
  }
  return { status: "failed", usage: at.usage, code: error.code };
}
