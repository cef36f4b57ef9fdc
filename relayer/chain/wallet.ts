import { createPrivateKey, type KeyObject, sign } from "node:crypto";
import type { Address, Cell } from "@ton/core";
import { type KeyPair, keyPairFromSeed, mnemonicToPrivateKey, mnemonicValidate } from "@ton/crypto";
import { WalletContractV5R1 } from "@ton/ton";
import { FinalError } from "../errors";

const MAINNET_GLOBAL_ID = -239;
const SEED_BYTES = 32;
const PKCS8_ED25519 = Buffer.from("302e020100300506032b657004220420", "hex");

export interface Wallet {
  readonly address: Address;
  readonly publicKey: Buffer;
  readonly contract: WalletContractV5R1;
  sign(message: Cell): Promise<Buffer>;
}

/** Derives a key from its words once: each derivation takes about a tenth of a second. Keep it, and drop it, together. */
export function createKeyCache(): (words: readonly string[]) => Promise<KeyPair> {
  const known = new Map<string, Promise<KeyPair>>();
  return (words) => {
    const name = words.join(" ");
    const found = known.get(name) ?? deriveKey(words);
    known.set(name, found);
    return found;
  };
}

async function deriveKey(words: readonly string[]): Promise<KeyPair> {
  if (!(await mnemonicValidate([...words]))) {
    throw new FinalError(
      "CONFIG_INVALID",
      "The wallet's mnemonic is not a valid list of 24 words: check its spelling and order.",
    );
  }
  return await mnemonicToPrivateKey([...words]);
}

/** A W5R1 wallet. The network's global id is part of its address: -239 mainnet, -3 testnet. */
export async function walletFromMnemonic(options: {
  readonly words: readonly string[];
  readonly networkGlobalId?: number;
  readonly deriveKey?: (words: readonly string[]) => Promise<KeyPair>;
}): Promise<Wallet> {
  const pair = await (options.deriveKey ?? deriveKey)(options.words);
  return walletFromKey({ pair, networkGlobalId: options.networkGlobalId });
}

export function walletFromSeed(options: {
  readonly seed: Buffer;
  readonly networkGlobalId?: number;
}): Wallet {
  return walletFromKey({ pair: keyPairFromSeed(options.seed), networkGlobalId: options.networkGlobalId });
}

function walletFromKey(options: {
  readonly pair: KeyPair;
  readonly networkGlobalId: number | undefined;
}): Wallet {
  const { publicKey, secretKey } = options.pair;
  const contract = WalletContractV5R1.create({
    publicKey,
    walletId: { networkGlobalId: options.networkGlobalId ?? MAINNET_GLOBAL_ID },
  });
  const key = privateKey(secretKey.subarray(0, SEED_BYTES));
  return {
    address: contract.address,
    publicKey,
    contract,
    sign: async (message) => sign(null, message.hash(), key),
  };
}

function privateKey(seed: Buffer): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: "der", type: "pkcs8" });
}
