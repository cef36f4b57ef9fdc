import { FinalError } from "../errors";
import { concatBytes, utf8ToBytes } from "./bytes";
import * as primitives from "./crypto";
import { AEAD_NONCE_BYTES, AEAD_TAG_BYTES, type Aead, type KeyAgreement } from "./primitives";

/** RFC 9180 identifiers of the only suite: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305. */
export const HPKE_SUITE = { kem: 0x0020, kdf: 0x0001, aead: 0x0003 } as const;

/** Messages one context may seal: frame numbers are 32 bits, so a nonce can never repeat. */
const MAX_MESSAGES = 0xffffffff;
const HASH_BYTES = 32;
const MODE_BASE = 0;
const EMPTY = new Uint8Array(0);
const KEM_SUITE_ID = concatBytes(utf8ToBytes("KEM"), u16(HPKE_SUITE.kem));
const HPKE_SUITE_ID = concatBytes(
  utf8ToBytes("HPKE"),
  u16(HPKE_SUITE.kem),
  u16(HPKE_SUITE.kdf),
  u16(HPKE_SUITE.aead),
);
const VERSION_LABEL = utf8ToBytes("HPKE-v1");

/** The sender's side; messages are numbered from 0 in the order of the calls. */
export interface HpkeSender {
  /** The encapsulated key [32] that the receiver needs. */
  readonly enc: Uint8Array;
  /** Ciphertext ‖ tag[16]. */
  seal(aad: Uint8Array, plaintext: Uint8Array): Uint8Array;
  /** RFC 9180 secret export. */
  export(context: Uint8Array, length: number): Uint8Array;
}

/** The receiver's side; a failed `open` does not advance the message number. */
export interface HpkeReceiver {
  /** The plaintext; throws `SEALED_UNREADABLE`. */
  open(aad: Uint8Array, sealed: Uint8Array): Uint8Array;
  export(context: Uint8Array, length: number): Uint8Array;
}

/** The one answer to every failure of decryption; only `cause` tells them apart, and it never leaves the process. */
export function unreadable(reason: string): FinalError {
  return new FinalError(
    "SEALED_UNREADABLE",
    "The sealed message cannot be opened.",
    {},
    { cause: new Error(reason) },
  );
}

/**
 * A base-mode sender context for the receiver's X25519 public key [32].
 * Throws `SEALED_UNREADABLE` for a key of low order or wrong length, which no receiver could open.
 *
 * @example
 * import { bytesToUtf8, createHpkeReceiver, createHpkeSender, primitives, toHex, unreadable, utf8ToBytes, writeNonce } from "cocoon/protocol";
 *
 * const recipientPrivateKey = new Uint8Array(32).fill(1);
 * const recipientPublicKey = primitives.x25519KeyPair(recipientPrivateKey).publicKey;
 * const info = utf8ToBytes("what this is for");
 * const sender = createHpkeSender({ recipientPublicKey, info });
 * const sealed = sender.seal(utf8ToBytes("associated"), utf8ToBytes("hello"));
 * const receiver = createHpkeReceiver({ enc: sender.enc, recipientPrivateKey, recipientPublicKey, info });
 * console.log(bytesToUtf8(receiver.open(utf8ToBytes("associated"), sealed))); // hello
 * // Each message has its own nonce: the base, XOR the message's number.
 * const nonce = new Uint8Array(12);
 * writeNonce(nonce, new Uint8Array(12).fill(0xff), 1);
 * console.log(toHex(nonce), unreadable("any reason").code); // fffffffffffffffffffffffe SEALED_UNREADABLE
 */
export function createHpkeSender(options: {
  readonly recipientPublicKey: Uint8Array;
  readonly info: Uint8Array;
  /** For published test vectors only: a repeated ephemeral key repeats key and nonces. */
  readonly fixedEphemeralKey?: Uint8Array;
}): HpkeSender {
  const ephemeral = primitives.x25519KeyPair(options.fixedEphemeralKey);
  const shared = encapsulated(ephemeral, options.recipientPublicKey, [
    ephemeral.publicKey,
    options.recipientPublicKey,
  ]);
  const schedule = keySchedule(shared, options.info);
  return {
    enc: ephemeral.publicKey,
    seal(aad, plaintext) {
      const out = new Uint8Array(plaintext.length + AEAD_TAG_BYTES);
      schedule.aead.sealInto(schedule.nextNonce(), aad, plaintext, out, 0);
      schedule.advance();
      return out;
    },
    export: schedule.export,
  };
}

