import { primitives } from "../protocol";

/** A worker's key pairs, 32 bytes each. They live in this process's memory and nowhere else. */
export interface WorkerKeys {
  readonly hpkePrivateKey: Uint8Array;
  readonly hpkePublicKey: Uint8Array;
  readonly receiptSeed: Uint8Array;
  readonly receiptPublicKey: Uint8Array;
}

/** Fresh keys: a restarted worker is another worker, with other lanes, so there is no state to roll back. */
export function createWorkerKeys(): WorkerKeys {
  const hpkePrivateKey = primitives.randomBytes(32);
  const receiptSeed = primitives.randomBytes(32);
  return {
    hpkePrivateKey,
    hpkePublicKey: primitives.x25519KeyPair(hpkePrivateKey).publicKey,
    receiptSeed,
    receiptPublicKey: primitives.ed25519PublicKey(receiptSeed),
  };
}
