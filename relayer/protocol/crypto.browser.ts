import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { ed25519, x25519 } from "@noble/curves/ed25519.js";
import { expand, extract } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { randomBytes } from "@noble/hashes/utils.js";
import { isZero } from "./bytes";
import { AEAD_TAG_BYTES, type Primitives } from "./primitives";

/** The primitives in plain JavaScript, for bundles without `node:crypto`. Same answers as `crypto.ts`. */
export const primitives: Primitives = {
  sha256(...parts) {
    const hash = sha256.create();
    for (const part of parts) {
      hash.update(part);
    }
    return hash.digest();
  },
  createSha256() {
    const hash = sha256.create();
    return {
      update: (part) => {
        hash.update(part);
      },
      digest: () => hash.digest(),
    };
  },
  hkdfExtract: (salt, inputKey) => extract(sha256, inputKey, salt),
  hkdfExpand: (pseudoRandomKey, info, length) => expand(sha256, pseudoRandomKey, info, length),
  ed25519PublicKey: (seed) => ed25519.getPublicKey(seed),
  ed25519Sign: (seed, message) => ed25519.sign(message, seed),
  ed25519Verify(publicKey, message, signature) {
    try {
      // RFC 8032 and not ZIP 215, as in OpenSSL.
      return ed25519.verify(signature, message, publicKey, { zip215: false });
    } catch {
      return false;
    }
  },
  x25519KeyPair(privateKey = randomBytes(32)) {
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
  },
  createAead(key) {
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
  },
  randomBytes: (length) => randomBytes(length),
  timingSafeEqual(left, right) {
    if (left.length !== right.length) {
      return false;
    }
    let difference = 0;
    for (let i = 0; i < left.length; i += 1) {
      difference |= (left[i] ?? 0) ^ (right[i] ?? 0);
    }
    return difference === 0;
  },
};
