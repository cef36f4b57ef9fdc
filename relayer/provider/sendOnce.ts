import { type Address, type Builder, beginCell, type StateInit, storeStateInit } from "@ton/core";
import { enqueueIntent, findIntent, requeueIntent, type Store } from "../store";
import type { Context } from "./context";

export interface OneMessage {
  /** Names the effect; the same key never goes out twice. */
  readonly key: string;
  readonly kind: string;
  readonly to: Address;
  /** Reads what the contract asks for now; asked only when the message is new. */
  readonly valueNano: () => Promise<bigint>;
  readonly body: (builder: Builder) => void;
  /** For an account that may not exist yet. */
  readonly init?: StateInit;
  /** Saved together with the message. */
  readonly effects?: (tx: Store) => Promise<void>;
}

export type SendState = "queued" | "underway" | "bounced";

/** Queues a message unless its key is known; a skipped one (the wallet was too poor) is queued again. */
export async function sendOnce(context: Context, message: OneMessage): Promise<SendState> {
  const known = await findIntent(context.store, { key: message.key });
  switch (known?.status) {
    case undefined:
      break;
    case "skipped":
      await requeueIntent(context.store, { key: message.key });
      return "queued";
    case "bounced":
      return "bounced";
    default:
      return "underway";
  }
  const valueNano = (await message.valueNano()) + context.policy.marginNano;
  const body = beginCell().store(message.body).endCell();
  await context.store.transaction(async (tx) => {
    await enqueueIntent(tx, {
      intent: {
        key: message.key,
        wallet: context.wallet.address.toRawString(),
        destination: message.to.toRawString(),
        valueNano,
        bounce: true,
        body: body.toBoc().toString("base64"),
        ...(message.init === undefined
          ? {}
          : { init: beginCell().store(storeStateInit(message.init)).endCell().toBoc().toString("base64") }),
        note: message.kind,
      },
    });
    await message.effects?.(tx);
  });
  context.metrics.intents.inc({ kind: message.kind });
  context.log.info({
    msg: "message queued",
    kind: message.kind,
    key: message.key,
    to: message.to.toRawString(),
    valueNano,
  });
  return "queued";
}

/**
 * The same with new keys after bounces, up to `attempts`. The caller has read the chain and found the effect still
 * missing and still possible: a bounce alone never makes a second message.
 */
export async function sendAgain(
  context: Context,
  message: OneMessage,
  attempts: number,
): Promise<SendState | "given up"> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const key = attempt === 0 ? message.key : `${message.key}#${attempt}`;
    const state = await sendOnce(context, { ...message, key });
    if (state !== "bounced") {
      return state;
    }
  }
  return "given up";
}
