import { FinalError } from "../../errors";
import type { Client } from "../createClient";
import {
  ANSWER_PATHS,
  type AnswerKind,
  answerHeaders,
  beginAnswer,
  estimateBody,
  isStream,
  modelBody,
  type PendingAnswer,
  SSE_HEADERS,
  toHttpError,
} from "../openai";
import { streamBody } from "./streamBody";

const MODEL = /\/models\/(.+)$/;
const ESTIMATE = /\/estimate(?=\/)/;
const RECEIPT = /\/receipts\/([^/]+)$/;
const VERSION = "/v1";

/** Whom to ask, and when it was opened (unix seconds): `created` of every model. */
export interface Asked {
  readonly client: Pick<Client, "complete" | "estimate" | "models" | "receipt">;
  readonly openedSeconds: number;
}

/** Answers one request of an OpenAI client. Throws what the gateway would turn into an error's body. */
export async function answerRequest(asked: Asked, request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (request.method === "POST") {
    const kind = kindOf(pathname);
    if (kind !== undefined) {
      return ESTIMATE.test(pathname)
        ? Response.json(estimateBody(asked.client, await wordsOf(kind, request)))
        : await answer(asked, kind, request);
    }
  }
  if (request.method === "GET") {
    const found = await look(asked, pathname);
    if (found !== undefined) {
      return Response.json(found);
    }
  }
  throw new FinalError("NOT_FOUND", "createCocoonFetch does not serve this path.", { param: pathname });
}

/** Any failure as OpenAI's error body; `x-should-retry` tells the client what a second try is good for. */
export function failureResponse(thrown: unknown): Response {
  const { status, body, retryAfterSeconds } = toHttpError(thrown);
  const headers = {
    "x-should-retry": String(retryAfterSeconds !== undefined),
    ...(retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) }),
  };
  return Response.json(body, { status, headers });
}

async function answer({ client }: Asked, kind: AnswerKind, request: Request): Promise<Response> {
  // Its own end: a reader that cancels the body stops the generation as an abort does.
  const gone = new AbortController();
  const signal = AbortSignal.any([request.signal, gone.signal]);
  const words = await wordsOf(kind, request);
  const begun = await beginAnswer(client, { ...words, apiKeyId: undefined, signal });
  return isStream(begun.completion)
    ? streamedResponse(begun, { request: request.signal, gone })
    : await wholeResponse(begun);
}

async function wordsOf(kind: AnswerKind, request: Request) {
  return {
    kind,
    body: new Uint8Array(await request.arrayBuffer()),
    maxCost: request.headers.get("cocoon-max-cost") ?? undefined,
  };
}

async function wholeResponse(begun: PendingAnswer): Promise<Response> {
  const { status, contentType, body } = await begun.whole();
  return new Response(body, {
    status,
    headers: { ...answerHeaders(begun.completion), "content-type": contentType },
  });
}

function streamedResponse(
  begun: PendingAnswer,
  ends: { readonly request: AbortSignal; readonly gone: AbortController },
): Response {
  const body = streamBody(begun, {
    signal: ends.request,
    onCancel: () => ends.gone.abort(),
  });
  return new Response(body, { headers: { ...answerHeaders(begun.completion), ...SSE_HEADERS } });
}

/** The longest path that the URL's ends with: clients set base URLs with and without `/v1`. */
function kindOf(pathname: string): AnswerKind | undefined {
  const kinds: readonly AnswerKind[] = Object.keys(ANSWER_PATHS).filter((name) => isKind(name));
  return kinds
    .filter((kind) => pathname.endsWith(ANSWER_PATHS[kind].slice(VERSION.length)))
    .sort((a, b) => ANSWER_PATHS[b].length - ANSWER_PATHS[a].length)[0];
}

function isKind(name: string): name is AnswerKind {
  return name in ANSWER_PATHS;
}

async function look({ client, openedSeconds }: Asked, pathname: string): Promise<object | undefined> {
  if (pathname.endsWith("/models")) {
    return { object: "list", data: client.models().map((model) => modelBody(model, openedSeconds)) };
  }
  const name = MODEL.exec(pathname)?.[1];
  if (name !== undefined) {
    const model = client.models().find((known) => known.name === decodeURIComponent(name));
    if (model === undefined) {
      throw new FinalError("NOT_FOUND", "No attested worker serves this model.", { param: "model" });
    }
    return modelBody(model, openedSeconds);
  }
  const id = RECEIPT.exec(pathname)?.[1];
  if (id === undefined) {
    return undefined;
  }
  const receipt = await client.receipt(id);
  if (receipt === undefined) {
    throw new FinalError("NOT_FOUND", "No receipt with this id is stored.", { param: "id" });
  }
  return receipt;
}
