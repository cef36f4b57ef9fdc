import { augment, type CocoonField, isObject, type OnId, parseObject } from "./augment";
import { createSseSplitter } from "./sseSplitter";

const DATA = "data: ";
const DONE = "[DONE]";

/** Lets a worker's events through at once, and holds back what can only be told at the end. */
export interface StreamFilter {
  /** Bytes to send on now; undefined for none. */
  push(payload: Uint8Array): Buffer | undefined;
  /** The end of a sound stream: last chunk with cost, receipt comment, `[DONE]`. */
  finish(cocoon: CocoonField): string;
}

/**
 * The last event with `usage` is held until the receipt is checked, so that it can carry the cost; `[DONE]` likewise.
 * A usage chunk without choices that the client did not ask for is dropped. A choice of which no `finish_reason` came gets
 * a last chunk with one.
 */
export function createStreamFilter({
  includeUsage,
  choices = 1,
  onId,
}: {
  readonly includeUsage: boolean;
  /** How many answers were asked for. */
  readonly choices?: number;
  readonly onId?: OnId | undefined;
}): StreamFilter {
  const splitter = createSseSplitter();
  const unfinished = createUnfinished(choices);
  let held: Buffer | undefined;
  let last: Buffer | undefined;
  let hasFailed = false;
  return {
    push(payload) {
      const out: Buffer[] = [];
      for (const event of splitter.push(payload)) {
        if (event.includes(DONE) && event.toString("utf8").trim() === DATA + DONE) {
          continue;
        }
        if (last === undefined) {
          onId?.(parseObject(dataOf(event) ?? "")?.id);
        }
        unfinished.note(event);
        if (held !== undefined) {
          out.push(held);
          held = undefined;
        }
        last = event;
        hasFailed ||= event.includes('"error"') && isObject(parseObject(dataOf(event) ?? "")?.error);
        if (event.includes('"usage"') && hasUsage(event)) {
          held = event;
        } else {
          out.push(event);
        }
      }
      return out.length === 0 ? undefined : out.length === 1 ? out[0] : Buffer.concat(out);
    },
    finish(cocoon) {
      const parts: string[] = [];
      if (!hasFailed && last !== undefined) {
        for (const index of unfinished.list()) {
          parts.push(finishChunk(last, index));
        }
      }
      const chunk = held === undefined ? undefined : dataOf(held);
      if (chunk !== undefined && (includeUsage || !isOnlyUsage(chunk))) {
        parts.push(event(augment(chunk, cocoon) ?? chunk));
      }
      parts.push(`: cocoon ${JSON.stringify(cocoon)}\n\n`, event(DONE));
      return parts.join("");
    },
  };
}

function event(data: string): string {
  return `${DATA}${data}\n\n`;
}

function dataOf(bytes: Buffer): string | undefined {
  const text = bytes.toString("utf8").trim();
  return text.startsWith("data:") ? text.slice("data:".length).trim() : undefined;
}

function hasUsage(bytes: Buffer): boolean {
  return isObject(parseObject(dataOf(bytes) ?? "")?.usage);
}

/** Which choices have begun, and told no reason for their end. Of one alone, events that tell none are not parsed. */
function createUnfinished(choices: number) {
  const isFinished = new Map<unknown, boolean>(choices === 1 ? [[0, false]] : []);
  return {
    note(bytes: Buffer): void {
      if (choices === 1 && !bytes.includes('"finish_reason"')) {
        return;
      }
      const told = parseObject(dataOf(bytes) ?? "")?.choices;
      for (const choice of Array.isArray(told) ? told.filter(isObject) : []) {
        const index = choices === 1 ? 0 : choice.index;
        isFinished.set(index, isFinished.get(index) === true || typeof choice.finish_reason === "string");
      }
    },
    list(): readonly unknown[] {
      const begun = isFinished.size === 0 ? [[0, false] as const] : [...isFinished];
      return begun.flatMap(([index, isDone]) => (isDone ? [] : [index]));
    },
  };
}

function isOnlyUsage(chunk: string): boolean {
  const choices = parseObject(chunk)?.choices;
  return Array.isArray(choices) && choices.length === 0;
}

/** A chunk like the last one, without content and with the reason that a cut answer has. */
function finishChunk(like: Buffer, index: unknown): string {
  const { id, object, created, model } = parseObject(dataOf(like) ?? "") ?? {};
  const choice = object === "text_completion" ? { text: "" } : { delta: {} };
  const choices = [{ index, ...choice, finish_reason: "length" }];
  return event(JSON.stringify({ id, object, created, model, choices }));
}
