import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";

/** An Ed25519 key pair whose secret follows from a name, so that tests are repeatable. */
export interface TestKey {
  readonly publicKey: Buffer;
  /** The public key as the contracts carry it. */
  readonly id: bigint;
  sign(message: Uint8Array): Buffer;
}

const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

export function testKey(name: string): TestKey {
  const secret: KeyObject = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, createHash("sha256").update(name).digest()]),
    format: "der",
    type: "pkcs8",
  });
  const publicKey = createPublicKey(secret).export({ format: "der", type: "spki" }).subarray(-32);
  return {
    publicKey,
    id: BigInt(`0x${publicKey.toString("hex")}`),
    sign: (message) => sign(null, message, secret),
  };
}
