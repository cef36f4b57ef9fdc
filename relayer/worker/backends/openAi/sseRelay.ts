import { RetryableError } from "../../../errors";
import type { Usage } from "../../../protocol";
import { findValue, jsonKey } from "./jsonKeys";
import { readUsage } from "./usage";

const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;
const BRACE = 0x7b;
const BRACKET = 0x5b;
const END_BRACKET = 0x5d;
const DATA = Buffer.from("data:");
const DONE = Buffer.from("[DONE]");
/** One event longer than this is no chunk of text. */
const MAX_EVENT_BYTES = 4 * 1024 * 1024;

const CHOICES = jsonKey("choices");
const ERROR = jsonKey("error");
const USAGE = jsonKey("usage");
const FINISH = jsonKey("finish_reason");
const ANSWER_KEYS = [jsonKey("content"), jsonKey("tool_calls"), jsonKey("text"), jsonKey("refusal")];
const REASONING_KEYS = [jsonKey("reasoning_content"), jsonKey("reasoning")];

/** Passes a backend's SSE stream on and learns from it what billing needs, without parsing its chunks. */
export interface SseRelay {
  /** The whole events that this chunk completes, byte for byte, or nothing. Throws `BACKEND_UNAVAILABLE` for an error event. */
  push(chunk: Buffer): Buffer | undefined;
  /** Content deltas seen: what is billed when the backend reports no usage. */
  deltas(): { readonly completion: number; readonly reasoning: number };
  hasFinished(): boolean;
  hasEnded(): boolean;
  /** The newest usage that the backend reported. */
  usage(): Usage | undefined;
}

/**
 * The relay of one stream. `[DONE]` is held back, because what is missing may have to come before it; and so is a chunk
 * that carries nothing but a usage which the client did not ask for.
 */
export function createSseRelay(options: { readonly includeUsage: boolean }): SseRelay {
  let rest: Buffer | undefined;
  let completion = 0;
  let reasoning = 0;
  let isFinished = false;
  let isDone = false;
  let lastUsage: Buffer | undefined;

  /** True when the client gets the event. */
  const inspect = (event: Buffer): boolean => {
    if (event.indexOf(DATA) !== 0) {
      return true;
    }
    const choices = findValue(event, CHOICES);
    if (choices < 0) {
      if (event.indexOf(DONE) > 0) {
        isDone = true;
        return false;
      }
      if (event[findValue(event, ERROR)] !== undefined) {
        throw new RetryableError("BACKEND_UNAVAILABLE", "The backend failed while it answered.");
      }
      return true;
    }
    const usage = findValue(event, USAGE);
    if (usage >= 0 && event[usage] === BRACE) {
      lastUsage = Buffer.from(event.subarray(DATA.length));
      const isUsageOnly = event[choices] === BRACKET && event[choices + 1] === END_BRACKET;
      if (isUsageOnly) {
        return options.includeUsage;
      }
    }
    if (hasContent(event, ANSWER_KEYS)) {
      completion += 1;
    } else if (hasContent(event, REASONING_KEYS)) {
      reasoning += 1;
    }
    isFinished ||= event[findValue(event, FINISH)] === QUOTE;
    return true;
  };

  return {
    push(chunk) {
      const bytes = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
      const kept: Buffer[] = [];
      let at = 0;
      for (let end = endOfEvent(bytes, at); end > 0; end = endOfEvent(bytes, at)) {
        const event = bytes.subarray(at, end);
        if (inspect(event)) {
          kept.push(event);
        }
        at = end;
      }
      rest = at < bytes.length ? bytes.subarray(at) : undefined;
      if (rest !== undefined && rest.length > MAX_EVENT_BYTES) {
        throw new RetryableError("BACKEND_UNAVAILABLE", "The backend sent an event without an end.");
      }
      const [only] = kept;
      return kept.length < 2 ? only : Buffer.concat(kept);
    },
    deltas: () => ({ completion, reasoning }),
    hasFinished: () => isFinished,
    hasEnded: () => isDone,
    usage: () => (lastUsage === undefined ? undefined : readUsage(lastUsage)),
  };
}

/** The end of the event that begins at `from`, behind its blank line; -1 while it is not all there. */
function endOfEvent(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(LF, from); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at + 1] === LF) {
      return at + 2;
    }
    if (bytes[at + 1] === CR && bytes[at + 2] === LF) {
      return at + 3;
    }
  }
  return -1;
}

/** True when one of the keys has a value that is neither empty nor null. */
function hasContent(event: Buffer, keys: typeof ANSWER_KEYS): boolean {
  return keys.some((key) => {
    const at = findValue(event, key);
    return (
      (event[at] === QUOTE && event[at + 1] !== QUOTE) ||
      (event[at] === BRACKET && event[at + 1] !== END_BRACKET)
    );
  });
}
