import { beginCell, type Message } from "@ton/core";
import { FinalError } from "../errors";

/**
 * The hash of an external message that no relay on its way can change (TEP-467): no source, no import fee, no
 * StateInit, the body in a reference. Hex.
 */
export function normalizedHash(message: Message): string {
  if (message.info.type !== "external-in") {
    throw new FinalError("BAD_REQUEST", "Only a message from outside has a normalized hash.");
  }
  return beginCell()
    .storeUint(0b10, 2)
    .storeUint(0, 2)
    .storeAddress(message.info.dest)
    .storeCoins(0)
    .storeBit(false)
    .storeBit(true)
    .storeRef(message.body)
    .endCell()
    .hash()
    .toString("hex");
}
