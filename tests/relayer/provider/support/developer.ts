import { request } from "undici";
import {
  cosignHead,
  hashBind,
  hashSealedBody,
  hashTerms,
  parseRecord,
  primitives,
  type ReceiptRecord,
  type RequestId,
  sealRequest,
  signAuthorization,
  type Terms,
  toBase64,
  toRequestId,
} from "../../../../relayer/protocol";

export const SECRET_PROMPT = "a prompt that no log may hold";

/** One worker as `GET /v1/workers` shows it. */
export interface ListedWorker {
  readonly receiptPublicKey: string;
  readonly hpkePublicKey: string;
  readonly bind: string;
}

export interface Call {
  readonly url: string;
  readonly worker: ListedWorker;
  readonly terms: Terms;
  readonly sessionSeed: Uint8Array;
  readonly nowSeconds: number;
  readonly maxCostNano?: bigint;
  /** Changed headers, after signing. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: (sealed: Uint8Array) => Uint8Array;
  readonly signal?: AbortSignal;
}

export interface Answer {
  /** 0: the connection broke before the head of an answer. */
  readonly status: number;
  readonly requestId: RequestId;
  /** Of a refusal. */
  readonly code: string | undefined;
  readonly text: string;
  readonly record: ReceiptRecord | undefined;
  /** True when the final frame came and proved the record. */
  readonly complete: boolean;
}

const bytesOf = (text: string, encoding: "hex" | "base64") => new Uint8Array(Buffer.from(text, encoding));

/** Seals, authorises and sends one request, and reads its answer to whatever end it has. */
export async function ask(call: Call): Promise<Answer> {
  const requestId = primitives.randomBytes(16);
  const worker = bytesOf(call.worker.receiptPublicKey, "hex");
  const expiresAt = call.nowSeconds + 60;
  const sealed = sealRequest({
    hpkePublicKey: bytesOf(call.worker.hpkePublicKey, "hex"),
    bindHash: hashBind(bytesOf(call.worker.bind, "base64")),
    requestId,
    expiresAt,
    salt: primitives.randomBytes(32),
    body: Buffer.from(
      JSON.stringify({ model: "test", stream: true, messages: [{ role: "user", content: SECRET_PROMPT }] }),
    ),
  });
  const maxCost = call.maxCostNano ?? 10_000_000n;
  const signature = signAuthorization(call.sessionSeed, {
    networkId: call.terms.networkId,
    job: call.terms.job,
    workerPublicKey: worker,
    termsHash: hashTerms(call.terms),
    requestId,
    bodyHash: hashSealedBody(sealed.bytes),
    maxCost,
    expiresAt,
  });
  const sent = request(`${call.url}/v1/sealed`, {
    method: "POST",
    signal: call.signal,
    headers: {
      "content-type": "application/cocoon-sealed",
      "cocoon-job": call.terms.job,
      "cocoon-worker": call.worker.receiptPublicKey,
      "cocoon-max-cost": maxCost.toString(),
      "cocoon-auth-expires": expiresAt.toString(),
      "cocoon-authorization": toBase64(signature),
      ...call.headers,
    },
    body: Buffer.from(call.body?.(sealed.bytes) ?? sealed.bytes),
  });
  const id = toRequestId(requestId);
  const cut = { requestId: id, code: undefined, text: "", record: undefined, complete: false };
  const response = await sent.catch(() => undefined);
  if (response === undefined) {
    return { status: 0, ...cut };
  }
  if (response.statusCode !== 200) {
    const refusal: unknown = await response.body.json();
    return { ...cut, status: response.statusCode, code: codeOf(refusal) };
  }
  let text = "";
  let record: ReceiptRecord | undefined;
  let complete = false;
  try {
    for await (const chunk of response.body) {
      for (const frame of sealed.openResponse.push(Buffer.from(chunk))) {
        text += frame.kind === "data" ? Buffer.from(frame.payload).toString() : "";
        record = frame.kind === "record" ? parseRecord(frame.record) : record;
        complete = complete || frame.kind === "final";
      }
    }
    sealed.openResponse.end();
  } catch {
    complete = false;
  }
  return { status: 200, requestId: id, code: undefined, text, record, complete };
}

/** Sends the developer's co-signature for a record's head. */
export async function cosign(
  call: Pick<Call, "url" | "terms" | "sessionSeed">,
  record: ReceiptRecord,
  overrides: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly status: number; readonly code: string | undefined }> {
  const { networkId, job } = call.terms;
  const head = { networkId, job, ...record.head };
  const cosignature = cosignHead(call.sessionSeed, bytesOf(record.worker, "hex"), head);
  const response = await request(`${call.url}/v1/heads/cosign`, {
    method: "POST",
    body: JSON.stringify({
      job,
      worker: record.worker,
      size: head.size,
      root: toBase64(head.root),
      amount: head.amount.toString(),
      issuedAt: head.issuedAt,
      signature: toBase64(record.signature),
      cosignature: toBase64(cosignature),
      ...overrides,
    }),
  });
  return { status: response.statusCode, code: codeOf(await response.body.json()) };
}

function codeOf(body: unknown): string | undefined {
  const error: unknown =
    typeof body === "object" && body !== null && "error" in body ? body.error : undefined;
  return typeof error === "object" && error !== null && "code" in error ? String(error.code) : undefined;
}
