import { Address, Cell, internal, loadStateInit, type Message, type MessageRelaxed } from "@ton/core";
import type { Intent, Sent } from "../../store";

export function messageOf(intent: Intent): MessageRelaxed {
  return internal({
    to: Address.parse(intent.destination),
    value: intent.valueNano,
    bounce: intent.bounce,
    init: intent.init === undefined ? undefined : loadStateInit(Cell.fromBase64(intent.init).beginParse()),
    body: bodyOf(intent),
  });
}

export function bodyOf(intent: Intent): Cell {
  return intent.body === undefined ? Cell.EMPTY : Cell.fromBase64(intent.body);
}

/**
 * Which message carries which intent. The wallet keeps their order and leaves out those it could not pay (it ignores
 * errors), so each message belongs to the next intent that it fits; an intent passed over was skipped.
 */
export function matchOutMessages(intents: readonly Intent[], messages: readonly Message[]): readonly Sent[] {
  let next = 0;
  return intents.map((intent) => {
    const message = messages[next];
    if (message === undefined || message.info.type !== "internal" || !carries(message, intent)) {
      return { key: intent.key, sent: false };
    }
    const sent = { key: intent.key, sent: true, outIndex: next, outLt: message.info.createdLt } as const;
    next += 1;
    return sent;
  });
}

function carries(message: Message, intent: Intent): boolean {
  return (
    message.info.type === "internal" &&
    message.info.dest.equals(Address.parse(intent.destination)) &&
    message.info.value.coins === intent.valueNano &&
    message.body.equals(bodyOf(intent))
  );
}
