import { FinalError } from "../errors";
import { firstThatAnswers } from "./firstThatAnswers";
import type { ChainReader } from "./reader";

/**
 * Several endpoints as one reader: each single question goes to the first that answers, starting with the one that
 * answered last. A walk over a history takes `endpoints()` instead and stays on one of them.
 */
export function fallback(clients: readonly ChainReader[]): ChainReader {
  if (clients.length === 0) {
    throw new FinalError("CONFIG_INVALID", "At least one chain endpoint must be given.");
  }
  let preferred = 0;
  const ordered = () => [...clients.slice(preferred), ...clients.slice(0, preferred)];
  const ask = async <T>(question: (client: ChainReader) => Promise<T>): Promise<T> => {
    const { value, client } = await firstThatAnswers(ordered(), question);
    preferred = clients.indexOf(client);
    return value;
  };
  return {
    name: clients.map((client) => client.name).join(", "),
    head: () => ask((client) => client.head()),
    masterBlock: (seqno) => ask((client) => client.masterBlock(seqno)),
    account: (address) => ask((client) => client.account(address)),
    transactions: (address, from, untilLt) => ask((client) => client.transactions(address, from, untilLt)),
    lastOfDestroyed: (address) => ask((client) => client.lastOfDestroyed(address)),
    runGetMethod: (address, method, stack) => ask((client) => client.runGetMethod(address, method, stack)),
    sendBoc: (boc) => ask((client) => client.sendBoc(boc)),
    wake: (addresses, onWake) => {
      const stops = clients.map((client) => client.wake(addresses, onWake));
      return () => {
        for (const stop of stops) {
          stop();
        }
      };
    },
    endpoints: () => ordered().flatMap((client) => client.endpoints()),
  };
}
