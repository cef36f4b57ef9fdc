import { readFileSync } from "node:fs";
import { join } from "node:path";
import { toHttpError } from "../../../relayer/client/openai/errorBody";
import { createStreamFilter } from "../../../relayer/client/openai/streamFilter";
import { ERROR_CODES, FinalError, RetryableError } from "../../../relayer/errors";

const PRICES = { prompt_nano: "1", cached_nano: "1", completion_nano: "2", reasoning_nano: "2" };
const COCOON = { receipt: "ab", job: "0:1", provider: "0:2", prices: PRICES, cost_nano: "7" };
const event = (chunk: object) => `data: ${JSON.stringify(chunk)}\n\n`;
const word = event({
  id: "c",
  object: "chat.completion.chunk",
  choices: [{ index: 0, delta: { content: "é" }, finish_reason: null }],
});
const stop = event({ id: "c", choices: [{ index: 0, delta: {}, finish_reason: "stop" }] });
const usage = event({ id: "c", choices: [], usage: { prompt_tokens: 1 } });
const done = "data: [DONE]\n\n";

function run(text: string, cut: number, includeUsage: boolean): string {
  const bytes = Buffer.from(text);
  const filter = createStreamFilter({ includeUsage });
  let out = "";
  for (let at = 0; at < bytes.length; at += cut) {
    out += filter.push(bytes.subarray(at, at + cut))?.toString("utf8") ?? "";
  }
  return out + filter.finish(COCOON);
}

describe("the gateway's page", () => {
  const page = readFileSync(join(__dirname, "../../../docs/gateway.md"), "utf8");

  it.each(ERROR_CODES)("names %s with its status", (code) => {
    const { status } = toHttpError(new FinalError(code, "…"));
    const row = page
      .split("\n")
      .find((line) => line.startsWith("|") && line.includes(`\`${code.toLowerCase()}\``));
    expect(row).toMatch(new RegExp(`^\\|[^|]*\\| ${status} \\|`));
  });
});

describe("the stream filter", () => {
  it("gives a stream that ended in an error event no finish reason", () => {
    const failure = event({ error: { message: "The backend failed.", code: "backend_unavailable" } });
    expect(run(word + failure + done, 7, true)).toBe(
      `${word}${failure}: cocoon ${JSON.stringify(COCOON)}\n\n${done}`,
    );
  });

  const comment = `: cocoon ${JSON.stringify(COCOON)}\n\n`;

  it.each([1, 2, 7, 10_000])("puts the cost into the asked-for usage, cut at every %i bytes", (cut) => {
    const priced = event({
      id: "c",
      choices: [],
      usage: { prompt_tokens: 1, cost_nano: "7" },
      cocoon: COCOON,
    });
    expect(run(word + stop + usage + done, cut, true)).toBe(word + stop + priced + comment + done);
  });

  it("drops a usage chunk that was not asked for", () => {
    expect(run(word + stop + usage + done, 5, false)).toBe(word + stop + comment + done);
  });

  it("gives each of several choices that have begun and told none its finish reason, and no other", () => {
    const choice = (index: number, finish_reason: string | null = null) =>
      event({ id: "c", object: "text_completion", choices: [{ index, text: "a", finish_reason }] });
    const filter = createStreamFilter({ includeUsage: false, choices: 4 });
    filter.push(Buffer.from(choice(0) + choice(2) + choice(1) + choice(2, "stop") + choice(1)));
    const ends = filter
      .finish(COCOON)
      .split("\n\n")
      .filter((text) => text.startsWith("data: {"));
    expect(ends.map((text) => JSON.parse(text.slice("data: ".length)).choices)).toEqual([
      [{ index: 0, text: "", finish_reason: "length" }],
      [{ index: 1, text: "", finish_reason: "length" }],
    ]);
  });

  it("gives a stream without one its finish reason", () => {
    expect(run(word, 5, false)).toContain('"finish_reason":"length"');
  });
});

describe("errors in OpenAI's shape", () => {
  it.each(ERROR_CODES)("%s has a status, a type and its code in lower case", (code) => {
    const { status, body } = toHttpError(new FinalError(code, "Why."));
    expect(status).toBeGreaterThanOrEqual(400);
    expect(body.error).toMatchObject({ code: code.toLowerCase(), param: null });
  });

  it("says when to come back where waiting helps, and hides what is inside", () => {
    expect(toHttpError(new RetryableError("NO_PROVIDER", "None.")).retryAfterSeconds).toBe(5);
    expect(toHttpError(new FinalError("BAD_REQUEST", "No.")).retryAfterSeconds).toBeUndefined();
    expect(JSON.stringify(toHttpError(new Error("secret detail")).body)).not.toContain("secret detail");
  });
});
