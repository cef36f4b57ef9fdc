/**
 * The cryptographic primitives that this folder needs, nothing more. `crypto.ts` implements them for Node,
 * `crypto.browser.ts` for browsers: a bundler swaps the one for the other, all else here is the same code.
 */
export interface Primitives {
  /** SHA-256 over the concatenation of the parts. */
  sha256(...parts: readonly Uint8Array[]): Uint8Array;
  createSha256(): IncrementalHash;
  /** HKDF-Extract with SHA-256: the 32-byte pseudo-random key. */
  hkdfExtract(salt: Uint8Array, inputKey: Uint8Array): Uint8Array;
  /** HKDF-Expand with SHA-256, at most 8,160 bytes. */
  hkdfExpand(pseudoRandomKey: Uint8Array, info: Uint8Array, length: number): Uint8Array;
  /** Public key [32] of an Ed25519 seed [32]. */
  ed25519PublicKey(seed: Uint8Array): Uint8Array;
  /** Signature [64] with an Ed25519 seed [32]. */
  ed25519Sign(seed: Uint8Array, message: Uint8Array): Uint8Array;
  /** RFC 8032 verification; false for any malformed input. */
  ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
  /** A key pair of this private key [32], or a fresh one. */
  x25519KeyPair(privateKey?: Uint8Array): KeyAgreement;
  /** ChaCha20-Poly1305 (RFC 8439) under one key [32]. */
  createAead(key: Uint8Array): Aead;
  randomBytes(length: number): Uint8Array;
  timingSafeEqual(left: Uint8Array, right: Uint8Array): boolean;
}

export interface IncrementalHash {
  update(part: Uint8Array): void;
  digest(): Uint8Array;
}

export interface KeyAgreement {
  readonly publicKey: Uint8Array;
  /** The X25519 shared value [32]; undefined when it is all zero or the peer's key is malformed. */
  agree(peerPublicKey: Uint8Array): Uint8Array | undefined;
}

export interface Aead {
  /** Writes ciphertext ‖ tag[16] into `out` at `offset`. Neither input is kept. */
  sealInto(nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array, out: Uint8Array, offset: number): void;
  /** The plaintext of ciphertext ‖ tag[16], or undefined when it does not authenticate. */
  open(nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined;
}

/** Bytes that authentication adds to each ciphertext. */
export const AEAD_TAG_BYTES = 16;
/** Bytes of a ChaCha20-Poly1305 nonce. */
export const AEAD_NONCE_BYTES = 12;
