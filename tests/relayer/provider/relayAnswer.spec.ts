import { createServer, type Server } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { Agent, request } from "undici";
import { concatBytes, FRAME_HEAD_BYTES, FRAME_KINDS, writeFrameHead } from "../../../relayer/protocol";
import { DEFAULT_POLICY } from "../../../relayer/provider";
import { relayAnswer } from "../../../relayer/provider/serve/relayAnswer";

const frame = (kind: number, length: number): Uint8Array => {
  const out = new Uint8Array(FRAME_HEAD_BYTES + length).fill(7, FRAME_HEAD_BYTES);
  writeFrameHead(out, 0, length, kind);
  return out;
};
const NONCE = new Uint8Array(32).fill(1);
const DATA = frame(FRAME_KINDS.data, 48);
const RECORD = frame(FRAME_KINDS.record, 100);
const FINAL = frame(FRAME_KINDS.final, 80);
const WHOLE = concatBytes(NONCE, DATA, DATA, RECORD, FINAL);

function listen(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(`http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`);
    });
  });
}

describe("relayAnswer", () => {
  const dispatcher = new Agent();
  const abort = new AbortController();
  let pieces: readonly Uint8Array[] = [];
  let keep: (record: Uint8Array) => Promise<void> = async () => {};
  let outcome: unknown;
  let written = 0;
  let workerUrl = "";
  let requestMs = 5_000;
  let toldLength: number | undefined;
  const worker = createServer((_request, response) => {
    void (async () => {
      if (toldLength !== undefined) {
        response.writeHead(200, { "content-length": toldLength });
      }
      for (const piece of pieces) {
        written += piece.length;
        if (!response.write(piece)) {
          await new Promise((resolve) => response.once("drain", resolve));
        }
        if (pieces.length < 50) {
          await pause(5);
        }
      }
      if (toldLength === undefined || toldLength === written) {
        response.end();
      } else {
        response.destroy();
      }
    })();
  });
  const relayer = createServer((_request, response) => {
    relayAnswer({
      dispatcher,
      origin: workerUrl,
      path: "/v1/sealed",
      headers: {},
      body: Buffer.from("sealed"),
      response,
      policy: { ...DEFAULT_POLICY, requestMs, drainMs: 100 },
      signal: abort.signal,
      onDead: new Set(),
      stop: () => {},
      keep: (record) => keep(record),
    }).then(
      (bytes) => {
        outcome = bytes;
      },
      (error: unknown) => {
        outcome = error;
        response.destroy();
      },
    );
  });
  let url = "";
  beforeAll(async () => {
    workerUrl = await listen(worker);
    url = await listen(relayer);
  });
  afterAll(async () => {
    await dispatcher.destroy();
    for (const server of [worker, relayer]) {
      server.closeAllConnections();
      server.close();
    }
  });
  beforeEach(() => {
    keep = async () => {};
    outcome = undefined;
    written = 0;
    requestMs = 5_000;
    toldLength = undefined;
  });

  const read = async () => {
    const response = await request(url, { method: "POST" });
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of response.body) {
        chunks.push(Buffer.from(chunk));
      }
      return { bytes: Buffer.concat(chunks), broken: false };
    } catch {
      return { bytes: Buffer.concat(chunks), broken: true };
    }
  };

  it("passes the same bytes on, however they were cut", async () => {
    for (const size of [1, 7, 33, 60, 131, WHOLE.length]) {
      pieces = Array.from({ length: Math.ceil(WHOLE.length / size) }, (_, i) =>
        WHOLE.subarray(i * size, (i + 1) * size),
      );
      expect(await read()).toEqual({ bytes: Buffer.from(WHOLE), broken: false });
      expect(outcome).toBe(WHOLE.length);
    }
  });

  it("passes the length on that the worker has told", async () => {
    pieces = [WHOLE];
    toldLength = WHOLE.length;
    const response = await request(url, { method: "POST" });
    expect(response.headers).toMatchObject({ "content-length": String(WHOLE.length) });
    expect(response.headers).not.toHaveProperty("transfer-encoding");
    expect(Buffer.from(await response.body.arrayBuffer())).toEqual(Buffer.from(WHOLE));
  });

  it("breaks off what is whole by its frames, but shorter than the worker has told", async () => {
    pieces = [WHOLE];
    toldLength = WHOLE.length + 1;
    expect(await read().catch(() => ({ broken: true }))).toMatchObject({ broken: true });
    expect(outcome).toMatchObject({ code: "WORKER_UNAVAILABLE" });
  });

  it("passes neither record nor final frame on before the record is kept", async () => {
    pieces = [concatBytes(NONCE, DATA, DATA), concatBytes(RECORD, FINAL)];
    let kept = () => {};
    keep = () => new Promise((resolve) => (kept = resolve));
    const response = await request(url, { method: "POST" });
    const seen: Buffer[] = [];
    response.body.on("data", (chunk: Buffer) => seen.push(chunk));
    await pause(100);
    expect(Buffer.concat(seen).length).toBe(NONCE.length + 2 * DATA.length);
    kept();
    await new Promise((resolve) => response.body.once("end", resolve));
    expect(Buffer.concat(seen)).toEqual(Buffer.from(WHOLE));
  });

  it("breaks the connection when the record cannot be kept, so that the answer never looks complete", async () => {
    pieces = [concatBytes(NONCE, DATA), concatBytes(DATA, RECORD, FINAL)];
    keep = async () => {
      await pause(20);
      throw new Error("disk full");
    };
    const { bytes, broken } = await read();
    expect(broken).toBe(true);
    expect(bytes.length).toBeLessThanOrEqual(NONCE.length + 2 * DATA.length);
    expect(outcome).toMatchObject({ code: "INTERNAL" });
  });

  it("breaks off what ends without its final frame or has an unknown frame", async () => {
    for (const bad of [concatBytes(NONCE, DATA), concatBytes(NONCE, DATA, frame(9, 48))]) {
      pieces = [bad.subarray(0, 80), bad.subarray(80)];
      expect(await read().catch(() => ({ broken: true }))).toMatchObject({ broken: true });
    }
  });

  it("lets a slow reader hold the worker back instead of buffering", async () => {
    requestMs = 60_000; // 80 MB take a busy machine longer than five seconds
    const big = concatBytes(...Array.from({ length: 20 }, () => frame(FRAME_KINDS.data, 65_536 + 16)));
    pieces = [NONCE, ...Array.from({ length: 60 }, () => big), RECORD, FINAL];
    const response = await request(url, { method: "POST" });
    await pause(300);
    const total = 60 * big.length;
    expect(written).toBeLessThan(total / 3);
    let size = 0;
    for await (const chunk of response.body) {
      size += Buffer.from(chunk).length;
    }
    expect(size).toBe(NONCE.length + total + RECORD.length + FINAL.length);
  });
});