/** A base-mode receiver context. Throws `SEALED_UNREADABLE` when `enc` is malformed or of low order. */
export function createHpkeReceiver(options: {
  readonly enc: Uint8Array;
  readonly recipientPrivateKey: Uint8Array;
  readonly recipientPublicKey: Uint8Array;
  readonly info: Uint8Array;
}): HpkeReceiver {
  const recipient = primitives.x25519KeyPair(options.recipientPrivateKey);
  const shared = encapsulated(recipient, options.enc, [options.enc, options.recipientPublicKey]);
  const schedule = keySchedule(shared, options.info);
  return {
    open(aad, sealed) {
      const plaintext = schedule.aead.open(schedule.nextNonce(), aad, sealed);
      if (plaintext === undefined) {
        throw unreadable("a ciphertext does not authenticate");
      }
      schedule.advance();
      return plaintext;
    },
    export: schedule.export,
  };
}

/** `base` XOR the message number, written over `into`. The number stays below 2^32, so the last four bytes change. */
export function writeNonce(into: Uint8Array, base: Uint8Array, index: number): void {
  into.set(base);
  into[8] = (base[8] ?? 0) ^ (index >>> 24);
  into[9] = (base[9] ?? 0) ^ ((index >>> 16) & 0xff);
  into[10] = (base[10] ?? 0) ^ ((index >>> 8) & 0xff);
  into[11] = (base[11] ?? 0) ^ (index & 0xff);
}

function u16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff);
}

function labeledExtract(suite: Uint8Array, salt: Uint8Array, label: string, key: Uint8Array): Uint8Array {
  return primitives.hkdfExtract(salt, concatBytes(VERSION_LABEL, suite, utf8ToBytes(label), key));
}

function labeledExpand(
  suite: Uint8Array,
  prk: Uint8Array,
  label: string,
  info: Uint8Array,
  length: number,
): Uint8Array {
  const labeled = concatBytes(u16(length), VERSION_LABEL, suite, utf8ToBytes(label), info);
  return primitives.hkdfExpand(prk, labeled, length);
}

function encapsulated(
  own: KeyAgreement,
  peer: Uint8Array,
  kemContext: readonly [Uint8Array, Uint8Array],
): Uint8Array {
  const agreed = own.agree(peer);
  if (agreed === undefined) {
    throw unreadable("the X25519 result is all zero or the key is malformed");
  }
  const prk = labeledExtract(KEM_SUITE_ID, EMPTY, "eae_prk", agreed);
  return labeledExpand(KEM_SUITE_ID, prk, "shared_secret", concatBytes(...kemContext), HASH_BYTES);
}

/** Base mode has no pre-shared key. */
const PSK_ID_HASH = labeledExtract(HPKE_SUITE_ID, EMPTY, "psk_id_hash", EMPTY);

interface Schedule {
  readonly aead: Aead;
  nextNonce(): Uint8Array;
  advance(): void;
  export(context: Uint8Array, length: number): Uint8Array;
}

function keySchedule(shared: Uint8Array, info: Uint8Array): Schedule {
  const infoHash = labeledExtract(HPKE_SUITE_ID, EMPTY, "info_hash", info);
  const context = concatBytes(Uint8Array.of(MODE_BASE), PSK_ID_HASH, infoHash);
  const secret = labeledExtract(HPKE_SUITE_ID, shared, "secret", EMPTY);
  const key = labeledExpand(HPKE_SUITE_ID, secret, "key", context, 32);
  const base = labeledExpand(HPKE_SUITE_ID, secret, "base_nonce", context, AEAD_NONCE_BYTES);
  const exporter = labeledExpand(HPKE_SUITE_ID, secret, "exp", context, HASH_BYTES);
  const nonce = new Uint8Array(AEAD_NONCE_BYTES);
  let index = 0;
  return {
    aead: primitives.createAead(key),
    nextNonce() {
      writeNonce(nonce, base, index);
      return nonce;
    },
    advance() {
      if (index >= MAX_MESSAGES) {
        throw new FinalError("SEALED_TOO_LARGE", "A sealed message has too many frames.");
      }
      index += 1;
    },
    export: (exportContext, length) => labeledExpand(HPKE_SUITE_ID, exporter, "sec", exportContext, length),
  };
}
