// An OpenAI-compatible server without a model: what it says follows from the question alone, so that a test can tell
// a right answer from a wrong one. `node scriptedBackend.cjs PORT DELAY_MS`, the delay standing before each word.
const { createServer } = require("node:http");
const { setTimeout: pause } = require("node:timers/promises");

const [port, delayMs] = process.argv.slice(2).map(Number);

const wordsFor = (question) => ["You", " said:", ...question.split(" ").map((word) => ` ${word}`)];

async function complete(body, response) {
  const question = body.messages.at(-1).content;
  const words = wordsFor(question);
  const base = { id: "chatcmpl-1", created: 1, model: body.model };
  const usage = { prompt_tokens: 8 + words.length, completion_tokens: words.length };
  usage.total_tokens = usage.prompt_tokens + usage.completion_tokens;
  if (body.stream !== true) {
    await pause(delayMs * words.length);
    const message = { role: "assistant", content: words.join("") };
    const choices = [{ index: 0, message, finish_reason: "stop" }];
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ ...base, object: "chat.completion", choices, usage }));
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  const send = (chunk) =>
    response.write(`data: ${JSON.stringify({ ...base, object: "chat.completion.chunk", ...chunk })}\n\n`);
  for (const content of words) {
    if (delayMs > 0) {
      await pause(delayMs);
    }
    send({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
  }
  send({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] });
  send({ choices: [], usage });
  response.end("data: [DONE]\n\n");
}

createServer(async (request, response) => {
  if (request.method === "GET") {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ object: "list", data: [] }));
    return;
  }
  const chunks = [];
  for await (const chunk of request) {
    chunks.push(chunk);
  }
  await complete(JSON.parse(Buffer.concat(chunks).toString("utf8")), response);
}).listen(port, "127.0.0.1");
