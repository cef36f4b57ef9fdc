import { join } from "node:path";
import { type Config, loadEnvironment, readConfig } from "../config";
import { FinalError } from "../errors";
import { systemClock } from "../observe/clock";
import { createLog, type Log } from "../observe/log";
import { fromHex } from "../protocol";
import {
  type Backend,
  createLlamaBackend,
  createOpenAiBackend,
  hashModelFile,
  startWorker,
  watchBackend,
} from "../worker";
import { quoteSourceOf } from "./attestation";
import { compileEarly } from "./compileEarly";
import { ROOT } from "./root";
import { runUntilSignal } from "./runUntilSignal";

const SHIPPED_MODEL = join(ROOT, "relayer", "model", "cocoon-tiny.gguf");

export async function worker(): Promise<void> {
  compileEarly();
  const config = readConfig("worker", loadEnvironment());
  const log = createLog({ name: "worker", level: config.COCOON_LOG_LEVEL });
  const { backend, modelHash } = await openBackend(config, log);
  const running = await startWorker({
    host: config.COCOON_HOST,
    port: config.COCOON_WORKER_PORT,
    backend,
    model: {
      name: config.COCOON_MODEL_NAME,
      hash: modelHash,
      contextLength: config.COCOON_CONTEXT_LENGTH,
      maxOutputTokens: config.COCOON_MAX_OUTPUT_TOKENS,
    },
    quoteSource: quoteSourceOf(config),
    maxConcurrent: config.COCOON_MAX_CONCURRENT,
    stopMs: config.COCOON_STOP_MS,
    log,
    clock: systemClock,
  });
  await runUntilSignal(running);
}

async function openBackend(
  config: Config<"worker">,
  log: Log,
): Promise<{ readonly backend: Backend; readonly modelHash: Uint8Array }> {
  if (config.COCOON_BACKEND_URL !== undefined) {
    if (config.COCOON_MODEL_HASH === undefined) {
      throw new FinalError(
        "CONFIG_INVALID",
        "COCOON_BACKEND_URL needs COCOON_MODEL_HASH: the SHA-256 under which the network lists the model.",
      );
    }
    const backend = createOpenAiBackend({
      url: config.COCOON_BACKEND_URL,
      apiKey: config.COCOON_BACKEND_API_KEY,
    });
    const watched = watchBackend(backend, { model: config.COCOON_MODEL_NAME, log });
    return { backend: watched, modelHash: fromHex(config.COCOON_MODEL_HASH, 32) };
  }
  const modelPath = config.COCOON_MODEL_FILE ?? SHIPPED_MODEL;
  const [backend, modelHash] = await Promise.all([
    createLlamaBackend({
      modelPath,
      contextLength: config.COCOON_CONTEXT_LENGTH,
      concurrency: config.COCOON_MAX_CONCURRENT,
      clock: systemClock,
    }),
    hashModelFile(modelPath),
  ]);
  return { backend, modelHash };
}
