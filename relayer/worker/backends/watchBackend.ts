import { toCocoonError } from "../../errors";
import type { Log } from "../../observe/log";
import type { InferenceRequest } from "../inferenceRequest";
import type { Backend, BackendEvent } from "./backend";

export interface WatchOptions {
  /** The name that the probing request asks for. */
  readonly model: string;
  readonly log: Log;
  /** Between two looks at the server. */
  readonly lookMs?: number;
  /** A server that answered nobody for so long is asked for one token. */
  readonly probeMs?: number;
  /** That token must come within. */
  readonly probeTimeoutMs?: number;
}

const LOOK_MS = 1_000;
const PROBE_MS = 10_000;
const PROBE_TIMEOUT_MS = 15_000;

/**
 * Knows whether a backend answers: by what real requests meet, by a look each second, and by one token asked for when
 * nobody else asks. `isHealthy` tells it at once. A refused probe counts as an answer: not every model chats.
 */
export function watchBackend(backend: Backend, options: WatchOptions): Backend {
  const { lookMs = LOOK_MS, probeMs = PROBE_MS, probeTimeoutMs = PROBE_TIMEOUT_MS } = options;
  let healthy = true;
  let heardAt = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const heard = () => {
    heardAt = performance.now();
    note(true);
  };
  const note = (now: boolean, detail?: string) => {
    if (now !== healthy) {
      const msg = now ? "backend answers again" : "backend does not answer";
      options.log[now ? "info" : "error"]({ msg, detail });
    }
    healthy = now;
  };
  const probe = async () => {
    const limit = AbortSignal.timeout(probeTimeoutMs);
    const planned = { ...probeOf(options.model), maxTokens: 1, promptTokens: { tokens: 1, isExact: false } };
    let hasAnswered = false;
    for await (const event of backend.run(planned, limit)) {
      hasAnswered ||= event.kind === "head";
    }
    return hasAnswered && !limit.aborted;
  };
  const look = async () => {
    try {
      if (!(await backend.isHealthy())) {
        note(false, "it does not list its models");
      } else if (!healthy || performance.now() - heardAt > probeMs) {
        if (await probe()) {
          heard();
        } else {
          note(false, "it writes no token");
        }
      }
    } catch (thrown) {
      note(false, toCocoonError(thrown).message);
    }
    if (!closed) {
      timer = setTimeout(() => void look(), lookMs);
      timer.unref();
    }
  };
  void look();

  async function* run(...[request, signal]: Parameters<Backend["run"]>): AsyncGenerator<BackendEvent> {
    try {
      for await (const event of backend.run(request, signal)) {
        if (event.kind === "head") {
          heard();
        }
        yield event;
      }
    } catch (thrown) {
      const { code, message } = toCocoonError(thrown);
      if (!signal.aborted && (code === "BACKEND_UNAVAILABLE" || code === "TIMEOUT")) {
        // The next look decides: one broken answer alone takes no worker out.
        heardAt = Number.NEGATIVE_INFINITY;
        options.log.warn({ msg: "backend failed a request", code, detail: message });
      }
      throw thrown;
    }
  }

  return {
    countPromptTokens: (request) => backend.countPromptTokens(request),
    run,
    isHealthy: async () => healthy,
    close: () => {
      closed = true;
      clearTimeout(timer);
      return backend.close();
    },
  };
}

function probeOf(model: string): InferenceRequest {
  return {
    endpoint: "chat",
    body: { model, messages: [{ role: "user", content: "1" }] },
    isStream: false,
    includeUsage: false,
    choices: 1,
    askedTokens: 1,
  };
}
