import { isObject } from "../augment";

export type ItemStatus = "in_progress" | "completed" | "incomplete";

/** A text of the answer: said to the user, refused, or thought. */
export interface TextItem {
  readonly kind: "output_text" | "refusal" | "reasoning_text";
  readonly id: string;
  readonly text: string;
  readonly logprobs: readonly unknown[];
}

/** A function that the model wants called. */
export interface CallItem {
  readonly kind: "call";
  readonly id: string;
  readonly callId: string;
  readonly name: string;
  readonly args: string;
}

export type OutputItem = TextItem | CallItem;

/** What an item's id begins with. */
export const ID_PREFIXES: Readonly<Record<OutputItem["kind"], string>> = {
  output_text: "msg",
  refusal: "msg",
  reasoning_text: "rs",
  call: "fc",
};

/** An item as the responses API shows it. */
export function itemBody(item: OutputItem, status: ItemStatus): object {
  if (item.kind === "call") {
    const { id, callId, name, args } = item;
    return { id, type: "function_call", status, call_id: callId, name, arguments: args };
  }
  // Its part is announced by an event of its own while the item is in progress.
  const content = status === "in_progress" ? [] : [partBody(item)];
  return item.kind === "reasoning_text"
    ? { id: item.id, type: "reasoning", status, summary: [], content }
    : { id: item.id, type: "message", status, role: "assistant", content };
}

export function partBody({ kind, text, logprobs }: TextItem): object {
  switch (kind) {
    case "output_text":
      return { type: kind, text, annotations: [], logprobs };
    case "refusal":
      return { type: kind, refusal: text };
    case "reasoning_text":
      return { type: kind, text };
    default: {
      const impossible: never = kind;
      return impossible;
    }
  }
}

/** The texts in a chat's message or delta, in the order in which they are told. Servers name thoughts in two ways. */
export function textsOf(said: Readonly<Record<string, unknown>>): readonly Pick<TextItem, "kind" | "text">[] {
  const fields = [
    ["reasoning_text", said.reasoning_content ?? said.reasoning],
    ["output_text", said.content],
    ["refusal", said.refusal],
  ] as const;
  return fields.flatMap(([kind, text]) => (typeof text === "string" && text !== "" ? [{ kind, text }] : []));
}

/** One call, or the piece of one, in a chat's message or delta. */
export interface CallPiece {
  readonly index: number;
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly args: string;
}

export function callsOf(said: Readonly<Record<string, unknown>>): readonly CallPiece[] {
  const calls = Array.isArray(said.tool_calls) ? said.tool_calls : [];
  return calls.filter(isObject).map((call, at) => {
    const made = isObject(call.function) ? call.function : {};
    return {
      index: typeof call.index === "number" ? call.index : at,
      id: typeof call.id === "string" ? call.id : undefined,
      name: typeof made.name === "string" ? made.name : undefined,
      args: typeof made.arguments === "string" ? made.arguments : "",
    };
  });
}

export function logprobsOf(choice: Readonly<Record<string, unknown>>): readonly unknown[] {
  return isObject(choice.logprobs) && Array.isArray(choice.logprobs.content) ? choice.logprobs.content : [];
}
