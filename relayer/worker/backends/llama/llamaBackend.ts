import { RetryableError, toCocoonError } from "../../../errors";
import type { Clock } from "../../../observe/clock";
import type { Usage } from "../../../protocol";
import type { InferenceRequest } from "../../inferenceRequest";
import type { Backend, BackendEvent, PlannedRequest } from "../backend";
import { createAnswerShapes } from "./answerShapes";
import { type Generated, generate, toHistory } from "./generate";
import { loadLlamaLibrary } from "./loadLibrary";
import { readInput, readSampling } from "./parameters";
import { createSlots } from "./slots";
import { createTextQueue } from "./textQueue";

export { hashModelFile } from "./modelFile";

/** Room for the tokens that the library itself may add to a full context. */
const SPARE_TOKENS = 16;

export interface LlamaBackendOptions {
  readonly modelPath: string;
  /** Tokens of prompt and answer together; the same as the worker's `model.contextLength`. */
  readonly contextLength: number;
  /** Answers generated at once. */
  readonly concurrency?: number;
  /** Requests that may wait for a place beyond that. */
  readonly maxWaiting?: number;
  readonly clock: Clock;
}

/** A GGUF model in this process, on one CPU thread: more threads than idle cores make it a hundred times slower. */
export async function createLlamaBackend(options: LlamaBackendOptions): Promise<Backend> {
  const library = await loadLlamaLibrary();
  const llama = await library.getLlama({
    build: "never",
    gpu: false,
    maxThreads: 1,
    logLevel: library.LlamaLogLevel.error,
  });
  const model = await llama.loadModel({ modelPath: options.modelPath });
  const concurrency = options.concurrency ?? 4;
  const context = await model.createContext({
    contextSize: options.contextLength + SPARE_TOKENS,
    sequences: concurrency,
    threads: 1,
    flashAttention: false,
  });
  const chatWrapper = library.resolveChatWrapper(model);
  const sequences = Array.from({ length: concurrency }, () => context.getSequence());
  const slots = createSlots(sequences, options.maxWaiting ?? 4 * concurrency);

  const countPrompt = (request: InferenceRequest): number => {
    readSampling(request);
    const input = readInput(request);
    if (input.kind === "text") {
      return model.tokenize(input.prompt).length + 1; // and the token that begins a text
    }
    const chatHistory = [
      ...toHistory([...input.history, { role: "user", content: input.prompt }]),
      { type: "model" as const, response: [] },
    ];
    return chatWrapper.generateContextState({ chatHistory }).contextText.tokenize(model.tokenizer).length;
  };

  async function* answer(request: PlannedRequest, signal: AbortSignal): AsyncGenerator<BackendEvent> {
    const usageOf = (completionTokens: number): Usage => ({
      promptTokens: BigInt(request.promptTokens.tokens),
      cachedTokens: 0n,
      completionTokens: BigInt(completionTokens),
      reasoningTokens: 0n,
    });
    const sequence = await slots.take(signal);
    const queue = createTextQueue();
    const shapes = createAnswerShapes(request, Math.floor(options.clock.nowMs() / 1000));
    const work = clearThen(sequence, () =>
      generate({ library, chatWrapper }, sequence, request, { signal, text: queue.push }),
    );
    const settled: Promise<Generated | undefined> = work.then(
      (generated) => {
        queue.end();
        return generated;
      },
      (thrown: unknown) => {
        queue.end(new RetryableError("BACKEND_UNAVAILABLE", "The model failed.", {}, { cause: thrown }));
        return undefined;
      },
    );
    try {
      yield* request.isStream ? streamed(queue.texts(), shapes) : [];
      let text = "";
      for await (const piece of queue.texts()) {
        text += piece;
      }
      const generated = await settled;
      const usage = usageOf(generated?.tokens ?? 0);
      yield { kind: "usage", usage };
      if (signal.aborted || generated === undefined) {
        return;
      }
      if (!request.isStream) {
        yield { kind: "head", status: 200, contentType: "application/json" };
      }
      const last = request.isStream
        ? shapes.end(generated.reason, usage)
        : shapes.whole(text, generated.reason, usage);
      yield { kind: "data", bytes: Buffer.from(last) };
    } finally {
      // A reader that leaves early must not hand on a sequence that still generates.
      void settled.then(() => slots.give(sequence));
    }
  }

  return {
    async countPromptTokens(request) {
      return { tokens: countPrompt(request), isExact: true };
    },
    async *run(request, signal) {
      try {
        yield* answer(request, signal);
      } catch (thrown) {
        if (!signal.aborted) {
          throw toCocoonError(thrown);
        }
      }
    },
    isHealthy: async () => !model.disposed,
    async close() {
      await model.dispose();
      await llama.dispose();
    },
  };
}

async function* streamed(
  texts: AsyncIterable<string>,
  shapes: ReturnType<typeof createAnswerShapes>,
): AsyncGenerator<BackendEvent> {
  yield { kind: "head", status: 200, contentType: "text/event-stream" };
  const first = shapes.first();
  if (first !== "") {
    yield { kind: "data", bytes: Buffer.from(first) };
  }
  for await (const text of texts) {
    yield { kind: "data", bytes: Buffer.from(shapes.piece(text)) };
  }
}

async function clearThen<T>(sequence: { clearHistory(): Promise<void> }, work: () => Promise<T>): Promise<T> {
  await sequence.clearHistory();
  return work();
}
