import type { Address } from "@ton/core";
import { type KeyPair, mnemonicToPrivateKey } from "@ton/crypto";
import { WalletContractV5R1 } from "@ton/ton/dist/wallets/v5r1/WalletContractV5R1";
import { WalletContractV4 } from "@ton/ton/dist/wallets/WalletContractV4";

/**
 * Wallets that every localnet funds at genesis. Their words are public: never use one on a real network.
 * The public keys are kept beside the words because deriving one takes 100,000 hash rounds.
 */
const WALLETS = [
  {
    role: "deployer",
    mnemonic:
      "copy spin ecology demand shallow attract box trophy cousin cinnamon gauge either insane celery view snack race primary wrong length quantum romance biology artwork",
    publicKey: "343220c9221061a8451c9d8f77e12b25a68890d71b340130444222982c2438d6",
  },
  {
    role: "guardian",
    mnemonic:
      "property hour symbol come mad wet grit advance merit clay screen arrest step dinner walk first oppose bachelor achieve range junior forum engine forget",
    publicKey: "c3cf39a108bd16a4f2782fe7e5853a3260aa6e570eb90825796d42edf4ba46dc",
  },
  {
    role: "provider",
    mnemonic:
      "lonely nurse alert exercise edge poem fantasy boat banana music ignore trigger maple cigar auto decrease napkin nuclear wood orchard inject install thumb wolf",
    publicKey: "1f547f91509d027fd2af3d07ebe811f795b220685433242138510631745ae436",
  },
  {
    role: "operator",
    mnemonic:
      "aunt narrow toss fitness hurt million wrestle head music marriage change behind differ unfair fitness rose habit strategy device bundle volcano planet weasel upgrade",
    publicKey: "74b582dfd22e3fae9c89f7fe424b68c42cfc5a2e5a6bdd35c5950027ea774e10",
  },
  {
    role: "developer",
    mnemonic:
      "sing good jump announce fault polar steel maid salt found hammer swap hedgehog voice total child novel raccoon super say faculty patrol glue gain",
    publicKey: "cbf9424365b5f2ce3020af0b01039cdc3c1d9ec5ef9b609b971d2a257e2e547d",
  },
  {
    role: "treasury",
    mnemonic:
      "someone child camera sad exclude subway inside artwork half normal disagree victory welcome dune derive enhance trigger earn creek chimney radar grain where robot",
    publicKey: "e93e1e061a67346bc6a344f69b2cf14f037154f94e3833f3a0cdc2c99d5355ac",
  },
  {
    role: "spare1",
    mnemonic:
      "toilet oblige upgrade stay sketch there crane what tape flame forest curious meat pumpkin rare rabbit build inquiry talent forum goddess fork manual kingdom",
    publicKey: "6864377a46ff34842d93eacb8ac76338db768a3b5eec4ced4aaa0bc15c91cf1f",
  },
  {
    role: "spare2",
    mnemonic:
      "tip reveal label resource dog cycle pottery few empower rail success refuse lemon face miss breeze nothing broccoli agree fog name cargo behave bag",
    publicKey: "1f10d4f42ae167c4d9f62dde3e9275c31680187fb9532b0bb4663b13c1ce1dff",
  },
  {
    role: "spare3",
    mnemonic:
      "foster steel stomach amazing shed van modify satisfy front glue pattern surround history manual core rigid speed topic okay giant rival elder toe capital",
    publicKey: "05a5f113a2d1e6ae0829f213306f264ac126b510d25aef144b33a17db3aeb3b1",
  },
] as const;

export type DevRole = (typeof WALLETS)[number]["role"];

/** `deployer` is also the governor. */
export interface DevWallet {
  readonly role: DevRole;
  /** 24 words, separated by one space, as `WALLET_MNEMONIC` wants them. */
  readonly mnemonic: string;
  readonly publicKey: Buffer;
  /** Wallet V5R1 as Blueprint opens it on a custom network (network id -239). */
  readonly v5: Address;
  /** Wallet V5R1 with testnet's network id (-3). */
  readonly v5Testnet: Address;
  readonly v4: Address;
}

export function devWallets(): readonly DevWallet[] {
  return WALLETS.map(({ role, mnemonic, publicKey: hex }) => {
    const publicKey = Buffer.from(hex, "hex");
    return {
      role,
      mnemonic,
      publicKey,
      v5: WalletContractV5R1.create({ publicKey, walletId: { networkGlobalId: -239 } }).address,
      v5Testnet: WalletContractV5R1.create({ publicKey, walletId: { networkGlobalId: -3 } }).address,
      v4: WalletContractV4.create({ workchain: 0, publicKey }).address,
    };
  });
}

export function devWallet(role: DevRole): DevWallet {
  const wallet = devWallets().find((candidate) => candidate.role === role);
  if (wallet === undefined) {
    throw new RangeError(`No development wallet is called ${role}`);
  }
  return wallet;
}

export function devKeyPair(role: DevRole): Promise<KeyPair> {
  return mnemonicToPrivateKey(devWallet(role).mnemonic.split(" "));
}
