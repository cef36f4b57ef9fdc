import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { ed25519, x25519 } from "@noble/curves/ed25519.js";
import { expand, extract } from "@noble/hashes/hkdf.js";
import { sha256 as hashWhole } from "@noble/hashes/sha2.js";
import { randomBytes as freshBytes } from "@noble/hashes/utils.js";
import { isZero } from "./bytes";
import {
  AEAD_TAG_BYTES,
  type Aead,
  type IncrementalHash,
  type KeyAgreement,
  type Primitives,
} from "./primitives";

// The primitives in plain JavaScript, for bundles without `node:crypto`. Same answers as `crypto.ts`; functions, so that a
// bundle holds only those that it calls.

export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = hashWhole.create();
  for (const part of parts) {
    hash.update(part);
  }
  return hash.digest();
}

export function createSha256(): IncrementalHash {
  const hash = hashWhole.create();
  return {
    update: (part) => {
      hash.update(part);
    },
    digest: () => hash.digest(),
  };
}

export function hkdfExtract(salt: Uint8Array, inputKey: Uint8Array): Uint8Array {
  return extract(hashWhole, inputKey, salt);
}

export function hkdfExpand(pseudoRandomKey: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  return expand(hashWhole, pseudoRandomKey, info, length);
}

export function ed25519PublicKey(seed: Uint8Array): Uint8Array {
  return ed25519.getPublicKey(seed);
}

export function ed25519Sign(seed: Uint8Array, message: Uint8Array): Uint8Array {
  return ed25519.sign(message, seed);
}

export function ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    // RFC 8032 and not ZIP 215, as in OpenSSL.
    return ed25519.verify(signature, message, publicKey, { zip215: false });
  } catch {
    return false;
  }
}

export function x25519KeyPair(privateKey: Uint8Array = freshBytes(32)): KeyAgreement {
  const secret = new Uint8Array(privateKey);
  return {
    publicKey: x25519.getPublicKey(secret),
    agree(peer) {
      try {
        const shared = x25519.getSharedSecret(secret, peer);
        return isZero(shared) ? undefined : shared;
      } catch {
        return undefined;
      }
    },
  };
}

export function createAead(key: Uint8Array): Aead {
  const secret = new Uint8Array(key);
  return {
    sealInto(nonce, aad, plaintext, out, offset) {
      const end = offset + plaintext.length + AEAD_TAG_BYTES;
      chacha20poly1305(secret, nonce, aad).encrypt(plaintext, out.subarray(offset, end));
    },
    open(nonce, aad, sealed) {
      try {
        return chacha20poly1305(secret, nonce, aad).decrypt(sealed);
      } catch {
        return undefined;
      }
    },
  };
}

export function randomBytes(length: number): Uint8Array {
  return freshBytes(length);
}

export function timingSafeEqual(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) {
    return false;
  }
  let difference = 0;
  for (let i = 0; i < left.length; i += 1) {
    difference |= (left[i] ?? 0) ^ (right[i] ?? 0);
  }
  return difference === 0;
}

export const primitives: Primitives = {
  sha256,
  createSha256,
  hkdfExtract,
  hkdfExpand,
  ed25519PublicKey,
  ed25519Sign,
  ed25519Verify,
  x25519KeyPair,
  createAead,
  randomBytes,
  timingSafeEqual,
};
