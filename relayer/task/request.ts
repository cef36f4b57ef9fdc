import { beginCell, type Cell } from "@ton/core";
import { FinalError } from "../errors";
import { utf8ToBytes } from "../protocol";
import { fromSnake, toSnake } from "./snake";

/** A task's request as its opener writes it into `OpenTask`; docs/ai-calls.md has the TL-B. Tags are ASCII. */
const TAGS = { text: 0x61693170, body: 0x6169316a, sealed: 0x61693173, located: 0x61693168 } as const;

/** What is asked: a prompt, or a body of OpenAI's API. */
export type ContentKind = "text" | "body";
const CONTENT_KINDS = ["text", "body", "sealed"] as const;

/** Largest content, wherever it lies: some sixty thousand tokens. */
export const MAX_TASK_CONTENT = 256 * 1024;
const MAX_LOCATOR_BYTES = 1_024;
/** Cells of a request that are looked at: a message has no more. */
export const MAX_REQUEST_BOC = 1024 * 1024;

export type TaskRequest =
  | { readonly form: ContentKind; readonly content: Uint8Array }
  /** For the worker that `OpenTask` names: what `sealTask` made. */
  | { readonly form: "sealed"; readonly content: Uint8Array }
  | {
      readonly form: "located";
      /** What lies at the place. */
      readonly kind: ContentKind | "sealed";
      readonly size: number;
      /** Of the bytes there. */
      readonly sha256: Uint8Array;
      readonly locator: string;
    };

/** Throws `BAD_REQUEST` for what is none of the four forms, `BODY_TOO_LARGE`. */
export function parseTaskRequest(cell: Cell): TaskRequest {
  const malformed = (cause?: unknown) =>
    new FinalError("BAD_REQUEST", "The task's request is of none of the known forms.", {}, { cause });
  const slice = cell.beginParse();
  if (cell.isExotic || slice.remainingBits < 32 || slice.remainingRefs !== 1) {
    throw malformed();
  }
  const tag = slice.loadUint(32);
  const inner = slice.loadRef();
  if (tag === TAGS.located) {
    if (slice.remainingBits !== 8 + 32 + 256) {
      throw malformed();
    }
    const kind = CONTENT_KINDS[slice.loadUint(8)];
    const size = slice.loadUint(32);
    const sha256 = slice.loadBuffer(32);
    const locator = Buffer.from(fromSnake(inner, MAX_LOCATOR_BYTES)).toString("utf8");
    if (kind === undefined) {
      throw malformed();
    }
    return { form: "located", kind, size, sha256, locator };
  }
  const form = (["text", "body", "sealed"] as const).find((name) => TAGS[name] === tag);
  if (form === undefined || slice.remainingBits !== 0) {
    throw malformed();
  }
  return { form, content: fromSnake(inner, MAX_TASK_CONTENT) };
}

/** A request that anyone may read: a prompt, or with `kind` "body" the JSON of a chat or completion. */
export function plainTask(content: string, kind: ContentKind = "text"): Cell {
  return beginCell()
    .storeUint(TAGS[kind], 32)
    .storeRef(toSnake(utf8ToBytes(content)))
    .endCell();
}

/** A request that only the worker can read which `OpenTask` names. */
export function sealedTask(bytes: Uint8Array): Cell {
  return beginCell().storeUint(TAGS.sealed, 32).storeRef(toSnake(bytes)).endCell();
}

/** A request that lies elsewhere. */
export function locatedTask(place: Omit<Extract<TaskRequest, { form: "located" }>, "form">): Cell {
  return beginCell()
    .storeUint(TAGS.located, 32)
    .storeUint(CONTENT_KINDS.indexOf(place.kind), 8)
    .storeUint(place.size, 32)
    .storeBuffer(Buffer.from(place.sha256))
    .storeRef(toSnake(utf8ToBytes(place.locator)))
    .endCell();
}

/** The content of a sealed task: the first byte tells what it is. */
export function encodeSealedContent(kind: ContentKind, content: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(CONTENT_KINDS.indexOf(kind)), content]);
}

/** Throws `BAD_REQUEST`. */
export function decodeSealedContent(bytes: Uint8Array): {
  readonly kind: ContentKind;
  readonly content: Uint8Array;
} {
  const kind = CONTENT_KINDS[bytes[0] ?? CONTENT_KINDS.length];
  if (kind !== "text" && kind !== "body") {
    throw new FinalError("BAD_REQUEST", "The sealed task's content is of no known kind.");
  }
  return { kind, content: bytes.subarray(1) };
}
