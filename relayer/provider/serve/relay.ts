import type { ServerResponse } from "node:http";
import type { Dispatcher } from "undici";
import type { Policy } from "../policy";

/** One answer on its way from a worker to a client. */
export interface Relay {
  readonly dispatcher: Dispatcher;
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly response: ServerResponse;
  readonly policy: Policy;
  /** Stops the answer in the middle. */
  readonly signal: AbortSignal;
  /** The worker's list of those to call when it is found dead. */
  readonly onDead: Set<() => void>;
  /** Asks the worker to end the answer now: its client has gone, and the record is still wanted. */
  readonly stop: () => void;
  /** Makes the record durable; the answer's end waits for it. */
  readonly keep: (record: Uint8Array) => Promise<void>;
}
