import { mnemonicToPrivateKey, mnemonicValidate } from "@ton/crypto";
import { devWallet, devWallets } from "../../../relayer/localnet/devWallets";
import { clientOf, startInstant } from "./fixture";

describe("localnet development wallets", () => {
  it("have one valid mnemonic each, which makes the public key kept beside it", async () => {
    expect(new Set(devWallets().map((wallet) => wallet.mnemonic)).size).toBe(9);
    for (const wallet of devWallets()) {
      const words = wallet.mnemonic.split(" ");
      expect(words).toHaveLength(24);
      expect(await mnemonicValidate(words)).toBe(true);
      expect((await mnemonicToPrivateKey(words)).publicKey).toEqual(wallet.publicKey);
    }
  });

  it("are funded in each version, and not deployed", async () => {
    const net = await startInstant();
    try {
      for (const { v5, v5Testnet, v4 } of devWallets()) {
        for (const address of [v5, v5Testnet, v4]) {
          const state = await clientOf(net).getContractState(address);
          expect([state.state, state.balance, state.lastTransaction]).toEqual([
            "uninitialized",
            100_000_000_000_000n,
            null,
          ]);
        }
      }
    } finally {
      await net.close();
    }
  });

  it("refuses an unknown role", () => {
    // @ts-expect-error: a caller without types may ask for anything
    expect(() => devWallet("nobody")).toThrow("nobody");
  });
});
