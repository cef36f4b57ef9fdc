import { z } from "zod";
import { FinalError } from "../../../errors";
import { ID_PREFIXES } from "./outputItems";

const text = z.looseObject({ text: z.string() });
const role = z.enum(["user", "assistant", "system", "developer"]);
const parts = z.array(z.looseObject({ type: z.string() }));
type Part = z.infer<typeof parts>[number];

const message = z.looseObject({ role, content: z.union([z.string(), parts]) });
const functionCall = z.looseObject({ call_id: z.string(), name: z.string(), arguments: z.string() });
const functionOutput = z.looseObject({ call_id: z.string(), output: z.union([z.string(), parts]) });

/** What `input` may be. */
export const inputSchema = z.union([z.string().min(1), z.array(z.looseObject({})).min(1)]);
type Item = Exclude<z.infer<typeof inputSchema>, string>[number];

/** A message of the chat API. */
export type ChatMessage = { readonly role: string } & Readonly<Record<string, unknown>>;

/**
 * The items of a response's input as the messages of a chat. Reasoning of earlier turns is left out: a chat has no place
 * for it. Throws `UNSUPPORTED_PARAMETER` for items that need more than a chat, `BAD_REQUEST` for malformed ones.
 */
export function toMessages(
  input: z.infer<typeof inputSchema>,
  instructions: string | null | undefined,
): readonly ChatMessage[] {
  const messages: ChatMessage[] = typeof instructions === "string" ? [systemMessage(instructions)] : [];
  if (typeof input === "string") {
    return [...messages, { role: "user", content: input }];
  }
  let calls: unknown[] | undefined;
  input.forEach((item, index) => {
    const param = `input.${index}`;
    if (item.type === "reasoning" || isReasoningReference(item)) {
      return;
    }
    if (item.type !== "function_call") {
      calls = undefined;
      messages.push(toMessage(item, param));
      return;
    }
    // Calls made together belong to one message: chat templates pair them with their results by that.
    if (calls === undefined) {
      calls = [];
      messages.push({ role: "assistant", content: null, tool_calls: calls });
    }
    const { call_id, name, arguments: args } = parse(functionCall, item, param);
    calls.push({ id: call_id, type: "function", function: { name, arguments: args } });
  });
  return messages;
}

function toMessage(item: Item, param: string): ChatMessage {
  if (item.type === "function_call_output") {
    const { call_id, output } = parse(functionOutput, item, param);
    return { role: "tool", tool_call_id: call_id, content: contentOf(output, `${param}.output`) };
  }
  if (item.type === "item_reference") {
    throw unsupported(
      `${param}.type`,
      "No items are kept here to refer to: send the item itself, as clients do that are told `store`: false.",
    );
  }
  if (item.type !== undefined && item.type !== "message") {
    throw unsupported(`${param}.type`, `Items of type ${String(item.type)} are not supported here.`);
  }
  const { role, content } = parse(message, item, param);
  // Open models' templates know one name for it.
  const name = role === "developer" ? "system" : role;
  return { role: name, content: contentOf(content, `${param}.content`) };
}

/** Clients that believe every item to be kept send its id alone: of what would be left out anyway, that will do. */
function isReasoningReference({ type, id }: Item): boolean {
  return (
    type === "item_reference" && typeof id === "string" && id.startsWith(`${ID_PREFIXES.reasoning_text}_`)
  );
}

function systemMessage(content: string): ChatMessage {
  return { role: "system", content };
}

/** Texts alone become one text, which every chat template takes. */
function contentOf(content: string | readonly Part[], param: string): unknown {
  if (typeof content === "string") {
    return content;
  }
  const made = content.map((part, index) => toPart(part, `${param}.${index}`));
  return made.every((part) => part.type === "text") ? made.map((part) => part.text).join("") : made;
}

function toPart(part: Part, param: string): { readonly type: string } & Readonly<Record<string, unknown>> {
  switch (part.type) {
    case "input_text":
    case "output_text":
    case "text":
      return { type: "text", text: parse(text, part, param).text };
    case "refusal":
      return { type: "text", text: parse(z.looseObject({ refusal: z.string() }), part, param).refusal };
    case "input_image": {
      const { image_url: url, detail } = parse(imagePart, part, param);
      return { type: "image_url", image_url: { url, ...(detail === undefined ? {} : { detail }) } };
    }
    case "input_file": {
      const { filename, file_data } = parse(filePart, part, param);
      return { type: "file", file: { filename, file_data } };
    }
    case "input_audio":
      return { ...part };
    default:
      throw unsupported(`${param}.type`, `Content of type ${part.type} is not supported here.`);
  }
}

const NO_FILES = "must be in the request itself: no files are kept here";
const imagePart = z.looseObject({ image_url: z.string(NO_FILES), detail: z.string().optional() });
const filePart = z.looseObject({ filename: z.string().optional(), file_data: z.string(NO_FILES) });

function parse<T>(schema: z.ZodType<T>, value: unknown, param: string): T {
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const name = [param, ...(issue?.path ?? [])].join(".");
    throw new FinalError("BAD_REQUEST", `The field ${name} is missing or not valid: ${issue?.message}`, {
      param: name,
    });
  }
  return parsed.data;
}

export function unsupported(param: string, message: string): FinalError {
  return new FinalError("UNSUPPORTED_PARAMETER", message, { param });
}
