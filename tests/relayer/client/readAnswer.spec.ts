import { Address } from "@ton/core";
import type { Attempt } from "../../../relayer/client/complete";
import { DEFAULT_POLICY } from "../../../relayer/client/policy";
import { readAnswer } from "../../../relayer/client/readAnswer";
import { createSecretBox } from "../../../relayer/client/secretBox";
import type { Session } from "../../../relayer/client/session";
import { freeSpender } from "../../../relayer/client/spender";
import { manualClock } from "../../../relayer/observe/clock";
import { silentLog } from "../../../relayer/observe/log";
import { encodeRecord, hashRequest, type ReceiptRecord, toRequestId } from "../../../relayer/protocol";
import { openStore, type Store } from "../../../relayer/store";
import {
  enclave,
  JOB,
  NOW,
  session as newSession,
  PRICES,
  REQUEST,
  RESPONSE,
  SALT,
  WORKER,
  WORKER_KEY,
} from "./support/enclave";

const MAX_COST = 100n;

describe("an answer whose receipt waits for the one before it", () => {
  let store: Store;
  let session: Session;
  const banned: string[] = [];
  const settled: bigint[] = [];
  const clock = manualClock(NOW * 1_000);
  beforeEach(async () => {
    store = await openStore({ url: "memory:", log: silentLog, clock });
    session = newSession();
    banned.length = 0;
    settled.length = 0;
  });
  afterEach(() => store.close());

  function read(record: ReceiptRecord, name: number) {
    session.reservedNano += MAX_COST;
    const attempt: Attempt = {
      requestId: toRequestId(Buffer.alloc(16, name)),
      salt: SALT,
      requestHash: hashRequest(SALT, Buffer.from(REQUEST)),
      worker: {
        key: WORKER_KEY,
        publicKey: WORKER,
        hpkePublicKey: new Uint8Array(32),
        bindHash: new Uint8Array(32),
        bind: "",
        provider: session.terms.provider,
        owner: Address.parseRaw(session.terms.provider),
        ownerIndex: 0,
        endpoint: session.endpoint,
        hasRoom: true,
        model: session.model,
        modelHash: session.modelHash,
        imageHash: "",
        tee: "development",
        contextLength: 4_096,
        prices: PRICES,
        expiresAt: NOW + 3_600,
        inFlight: 1,
        capacity: 2,
      },
      session,
      maxCostNano: MAX_COST,
      answer: {
        status: 200,
        contentType: "application/json",
        read: async (onPayload) => {
          await onPayload(Buffer.from(RESPONSE));
          return encodeRecord(record);
        },
        abort: () => {},
      },
      sentAtMs: clock.nowMs(),
      charge: { apiKeyId: undefined, model: "m", atMs: 0 },
      body: Buffer.from(REQUEST),
    };
    const deps = {
      store,
      secretBox: createSecretBox(undefined),
      wallet: { address: Address.parseRaw(JOB) },
      log: silentLog,
      clock,
      policy: DEFAULT_POLICY,
      spender: {
        ...freeSpender,
        settle: (_charge: unknown, { reservedNano }: { readonly reservedNano: bigint }) => {
          settled.push(reservedNano);
        },
      },
      recover: () => {},
      saving: new Map<string, Promise<unknown>>(),
      sessions: {
        release: (which: Session, nano: bigint) => {
          which.reservedNano -= nano;
        },
      },
      inFlight: { end: () => {}, failed: () => {}, ban: (worker: string) => banned.push(worker) },
      track: { failed: () => {}, wrote: () => {} },
      cosigner: { touch: () => {} },
    };
    return readAnswer(deps, attempt, () => {});
  }

  it("frees what each was allowed to cost once, when the two contradict each other", async () => {
    const worker = enclave();
    const dear = worker.answer({ promptTokens: 1_000n });
    const cheap = worker.answer({ promptTokens: 10n });
    const second = read(cheap, 2);
    const first = read(dear, 1);
    await expect(first).rejects.toMatchObject({ code: "RECEIPT_INVALID" });
    await expect(second).rejects.toMatchObject({ code: "RECEIPT_INVALID" });
    expect(settled).toEqual([MAX_COST, MAX_COST]);
    expect(session.reservedNano).toBe(0n);
    expect(new Set(banned)).toEqual(new Set([WORKER_KEY]));
  });
});
