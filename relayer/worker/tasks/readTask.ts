import { FinalError } from "../../errors";
import { equalBytes, isSealedTo, openTask, primitives, utf8ToBytes } from "../../protocol";
import {
  type ContentKind,
  decodeSealedContent,
  MAX_TASK_CONTENT,
  parseTaskRequest,
  type TaskRequest,
} from "../../task";
import type { Generation, Generations } from "../generations";
import type { TaskOrder } from "./taskOrder";

/** A task's content, and the form in which its answer goes back: a sealed request is answered sealed. */
export interface ReadTask {
  /** Whose keys answer. */
  readonly signer: Generation;
  readonly kind: ContentKind;
  readonly content: Uint8Array;
  seal(answer: Uint8Array): Uint8Array;
}

/** Throws what is wrong with the request: `BAD_REQUEST`, `BODY_TOO_LARGE`, `SEALED_UNREADABLE`, `NOT_FOUND`. */
export function readTask(
  deps: { readonly generations: Generations; readonly networkId: number },
  order: TaskOrder,
): ReadTask {
  const request = parseTaskRequest(order.request);
  const { kind, content } =
    request.form === "located"
      ? { kind: request.kind, content: checkedContent(request, order.content) }
      : { kind: request.form, content: request.content };
  if (kind !== "sealed") {
    return { signer: deps.generations.find(order.worker), kind, content, seal: (answer) => answer };
  }
  const signer = sealedTo(deps.generations, content);
  const { hpkePrivateKey, hpkePublicKey } = signer.keys;
  const opened = openTask(
    { networkId: deps.networkId, job: order.job },
    {
      hpkePrivateKey,
      hpkePublicKey,
      bindHash: signer.identity.current()?.bindHash ?? new Uint8Array(),
      bytes: content,
    },
  );
  return { signer, ...decodeSealedContent(opened.content), seal: opened.sealAnswer };
}

/** A key that was renewed since still opens what was sealed to it. */
function sealedTo(generations: Generations, sealed: Uint8Array): Generation {
  const found = [generations.current(), ...generations.former()].find(({ keys }) =>
    isSealedTo(keys.hpkePublicKey, sealed),
  );
  if (found === undefined) {
    throw new FinalError("SEALED_UNREADABLE", "The task is sealed to another key.");
  }
  return found;
}

/** What the relayer fetched counts only when it is what the opener named. */
function checkedContent(
  request: Extract<TaskRequest, { form: "located" }>,
  fetched: Uint8Array | undefined,
): Uint8Array {
  if (request.size > MAX_TASK_CONTENT) {
    throw new FinalError("BODY_TOO_LARGE", "The task's content is longer than is taken.");
  }
  if (
    fetched === undefined ||
    fetched.length !== request.size ||
    !equalBytes(primitives.sha256(fetched), request.sha256)
  ) {
    throw new FinalError("NOT_FOUND", "The task's content is not where it should lie.");
  }
  return fetched;
}

/** A prompt becomes a chat of one message; of a body, model and stream are the worker's to say. */
export function bodyOfTask({ kind, content }: Pick<ReadTask, "kind" | "content">, model: string): Uint8Array {
  const text = Buffer.from(content).toString("utf8");
  if (kind === "text") {
    return utf8ToBytes(JSON.stringify({ model, messages: [{ role: "user", content: text }] }));
  }
  try {
    const body: unknown = JSON.parse(text);
    return utf8ToBytes(
      JSON.stringify({ ...objectOf(body), model, stream: false, stream_options: undefined }),
    );
  } catch (cause) {
    throw new FinalError("BAD_REQUEST", "The task's body is not a JSON object.", {}, { cause });
  }
}

function objectOf(value: unknown): object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError("not an object");
  }
  return value;
}
