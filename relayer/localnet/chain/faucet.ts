import { Address, beginCell, type Cell, type Message, storeMessage } from "@ton/core";

/** Looks like the masterchain's zero address, where block rewards come from on a real network. */
export const FAUCET_ADDRESS = new Address(-1, Buffer.alloc(32));

/** An internal message with new coins. `lt` tells two equal gifts apart. */
export function faucetMessage(gift: { to: Address; amountNano: bigint; lt: bigint; utime: number }): Cell {
  const message: Message = {
    info: {
      type: "internal",
      ihrDisabled: true,
      bounce: false,
      bounced: false,
      src: FAUCET_ADDRESS,
      dest: gift.to,
      value: { coins: gift.amountNano },
      ihrFee: 0n,
      forwardFee: 0n,
      createdLt: gift.lt,
      createdAt: gift.utime,
    },
    body: beginCell().endCell(),
  };
  return beginCell().store(storeMessage(message)).endCell();
}
