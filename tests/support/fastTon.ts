import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";

// What takes a quarter of a contract test's time in @ton's libraries, done faster before each spec file: hashes and
// signatures by OpenSSL instead of JavaScript, and each cell written out once. The bytes are the same: fastTon.spec.ts.

const hashes: { sha256_sync: (source: Buffer | string) => Buffer } = jest.requireActual(
  "@ton/crypto/dist/primitives/sha256",
);
hashes.sha256_sync = (source) => createHash("sha256").update(source).digest();

/** Seed [32] and public key [32]. */
type SecretKey = Buffer;

const signatures: {
  sign: (data: Buffer, secretKey: SecretKey) => Buffer;
  keyPairFromSeed: (seed: Buffer) => { readonly publicKey: Buffer; readonly secretKey: SecretKey };
} = jest.requireActual("@ton/crypto/dist/primitives/nacl");
const keys = new Map<string, KeyObject>();
signatures.sign = (data, secretKey) => sign(null, data, keyOf(secretKey.subarray(0, 32)));
signatures.keyPairFromSeed = (seed) => {
  const { x } = createPublicKey(keyOf(seed)).export({ format: "jwk" });
  const publicKey = Buffer.from(x ?? "", "base64url");
  return { publicKey, secretKey: Buffer.concat([seed, publicKey]) };
};

function keyOf(seed: Buffer): KeyObject {
  const d = seed.toString("base64url");
  const known = keys.get(d);
  if (known !== undefined) {
    return known;
  }
  // Node reads only `d`, but wants `x` to be there.
  const key = createPrivateKey({ key: { kty: "OKP", crv: "Ed25519", x: d, d }, format: "jwk" });
  keys.set(d, key);
  return key;
}

const core: { Cell: { prototype: { toBoc(options?: object): Buffer } } } = jest.requireActual("@ton/core");
const { toBoc } = core.Cell.prototype;
const written = new WeakMap<object, Buffer>();
core.Cell.prototype.toBoc = function (options) {
  if (options !== undefined) {
    return toBoc.call(this, options);
  }
  const boc = written.get(this) ?? toBoc.call(this);
  written.set(this, boc);
  return Buffer.from(boc);
};
