// An OpenAI-compatible server that answers at once with what it was told to say: whatever a client sees beyond its
// time is what stands in between. Takes any free port of the loopback interface and prints it.
const { createServer } = require("node:http");

const CHUNKS = 100;
const USAGE = { prompt_tokens: 24, completion_tokens: 16, total_tokens: 40 };
const BASE = { id: "chatcmpl-8f1c2a", created: 1_790_000_000, model: "cocoon-tiny" };
const ANSWER = Buffer.from(
  JSON.stringify({
    ...BASE,
    object: "chat.completion",
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: "Friday at 10 it is. ".repeat(4) },
        finish_reason: "stop",
      },
    ],
    usage: USAGE,
  }),
);
const EVENTS = [
  ...Array.from({ length: CHUNKS }, (_, index) =>
    chunk([
      { index: 0, delta: { content: ` token${index}` }, finish_reason: index === CHUNKS - 1 ? "stop" : null },
    ]),
  ),
  chunk([], { usage: { ...USAGE, completion_tokens: CHUNKS, total_tokens: 24 + CHUNKS } }),
  Buffer.from("data: [DONE]\n\n"),
];

function chunk(choices, more = {}) {
  const event = { ...BASE, object: "chat.completion.chunk", choices, ...more };
  return Buffer.from(`data: ${JSON.stringify(event)}\n\n`);
}

/** One event each turn of the loop, as a model's scheduler emits them, and none slower than the socket takes it. */
function stream(response) {
  response.writeHead(200, { "content-type": "text/event-stream" });
  let next = 0;
  const emit = () => {
    response.write(EVENTS[next]);
    next += 1;
    if (next === EVENTS.length) {
      response.end();
    } else {
      setImmediate(emit);
    }
  };
  emit();
}

const server = createServer({ keepAliveTimeout: 60_000, noDelay: true }, (request, response) => {
  const pieces = [];
  request.on("data", (piece) => pieces.push(piece));
  request.on("end", () => {
    if (request.method === "POST" && JSON.parse(Buffer.concat(pieces).toString("utf8")).stream === true) {
      stream(response);
      return;
    }
    response.writeHead(200, { "content-type": "application/json", "content-length": ANSWER.length });
    response.end(ANSWER);
  });
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`${server.address().port}\n`));
process.once("SIGTERM", () => process.exit(0));
