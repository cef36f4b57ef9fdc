import { FinalError } from "../errors";
import { concatBytes, fromBase64, primitives, toBase64, utf8ToBytes } from "../protocol";
import { AEAD_NONCE_BYTES } from "../protocol/primitives";

/** How session secrets lie in the store. `name` is the job: a secret moved to another job does not open. */
export interface SecretBox {
  seal(name: string, secret: Uint8Array): string;
  open(name: string, sealed: string): Uint8Array;
}

const PLAIN = "plain:";
const SEALED = "v1:";

/**
 * With a key [32], ChaCha20-Poly1305 under a random nonce; without one, secrets are stored as they are and the database
 * must be as private as the wallet.
 */
export function createSecretBox(key: Uint8Array | undefined): SecretBox {
  if (key === undefined) {
    return {
      seal: (_name, secret) => PLAIN + toBase64(secret),
      open: (_name, sealed) => {
        if (!sealed.startsWith(PLAIN)) {
          throw wrongKey();
        }
        return fromBase64(sealed.slice(PLAIN.length));
      },
    };
  }
  const aead = primitives.createAead(key);
  return {
    seal(name, secret) {
      const nonce = primitives.randomBytes(AEAD_NONCE_BYTES);
      const out = new Uint8Array(secret.length + 16);
      aead.sealInto(nonce, utf8ToBytes(name), secret, out, 0);
      return SEALED + toBase64(concatBytes(nonce, out));
    },
    open(name, sealed) {
      if (!sealed.startsWith(SEALED)) {
        throw wrongKey();
      }
      const bytes = fromBase64(sealed.slice(SEALED.length));
      const nonce = bytes.subarray(0, AEAD_NONCE_BYTES);
      const secret = aead.open(nonce, utf8ToBytes(name), bytes.subarray(AEAD_NONCE_BYTES));
      if (secret === undefined) {
        throw wrongKey();
      }
      return secret;
    },
  };
}

function wrongKey(): FinalError {
  return new FinalError(
    "CONFIG_INVALID",
    "The stored session keys do not open: give the same session secret as when the jobs were opened.",
  );
}
