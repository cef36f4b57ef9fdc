import { beginCell, type Sender, storeStateInit } from "@ton/core";
import { enqueueIntent, type Store } from "../../store";
import type { Wallet } from "../wallet";

/** A wrapper's `Sender` that queues instead of sending: the message goes out once per `key`, whatever happens. */
export function intentSender(
  store: Store,
  options: { readonly wallet: Wallet; readonly key: string; readonly note?: string },
): Sender {
  const { wallet, key, note } = options;
  return {
    address: wallet.address,
    send: async ({ to, value, bounce, init, body }) => {
      const stateInit =
        init === undefined || init === null ? undefined : beginCell().store(storeStateInit(init)).endCell();
      await enqueueIntent(store, {
        intent: {
          key,
          wallet: wallet.address.toRawString(),
          destination: to.toRawString(),
          valueNano: value,
          bounce: bounce ?? true,
          ...(body === undefined || body === null ? {} : { body: body.toBoc().toString("base64") }),
          ...(stateInit === undefined ? {} : { init: stateInit.toBoc().toString("base64") }),
          ...(note === undefined ? {} : { note }),
        },
      });
    },
  };
}
