import { beginCell, external, internal, type Sender, SendMode, storeMessage } from "@ton/core";
import type { ChainReader, Wallet } from "../../../relayer/chain";
import type { Localnet } from "../../../relayer/localnet/startLocalnet";

const VALID_SECONDS = 60;

/** Signs, sends over HTTP, and returns once the last effect is final. */
export function walletSender(net: Localnet, reader: ChainReader, wallet: Wallet): Sender {
  return {
    address: wallet.address,
    async send({ to, value, bounce, init, body }) {
      const account = await reader.account(wallet.address);
      const active = account.state === "active";
      const seqno = active ? (await reader.runGetMethod(wallet.address, "seqno", [])).readNumber() : 0;
      const transfer = await wallet.contract.createTransfer({
        seqno,
        // The chain's time, which a test may have moved.
        timeout: net.chain.now() + VALID_SECONDS,
        sendMode: SendMode.PAY_GAS_SEPARATELY | SendMode.IGNORE_ERRORS,
        signer: (message) => wallet.sign(message),
        messages: [
          internal({ to, value, bounce: bounce ?? true, init: init ?? undefined, body: body ?? undefined }),
        ],
      });
      const message = external({
        to: wallet.address,
        init: active ? undefined : wallet.contract.init,
        body: transfer,
      });
      await reader.sendBoc(beginCell().store(storeMessage(message)).endCell().toBoc());
      await net.chain.settle();
    },
  };
}
