import { ApiError } from "../apiError";
import type { ExternalMessage } from "./message";

/** More waiting externals than this are refused, as a node does. */
const MAX_WAITING = 8_192;

/** External messages that passed the check and wait for the next block. Not kept over a restart, as on a node. */
export interface Mempool {
  add(message: ExternalMessage): void;
  takeAll(): readonly ExternalMessage[];
  size(): number;
  replace(messages: readonly ExternalMessage[]): void;
  waiting(): readonly ExternalMessage[];
}

export function createMempool(): Mempool {
  const messages = new Map<string, ExternalMessage>();
  return {
    add(message) {
      if (messages.size >= MAX_WAITING) {
        throw new ApiError(500, "OVERLOADED", "LITE_SERVER_UNKNOWN: too many external messages are waiting");
      }
      messages.set(message.hash, message);
    },
    takeAll() {
      const taken = [...messages.values()];
      messages.clear();
      return taken;
    },
    size: () => messages.size,
    replace(replacements) {
      messages.clear();
      for (const message of replacements) {
        messages.set(message.hash, message);
      }
    },
    waiting: () => [...messages.values()],
  };
}
