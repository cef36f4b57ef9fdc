import { createResponseOpener, createResponseSealer, primitives, utf8ToBytes } from "../relayer/protocol";
import type { Benchmark } from "./benchmark";
import { median } from "./stats";

const ROUNDS = 7;
const ROUND_MS = 500;
const BATCH = 256;
/** One token's event as OpenAI-compatible servers write it. */
const EVENT = utf8ToBytes(
  'data: {"id":"chatcmpl-8f1c2a","object":"chat.completion.chunk","created":1790000000,"model":"cocoon-tiny",' +
    '"choices":[{"index":0,"delta":{"content":" token"},"finish_reason":null}]}\n\n',
);

/** Response frames sealed and opened again on one core, each with its own key stream and tag. */
export const sealedChunks: Benchmark = {
  names: ["sealed-chunks-per-s"],
  async run() {
    const rates = Array.from({ length: ROUNDS + 1 }, measureRound).slice(1); // the first one warms up
    return [{ name: "sealed-chunks-per-s", value: median(rates), unit: "/s" }];
  },
};

function measureRound(): number {
  const context = {
    secret: primitives.randomBytes(32),
    enc: primitives.randomBytes(32),
    headerHash: primitives.randomBytes(32),
  };
  const sealer = createResponseSealer(context);
  const opener = createResponseOpener(context);
  opener.push(sealer.start());
  opener.push(sealer.meta({ status: 200, contentType: "text/event-stream" }));
  let opened = 0;
  const started = performance.now();
  let elapsedMs = 0;
  while (elapsedMs < ROUND_MS) {
    for (let i = 0; i < BATCH; i += 1) {
      opened += opener.push(sealer.data(EVENT)).length;
    }
    elapsedMs = performance.now() - started;
  }
  return opened / (elapsedMs / 1_000);
}
