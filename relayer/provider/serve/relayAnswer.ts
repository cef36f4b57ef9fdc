import type { Dispatcher } from "undici";
import { RetryableError, toCocoonError } from "../../errors";
import { createFrameSplitter, type SplitFrame } from "../../protocol";
import type { Relay } from "./relay";
import { broken, createRefusal, timedOut } from "./workerFailure";

const HEADERS = { "content-type": "application/cocoon-sealed", "cache-control": "no-store" } as const;

/**
 * Passes a worker's answer on as it comes: whole runs of frames in one write, paused while the client does not read, and
 * with the record held until it is kept. Resolves with the bytes passed on after a complete answer. Until the first
 * frame it throws what can still be told; later the client sees the connection break, never a false end.
 */
export function relayAnswer(relay: Relay): Promise<number> {
  const { response, policy } = relay;
  return new Promise((resolve, reject) => {
    const splitter = createFrameSplitter();
    let controller: Dispatcher.DispatchController | undefined;
    let status = 0;
    let length: { readonly "content-length"?: string } = {};
    const refusal = createRefusal();
    let bytes = 0;
    let complete = false;
    let keeping = false;
    let settled = false;
    let clientGone = false;
    // Record and final frame wait here until the record is kept.
    let held: Uint8Array[] = [];
    let stall: NodeJS.Timeout | undefined;
    const deadline = setTimeout(() => fail(timedOut()), policy.requestMs);

    const leave = () => {
      settled = true;
      clearTimeout(deadline);
      clearTimeout(stall);
      response.off("drain", onDrain);
      response.off("close", onClose);
      relay.signal.removeEventListener("abort", onAbort);
      relay.onDead.delete(onDead);
    };
    const fail = (thrown: unknown) => {
      if (settled) {
        return;
      }
      leave();
      const error = toCocoonError(thrown);
      controller?.abort(error);
      if (response.headersSent) {
        response.destroy();
      }
      reject(error);
    };
    const finish = () => {
      leave();
      response.end();
      resolve(bytes);
    };
    const resume = () => {
      if (!keeping && (clientGone || !response.writableNeedDrain)) {
        controller?.resume();
      }
    };
    const write = (piece: Uint8Array) => {
      bytes += piece.length;
      if (!clientGone && !response.write(piece)) {
        controller?.pause();
        stall ??= setTimeout(() => fail(timedOut()), policy.stallMs);
      }
    };
    const onDrain = () => {
      clearTimeout(stall);
      stall = undefined;
      resume();
    };
    const onClose = () => {
      clientGone = true;
      clearTimeout(stall);
      if (!complete) {
        relay.stop();
      }
      // The receipt of what was made until now is worth a moment; a worker that does not stop is left.
      stall = setTimeout(() => fail(new RetryableError("CLIENT_CLOSED", "The client left.")), policy.drainMs);
      resume();
    };
    const onAbort = () => fail(new RetryableError("SHUTTING_DOWN", "The relayer stops."));

    // What has begun may still end: only what somebody else can answer is given up.
    const onDead = () => {
      if (status === 0) {
        fail(broken(new Error("the worker is dead")));
      }
    };

    const keep = async (record: Uint8Array) => {
      keeping = true;
      controller?.pause();
      await relay.keep(record);
      keeping = false;
      if (settled) {
        return;
      }
      const ready = held;
      held = [];
      for (const piece of ready) {
        write(piece);
      }
      if (complete) {
        finish();
      } else {
        resume();
      }
    };
    const take = (frame: SplitFrame, pass: (piece: Uint8Array) => void) => {
      if (frame.kind === "record") {
        held.push(frame.bytes);
        keep(new Uint8Array(frame.record)).catch(fail);
      } else if (keeping) {
        held.push(frame.bytes);
      } else {
        pass(frame.bytes);
      }
    };
    const onFrames = (chunk: Buffer) => {
      const frames = splitter.push(chunk);
      if (frames.length > 0 && !response.headersSent && !clientGone) {
        response.writeHead(200, { ...HEADERS, ...length });
      }
      // Neighbouring frames of one chunk leave in one write. An answer that came with its record waits for it: it is
      // of no use alone, and one write fewer is felt at every hop.
      const pass = frames.some(({ kind }) => kind === "record")
        ? (piece: Uint8Array) => {
            held.push(piece);
          }
        : write;
      let from = 0;
      let to = 0;
      for (const frame of frames) {
        const isView = frame.bytes.buffer === chunk.buffer && frame.kind === "data" && !keeping;
        const at = frame.bytes.byteOffset - chunk.byteOffset;
        if (isView && at === to && to > from) {
          to = at + frame.bytes.length;
          continue;
        }
        if (to > from) {
          pass(chunk.subarray(from, to));
        }
        from = isView ? at : 0;
        to = isView ? at + frame.bytes.length : 0;
        if (!isView) {
          take(frame, pass);
        }
      }
      if (to > from) {
        pass(chunk.subarray(from, to));
      }
    };

    response.on("drain", onDrain);
    response.on("close", onClose);
    relay.signal.addEventListener("abort", onAbort);
    relay.onDead.add(onDead);
    if (relay.signal.aborted) {
      onAbort();
      return;
    }
    relay.dispatcher.dispatch(
      { origin: relay.origin, path: relay.path, method: "POST", headers: relay.headers, body: relay.body },
      {
        onRequestStart(started) {
          controller = started;
          if (settled) {
            started.abort(new Error("the answer is no longer wanted"));
          }
        },
        onResponseStart(_controller, code, headers) {
          status = code;
          const known = headers["content-length"];
          // What comes is passed on byte for byte, and the HTTP client holds the worker to what it said.
          length = typeof known === "string" ? { "content-length": known } : {};
        },
        onResponseData(_controller, chunk) {
          if (settled) {
            return;
          }
          try {
            if (status === 200) {
              onFrames(chunk);
            } else {
              refusal.push(chunk);
            }
          } catch (error) {
            fail(error);
          }
        },
        onResponseEnd() {
          if (settled) {
            return;
          }
          try {
            if (status !== 200) {
              throw refusal.toError(status);
            }
            splitter.end();
            complete = true;
            if (!keeping) {
              finish();
            }
          } catch (error) {
            fail(error);
          }
        },
        onResponseError(_controller, cause) {
          const late = "code" in cause && String(cause.code).endsWith("TIMEOUT");
          fail(late ? timedOut(cause) : broken(cause));
        },
      },
    );
  });
}
