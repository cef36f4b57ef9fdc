import { request as httpRequest } from "node:http";
import {
  decodeBind,
  encodeTerms,
  fromBase64,
  hashBind,
  hashRequest,
  hashResponse,
  hashSealedBody,
  hashTerms,
  type JobAddress,
  type OpenedFrame,
  parseRecord,
  primitives,
  type ReceiptRecord,
  type ResponseOpener,
  sealRequest,
  signAuthorization,
  type Terms,
  toBase64,
  toHex,
  toJobAddress,
  toRawAddress,
  verifyRecord,
} from "../../../../relayer/protocol";

export const NETWORK = -217;
export const PROVIDER = toRawAddress(`0:${"02".repeat(32)}`);
export const REGISTRY = toRawAddress(`-1:${"01".repeat(32)}`);
export const JOB = toJobAddress(`0:${"ab".repeat(32)}`);
export const MODEL_HASH = new Uint8Array(32).fill(3);
export const SESSION_SEED = new Uint8Array(32).fill(0x60);
export const SALT = new Uint8Array(32).fill(0xa0);
export const PROMPT = "a very secret prompt";
export const BUDGET = 1_000_000n;

/** 1 nanoton a prompt token, 10 a completion token. */
export function termsOf(job: JobAddress = JOB, overrides: Partial<Terms> = {}): Terms {
  return {
    networkId: NETWORK,
    job,
    provider: PROVIDER,
    modelHash: MODEL_HASH,
    sessionPublicKey: primitives.ed25519PublicKey(SESSION_SEED),
    promptPrice: 1_000_000n,
    cachedPrice: 500_000n,
    completionPrice: 10_000_000n,
    reasoningPrice: 10_000_000n,
    ...overrides,
  };
}

export async function putLane(
  url: string,
  options: { terms?: Terms; job?: string; budget?: bigint; deadlineAt?: number; worker?: string } = {},
) {
  const terms = options.terms ?? termsOf();
  return fetch(`${url}/v1/lanes/${options.job ?? terms.job}`, {
    method: "PUT",
    body: JSON.stringify({
      terms: toBase64(encodeTerms(terms)),
      budget: (options.budget ?? BUDGET).toString(),
      deadlineAt: options.deadlineAt ?? 4_000_000_000,
      worker: options.worker,
    }),
  });
}

export interface WorkerIdentity {
  readonly receiptPublicKey: string;
  readonly hpkePublicKey: string;
  readonly bind: string;
}

export interface CallOptions {
  readonly identity: WorkerIdentity;
  readonly body: unknown;
  readonly terms?: Terms;
  readonly maxCost?: bigint;
  readonly nowSeconds: number;
  readonly expiresIn?: number;
  readonly authExpiresIn?: number;
  readonly signedMaxCost?: bigint;
}

export interface Call {
  /** Hex. */
  readonly requestId: string;
  readonly headers: Record<string, string>;
  readonly sealed: Uint8Array;
  readonly plain: Uint8Array;
  readonly opener: ResponseOpener;
}

/** A sealed and authorised request, as a gateway makes it. */
export function makeCall(options: CallOptions): Call {
  const bind = fromBase64(options.identity.bind);
  const statement = decodeBind(bind);
  const terms = options.terms ?? termsOf();
  const requestId = primitives.randomBytes(16);
  const expiresAt = options.nowSeconds + (options.expiresIn ?? 60);
  const authExpires = options.nowSeconds + (options.authExpiresIn ?? options.expiresIn ?? 60);
  const maxCost = options.maxCost ?? 1_000n;
  const plain = Buffer.from(typeof options.body === "string" ? options.body : JSON.stringify(options.body));
  const { bytes, openResponse } = sealRequest({
    hpkePublicKey: statement.hpkePublicKey,
    bindHash: hashBind(bind),
    requestId,
    expiresAt,
    salt: SALT,
    body: plain,
  });
  const signature = signAuthorization(SESSION_SEED, {
    networkId: NETWORK,
    job: terms.job,
    workerPublicKey: statement.receiptPublicKey,
    termsHash: hashTerms(terms),
    requestId,
    bodyHash: hashSealedBody(bytes),
    maxCost: options.signedMaxCost ?? maxCost,
    expiresAt: authExpires,
  });
  return {
    requestId: toHex(requestId),
    headers: {
      "content-type": "application/cocoon-sealed",
      "cocoon-job": terms.job,
      "cocoon-worker": options.identity.receiptPublicKey,
      "cocoon-max-cost": maxCost.toString(),
      "cocoon-auth-expires": authExpires.toString(),
      "cocoon-authorization": toBase64(signature),
    },
    sealed: bytes,
    plain,
    opener: openResponse,
  };
}

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
  readonly record: ReceiptRecord;
}

/** Sends a call and verifies everything about its answer; a clear refusal comes back as its HTTP status and code. */
export async function send(url: string, call: Call, terms: Terms = termsOf()): Promise<Answer> {
  const response = await fetch(`${url}/v1/sealed`, {
    method: "POST",
    headers: call.headers,
    body: call.sealed,
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (response.headers.get("content-type") !== "application/cocoon-sealed") {
    throw new Error(`${response.status} ${JSON.parse(Buffer.from(bytes).toString()).error.code}`);
  }
  const frames: OpenedFrame[] = call.opener.push(bytes);
  call.opener.end();
  const meta = frames[0];
  const data = frames.flatMap((frame) => (frame.kind === "data" ? [Buffer.from(frame.payload)] : []));
  const clear = frames.find((frame) => frame.kind === "record");
  if (meta?.kind !== "meta" || clear?.kind !== "record") {
    throw new Error("the answer is not whole");
  }
  const transcript = Buffer.concat(data);
  const record = parseRecord(clear.record);
  verifyRecord(record, {
    networkId: terms.networkId,
    job: terms.job,
    workerPublicKey: Buffer.from(call.headers["cocoon-worker"] ?? "", "hex"),
    requestHash: hashRequest(SALT, call.plain),
    responseHash: hashResponse(SALT, transcript),
    prices: terms,
  });
  return { status: meta.status, contentType: meta.contentType, text: transcript.toString(), record };
}

/** Sends a call and hangs up after `bytes` bytes of the answer. */
export function sendAndLeave(url: string, call: Call, bytes: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      `${url}/v1/sealed`,
      { method: "POST", headers: call.headers },
      (response) => {
        let seen = 0;
        response.on("data", (chunk: Buffer) => {
          seen += chunk.length;
          if (seen >= bytes) {
            outgoing.destroy();
            resolve();
          }
        });
      },
    );
    outgoing.on("error", (error) => (outgoing.destroyed ? resolve() : reject(error)));
    outgoing.end(call.sealed);
  });
}
