import { createServer, type Server } from "node:http";
import { Address } from "@ton/core";
import { DEFAULT_POLICY } from "../../../relayer/client";
import { createProviderHttp } from "../../../relayer/client/providerHttp";
import { type RecoverDeps, recoverCalls, recoverReceipt } from "../../../relayer/client/recover";
import { createSecretBox } from "../../../relayer/client/secretBox";
import { laneOf, type Session } from "../../../relayer/client/session";
import { freeSpender } from "../../../relayer/client/spender";
import { manualClock } from "../../../relayer/observe/clock";
import { silentLog } from "../../../relayer/observe/log";
import { encodeRecord, type ReceiptRecord, toHex } from "../../../relayer/protocol";
import { findCall, findReceipt, openStore, type Store, saveCall } from "../../../relayer/store";
import { enclave, JOB, NOW, session as newSession, SALT, WORKER_KEY } from "./support/enclave";

const REQUEST_ID = "ab".repeat(16);
const MAX_COST = 100n;
const HOUR_MS = 3_600_000;

describe("a receipt that did not come with its answer", () => {
  let store: Store;
  let server: Server | undefined;
  let port = 0;
  /** What the provider says; undefined: it is not there. */
  let stored: ReceiptRecord | "none";
  let session: Session;
  const clock = manualClock(NOW * 1_000);
  const stop = new AbortController();
  const http = createProviderHttp({ ...DEFAULT_POLICY, connectMs: 1_000 });
  /** Runs before each wait ends, with the time waited so far. */
  let onWait: (waitedMs: number) => void | Promise<void>;

  const listen = () =>
    new Promise<void>((resolve) => {
      server = createServer((_request, response) => {
        const isKnown = stored !== "none";
        response.writeHead(isKnown ? 200 : 404, { "content-type": "application/json" });
        response.end(stored === "none" ? '{"error":{"code":"NOT_FOUND"}}' : encodeRecord(stored));
      });
      server.listen(port, "127.0.0.1", () => {
        const address = server?.address();
        port = typeof address === "object" && address !== null ? address.port : 0;
        resolve();
      });
    });
  const unlisten = () =>
    new Promise<void>((resolve) => {
      server?.closeAllConnections();
      server?.close(() => resolve());
      server = undefined;
    });

  beforeEach(async () => {
    store = await openStore({ url: "memory:", log: silentLog, clock });
    await listen();
    session = { ...newSession(), endpoint: `http://127.0.0.1:${port}` };
    session.reservedNano = MAX_COST;
    stored = enclave().answer();
    await saveCall(store, {
      call: {
        requestId: REQUEST_ID,
        salt: toHex(SALT),
        requestHash: undefined,
        apiKeyId: undefined,
        job: JOB,
        worker: WORKER_KEY,
        model: "m",
        status: "sent",
        maxCostNano: MAX_COST,
      },
    });
  });
  afterEach(async () => {
    await store.close();
    if (server !== undefined) {
      await unlisten();
    }
  });
  afterAll(() => http.close());

  function deps(signal = stop.signal): RecoverDeps {
    const started = clock.nowMs();
    return {
      store,
      log: silentLog,
      http,
      spender: freeSpender,
      saving: new Map(),
      inFlight: { ban: () => {} },
      cosigner: { touch: () => {} },
      secretBox: createSecretBox(undefined),
      wallet: { address: Address.parseRaw(JOB) },
      sessions: {
        release: (which, nano) => {
          which.reservedNano -= nano;
        },
        byAddress: (address) => (address === JOB ? session : undefined),
      },
      stop: signal,
      wait: async (ms, aborted) => {
        clock.advance(ms);
        await onWait(clock.nowMs() - started);
        aborted.throwIfAborted();
      },
    };
  }
  const missing = () => ({
    session,
    worker: WORKER_KEY,
    requestId: REQUEST_ID,
    requestHash: undefined,
    charge: { apiKeyId: undefined, model: "m", atMs: 0 },
    maxCostNano: MAX_COST,
  });
  const call = async () => {
    // Booking goes on in the background.
    for (;;) {
      const found = await findCall(store, { requestId: REQUEST_ID });
      if (found?.finishedAt !== undefined) {
        return { status: found.status, costNano: found.costNano };
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };

  it("is fetched as soon as its provider is back, be it after hours", async () => {
    await unlisten();
    onWait = async (waitedMs) => {
      if (waitedMs > 6 * HOUR_MS && server === undefined) {
        await listen();
      }
    };
    await recoverReceipt(deps(), missing());
    expect(await call()).toEqual({ status: "ok", costNano: 60n });
    expect(await findReceipt(store, { requestId: REQUEST_ID })).toBeDefined();
    expect([session.reservedNano, laneOf(session, WORKER_KEY).amountNano()]).toEqual([0n, 60n]);
  });

  it("is written off when its job has ended while the provider was away, and not before", async () => {
    await unlisten();
    let waited = 0;
    onWait = (waitedMs) => {
      waited = waitedMs;
      session.state = waitedMs > 12 * HOUR_MS ? "closed" : waitedMs > HOUR_MS ? "closing" : "active";
    };
    await recoverReceipt(deps(), missing());
    expect(await call()).toEqual({ status: "lost", costNano: 0n });
    expect(waited).toBeGreaterThan(12 * HOUR_MS);
    expect(session.reservedNano).toBe(0n);
  });

  it("is written off when its provider says four times that there is none, and the lane goes on", async () => {
    const worker = enclave();
    worker.answer();
    stored = "none";
    let waited = 0;
    onWait = (waitedMs) => {
      waited = waitedMs;
    };
    await recoverReceipt(deps(), missing());
    expect([await call(), waited]).toEqual([{ status: "lost", costNano: 0n }, 10_650]);
    const { leaf, head, signature } = worker.answer();
    const entry = { leaf, head: { networkId: session.terms.networkId, job: JOB, ...head }, signature };
    await laneOf(session, WORKER_KEY).add({ ...entry, maxCostNano: MAX_COST });
    expect(laneOf(session, WORKER_KEY).cosignable()?.head.size).toBe(2);
  });

  it("is left to the next start when the gateway stops, which then finds it", async () => {
    await unlisten();
    const stopping = new AbortController();
    onWait = (waitedMs) => {
      if (waitedMs > HOUR_MS) {
        stopping.abort();
      }
    };
    await recoverReceipt(deps(stopping.signal), missing());
    expect((await findCall(store, { requestId: REQUEST_ID }))?.finishedAt).toBeUndefined();
    await listen();
    session.reservedNano = 0n;
    onWait = () => {};
    await recoverCalls(deps());
    expect(await call()).toEqual({ status: "ok", costNano: 60n });
  });
});
