import { type CocoonField, isObject } from "../augment";
import type { ErrorBody } from "../errorBody";
import {
  type CallItem,
  type CallPiece,
  callsOf,
  type ItemStatus,
  itemBody,
  logprobsOf,
  type OutputItem,
  partBody,
  type TextItem,
  textsOf,
} from "./outputItems";
import { endOf, itemId, openBody, type ResponseName, usageBody } from "./responseBody";

type Changing<T> = { -readonly [K in keyof T]: T[K] };
type Open = { readonly index: number; readonly item: Changing<TextItem> | Changing<CallItem> };

/** Turns the chunks of a chat into the events of a response, each as the bytes of a server-sent event. */
export interface ResponseEvents {
  push(chunk: Readonly<Record<string, unknown>>): string;
  /** The end of a sound stream. */
  finish(cocoon: CocoonField): string;
  /** The end of one that failed. */
  fail(error: ErrorBody["error"]): string;
}

export function createResponseEvents(name: ResponseName): ResponseEvents {
  let sequence = 0;
  let body: Readonly<Record<string, unknown>> | undefined;
  let usage: unknown;
  let finishReason: unknown;
  const done: OutputItem[] = [];
  let count = 0;
  let text: (Open & { readonly item: Changing<TextItem>; readonly odds: unknown[] }) | undefined;
  const calls = new Map<number, Open & { readonly item: Changing<CallItem> }>();

  const event = (type: string, fields: object): string => {
    const data = JSON.stringify({ type, sequence_number: sequence, ...fields });
    sequence += 1;
    return `event: ${type}\ndata: ${data}\n\n`;
  };
  const begin = (created: unknown): string => {
    if (body !== undefined) {
      return "";
    }
    body = openBody(name, typeof created === "number" ? created : 0);
    return event("response.created", { response: body }) + event("response.in_progress", { response: body });
  };
  const at = ({ index, item }: Open) => ({ item_id: item.id, output_index: index });
  const inPart = (open: Open) => ({ ...at(open), content_index: 0 });
  const added = ({ index, item }: Open) =>
    event("response.output_item.added", { output_index: index, item: itemBody(item, "in_progress") });
  const ended = ({ index, item }: Open, status: ItemStatus) => {
    done[index] = item;
    return event("response.output_item.done", { output_index: index, item: itemBody(item, status) });
  };

  const closeText = (status: ItemStatus): string => {
    if (text === undefined) {
      return "";
    }
    const open = text;
    text = undefined;
    const { kind, text: said, logprobs } = open.item;
    const whole =
      kind === "refusal"
        ? { refusal: said }
        : kind === "output_text"
          ? { text: said, logprobs }
          : { text: said };
    return (
      event(`response.${kind}.done`, { ...inPart(open), ...whole }) +
      event("response.content_part.done", { ...inPart(open), part: partBody(open.item) }) +
      ended(open, status)
    );
  };
  const say = (
    { kind, text: piece }: Pick<TextItem, "kind" | "text">,
    logprobs: readonly unknown[],
  ): string => {
    let out = text !== undefined && text.item.kind !== kind ? closeText("completed") : "";
    if (text === undefined) {
      const odds: unknown[] = [];
      const item = { kind, id: itemId(kind, name, count), text: "", logprobs: odds };
      text = { index: count, item, odds };
      count += 1;
      out +=
        added(text) + event("response.content_part.added", { ...inPart(text), part: partBody(text.item) });
    }
    text.item.text += piece;
    if (logprobs.length > 0) {
      text.odds.push(...logprobs);
    }
    const odds = kind === "output_text" ? { logprobs } : {};
    return out + event(`response.${kind}.delta`, { ...inPart(text), delta: piece, ...odds });
  };
  const call = (piece: CallPiece): string => {
    let out = closeText("completed");
    let open = calls.get(piece.index);
    if (open === undefined) {
      const id = itemId("call", name, count);
      const item = { kind: "call" as const, id, callId: piece.id ?? id, name: piece.name ?? "", args: "" };
      open = { index: count, item };
      count += 1;
      calls.set(piece.index, open);
      out += added(open);
    }
    open.item.args += piece.args;
    return piece.args === ""
      ? out
      : out + event("response.function_call_arguments.delta", { ...at(open), delta: piece.args });
  };
  const closeAll = (status: ItemStatus): string => {
    let out = closeText(status);
    for (const open of calls.values()) {
      const { args, name: called } = open.item;
      out += event("response.function_call_arguments.done", { ...at(open), name: called, arguments: args });
      out += ended(open, status);
    }
    calls.clear();
    return out;
  };
  const output = (status: ItemStatus) => done.map((item) => itemBody(item, status));

  return {
    push(chunk) {
      let out = begin(chunk.created);
      usage = chunk.usage ?? usage;
      const choice: unknown = Array.isArray(chunk.choices) ? chunk.choices[0] : undefined;
      if (!isObject(choice)) {
        return out;
      }
      finishReason = choice.finish_reason ?? finishReason;
      const delta = isObject(choice.delta) ? choice.delta : {};
      for (const said of textsOf(delta)) {
        out += say(said, logprobsOf(choice));
      }
      for (const piece of callsOf(delta)) {
        out += call(piece);
      }
      return out;
    },
    finish(cocoon) {
      // A stream without a reason was cut at its limit, as the stream of a chat says too.
      const end = endOf(finishReason ?? "length");
      const out = begin(undefined) + closeAll(end.status);
      const response = {
        ...body,
        ...end,
        output: output(end.status),
        usage: usageBody(usage, cocoon),
        cocoon,
      };
      return out + event(`response.${end.status}`, { response });
    },
    fail({ code, message }) {
      const out = begin(undefined) + closeAll("incomplete");
      const response = { ...body, status: "failed", error: { code, message }, output: output("incomplete") };
      return out + event("response.failed", { response });
    },
  };
}
