import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  type KeyObject,
  timingSafeEqual as nodeTimingSafeEqual,
  randomBytes,
  sign,
  verify,
} from "node:crypto";
import { concatBytes, isZero } from "./bytes";
import { AEAD_TAG_BYTES, type Aead, type KeyAgreement, type Primitives } from "./primitives";

const CIPHER = "chacha20-poly1305";
const CIPHER_OPTIONS = { authTagLength: AEAD_TAG_BYTES };
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

/** Parsed keys kept per kind: a gateway meets some hundred workers and jobs; more would only hold memory. */
const MAX_CACHED_KEYS = 1024;

type Curve = "Ed25519" | "X25519";

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64url");
}

// JWK is the fast way in: OpenSSL 3 tries every decoder on DER, which takes 0.4 ms a key.
function importPublic(crv: Curve, key: Uint8Array): KeyObject {
  return createPublicKey({ key: { kty: "OKP", crv, x: base64url(key) }, format: "jwk" });
}

// Node reads only `d` of a private OKP key, but wants `x` to be there.
function importPrivate(crv: Curve, key: Uint8Array): KeyObject {
  const d = base64url(key);
  return createPrivateKey({ key: { kty: "OKP", crv, x: d, d }, format: "jwk" });
}

function rawPublicKey(key: KeyObject): Uint8Array {
  return new Uint8Array(Buffer.from(key.export({ format: "jwk" }).x ?? "", "base64url"));
}

/** Remembers the newest results by the key's bytes. */
function cached<T>(make: (key: Uint8Array) => T): (key: Uint8Array) => T {
  const known = new Map<string, T>();
  return (key) => {
    if (key.length !== KEY_BYTES) {
      throw new RangeError("a Curve25519 key has 32 bytes");
    }
    const id = base64url(key);
    const found = known.get(id);
    if (found !== undefined) {
      return found;
    }
    const made = make(key);
    if (known.size >= MAX_CACHED_KEYS) {
      for (const oldest of known.keys()) {
        known.delete(oldest);
        break;
      }
    }
    known.set(id, made);
    return made;
  };
}

const ed25519Public = cached((key) => importPublic("Ed25519", key));
const ed25519Private = cached((seed) => {
  const privateKey = importPrivate("Ed25519", seed);
  return { privateKey, publicKey: rawPublicKey(createPublicKey(privateKey)) };
});

const x25519Public = cached((key) => importPublic("X25519", key));

// Fresh keys are random bytes, never `generateKeyPairSync`: exporting a key that it made stops Node 20 for good when
// the garbage collector runs inside the export (its job's destructor waits for the lock that the export holds).
function keyAgreement(raw: Uint8Array, publicKeyOf: (peer: Uint8Array) => KeyObject): KeyAgreement {
  const privateKey = importPrivate("X25519", raw);
  return {
    // The import has computed it: another multiplication would cost more than all else here.
    publicKey: rawPublicKey(createPublicKey(privateKey)),
    agree(peer) {
      if (peer.length !== KEY_BYTES) {
        return undefined;
      }
      try {
        const shared = diffieHellman({ privateKey, publicKey: publicKeyOf(peer) });
        return isZero(shared) ? undefined : shared;
      } catch {
        return undefined;
      }
    },
  };
}

// Whoever keeps a key meets another ephemeral key each time, and whoever makes one each time meets the same few keys.
const x25519Of = cached((raw) => keyAgreement(raw, (peer) => importPublic("X25519", peer)));
const freshAgreement = () => keyAgreement(randomBytes(KEY_BYTES), x25519Public);

// One pair lies ready, made while nothing else is to do: making it takes as long as all else of sealing a request.
let spare: KeyAgreement | undefined;

function freshPair(): KeyAgreement {
  const pair = spare ?? freshAgreement();
  spare = undefined;
  setImmediate(() => {
    spare ??= freshAgreement();
  }).unref();
  return pair;
}

function createAead(key: Uint8Array): Aead {
  const secret = createSecretKey(key);
  return {
    sealInto(nonce, aad, plaintext, out, offset) {
      const cipher = createCipheriv(CIPHER, secret, nonce, CIPHER_OPTIONS);
      cipher.setAAD(aad, { plaintextLength: plaintext.length });
      out.set(cipher.update(plaintext), offset);
      cipher.final();
      out.set(cipher.getAuthTag(), offset + plaintext.length);
    },
    open(nonce, aad, sealed) {
      const length = sealed.length - AEAD_TAG_BYTES;
      if (length < 0) {
        return undefined;
      }
      const decipher = createDecipheriv(CIPHER, secret, nonce, CIPHER_OPTIONS);
      decipher.setAAD(aad, { plaintextLength: length });
      decipher.setAuthTag(sealed.subarray(length));
      const plaintext = decipher.update(sealed.subarray(0, length));
      try {
        decipher.final();
      } catch {
        return undefined;
      }
      return plaintext;
    },
  };
}

function hkdfExpand(pseudoRandomKey: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  let block: Uint8Array = new Uint8Array(0);
  for (let at = 0, counter = 1; at < length; at += block.length, counter += 1) {
    const message = concatBytes(block, info, Uint8Array.of(counter));
    block = createHmac("sha256", pseudoRandomKey).update(message).digest();
    out.set(block.subarray(0, length - at), at);
  }
  return out;
}

/** The primitives on `node:crypto`, which is some ten times faster than JavaScript here. */
export const primitives: Primitives = {
  sha256(...parts) {
    const hash = createHash("sha256");
    for (const part of parts) {
      hash.update(part);
    }
    return hash.digest();
  },
  createSha256() {
    const hash = createHash("sha256");
    return {
      update: (part) => {
        hash.update(part);
      },
      digest: () => hash.digest(),
    };
  },
  hkdfExtract: (salt, inputKey) => createHmac("sha256", salt).update(inputKey).digest(),
  hkdfExpand,
  ed25519PublicKey: (seed) => new Uint8Array(ed25519Private(seed).publicKey),
  ed25519Sign: (seed, message) => sign(null, message, ed25519Private(seed).privateKey),
  ed25519Verify(publicKey, message, signature) {
    if (publicKey.length !== KEY_BYTES || signature.length !== SIGNATURE_BYTES) {
      return false;
    }
    try {
      return verify(null, message, ed25519Public(publicKey), signature);
    } catch {
      return false;
    }
  },
  x25519KeyPair: (privateKey) => (privateKey === undefined ? freshPair() : x25519Of(privateKey)),
  createAead,
  randomBytes: (length) => randomBytes(length),
  timingSafeEqual: (left, right) => left.length === right.length && nodeTimingSafeEqual(left, right),
};

/** Each by itself, as a bundle for browsers takes them: `import * as primitives` holds what is used, the object everything. */
export const {
  sha256,
  createSha256,
  hkdfExtract,
  ed25519PublicKey,
  ed25519Sign,
  ed25519Verify,
  x25519KeyPair,
  timingSafeEqual,
} = primitives;
export { createAead, hkdfExpand, randomBytes };
