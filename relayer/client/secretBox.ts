import { FinalError } from "../errors";
import { concatBytes, fromBase64, primitives, toBase64, toHex, utf8ToBytes } from "../protocol";
import { AEAD_NONCE_BYTES } from "../protocol/primitives";

/**
 * How secrets lie in the store: session keys, salts, texts. `name` is what the secret is of: moved to another name, it
 * does not open.
 */
export interface SecretBox {
  seal(name: string, secret: Uint8Array): string;
  /** Throws `CONFIG_INVALID` when none of the keys opens it. */
  open(name: string, sealed: string): Uint8Array;
}

const PLAIN = "plain:";
/** Before keys had ids. */
const V1 = "v1:";
const V2 = "v2:";
const KEY_ID_BYTES = 4;

/**
 * ChaCha20-Poly1305 under a random nonce with `key` [32]; the former ones open what was sealed before it was changed.
 * Without a key, secrets are stored as they are and the database must be as private as the wallet.
 */
export function createSecretBox(key: Uint8Array | undefined, former: readonly Uint8Array[] = []): SecretBox {
  const keys = key === undefined ? [] : [key, ...former];
  const rings = keys.map((each) => ({ id: keyId(each), aead: primitives.createAead(each) }));
  const [first] = rings;
  return {
    seal(name, secret) {
      if (first === undefined) {
        return PLAIN + toBase64(secret);
      }
      const nonce = primitives.randomBytes(AEAD_NONCE_BYTES);
      const out = new Uint8Array(secret.length + 16);
      first.aead.sealInto(nonce, utf8ToBytes(name), secret, out, 0);
      return `${V2}${first.id}:${toBase64(concatBytes(nonce, out))}`;
    },
    open(name, sealed) {
      if (sealed.startsWith(PLAIN) && first === undefined) {
        return fromBase64(sealed.slice(PLAIN.length));
      }
      const [version, id, text] = partsOf(sealed);
      const bytes = fromBase64(text);
      const nonce = bytes.subarray(0, AEAD_NONCE_BYTES);
      for (const ring of rings.filter((ring) => version === V1 || ring.id === id)) {
        const secret = ring.aead.open(nonce, utf8ToBytes(name), bytes.subarray(AEAD_NONCE_BYTES));
        if (secret !== undefined) {
          return secret;
        }
      }
      throw wrongKey(id);
    },
  };
}

function partsOf(sealed: string): readonly [version: string, id: string | undefined, text: string] {
  if (sealed.startsWith(V1)) {
    return [V1, undefined, sealed.slice(V1.length)];
  }
  if (sealed.startsWith(V2)) {
    const end = V2.length + 2 * KEY_ID_BYTES;
    return [V2, sealed.slice(V2.length, end), sealed.slice(end + 1)];
  }
  throw wrongKey(undefined);
}

/** Tells keys apart and nothing about them. */
function keyId(key: Uint8Array): string {
  const digest = primitives.sha256(concatBytes(utf8ToBytes("cocoon/store-key/v1"), key));
  return toHex(digest.subarray(0, KEY_ID_BYTES));
}

function wrongKey(id: string | undefined): FinalError {
  return new FinalError(
    "CONFIG_INVALID",
    "What is stored does not open: give the store key with which it was written, behind the new one if it was changed.",
    { keyId: id },
  );
}
