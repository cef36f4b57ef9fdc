import { constants, createPublicKey, type KeyObject, verify } from "node:crypto";
import { FinalError } from "../../errors";
import { childrenOf, oidText, readWhole, TAG } from "./der";

const ECDSA_SHA256 = "1.2.840.10045.4.3.2";
const ECDSA_SHA384 = "1.2.840.10045.4.3.3";
const RSA_PSS = "1.2.840.113549.1.1.10";
/** AMD signs with SHA-384 and a salt of the same length; its certificates state both, and no other PSS is accepted. */
const PSS_SALT_BYTES = 48;
const PSS_PARAMETERS =
  "a00f300d06096086480165030402020500a11c301a06092a864886f70d010108300d06096086480165030402020500a203020130a303020101";

/** Some 2 KiB each. */
const MAX_KNOWN_KEYS = 512;

/** SubjectPublicKeyInfo of an uncompressed P-256 point, up to the point itself. */
const P256_PREFIX = Buffer.from("3059301306072a8648ce3d020106082a8648ce3d03010703420004", "hex");

/** SubjectPublicKeyInfo of x ‖ y [64]. */
export function p256KeyInfo(point: Uint8Array): Buffer {
  return Buffer.concat([P256_PREFIX, point]);
}

/** Keys that were read last, by their point: every quote brings the same authorities', and reading takes as long as verifying. */
const known = new Map<string, KeyObject>();

/** A P-256 public key from x ‖ y [64]. Throws `ATTESTATION_REFUSED` when the point is not on the curve. */
export function p256Key(point: Uint8Array): KeyObject {
  const bytes = Buffer.from(point.buffer, point.byteOffset, point.byteLength);
  const name = bytes.toString("latin1");
  const found = known.get(name);
  if (found !== undefined) {
    return found;
  }
  const x = bytes.toString("base64url", 0, 32);
  const y = bytes.toString("base64url", 32, 64);
  // OpenSSL reads this form in half the time that DER takes it.
  const key = importKey({ key: { kty: "EC", crv: "P-256", x, y }, format: "jwk" });
  if (known.size >= MAX_KNOWN_KEYS) {
    known.clear();
  }
  known.set(name, key);
  return key;
}

/** A public key from its SubjectPublicKeyInfo. Throws `ATTESTATION_REFUSED` for one that OpenSSL does not take. */
export function publicKeyOf(publicKeyInfo: Buffer): KeyObject {
  const isP256 =
    publicKeyInfo.length === P256_PREFIX.length + 64 &&
    publicKeyInfo.subarray(0, P256_PREFIX.length).equals(P256_PREFIX);
  return isP256
    ? p256Key(publicKeyInfo.subarray(P256_PREFIX.length))
    : importKey({ key: publicKeyInfo, format: "der", type: "spki" });
}

function importKey(input: Parameters<typeof createPublicKey>[0]): KeyObject {
  try {
    return createPublicKey(input);
  } catch (cause) {
    throw new FinalError("ATTESTATION_REFUSED", "A public key is not usable.", {}, { cause });
  }
}

/** True when `signature` [64, r ‖ s] over `message` is the key's, with SHA-256. */
export function isP256Signed(key: KeyObject, message: Uint8Array, signature: Uint8Array): boolean {
  return (
    signature.length === 64 && tryVerify("sha256", message, { key, dsaEncoding: "ieee-p1363" }, signature)
  );
}

/** The same for P-384 with SHA-384 [96]. */
export function isP384Signed(key: KeyObject, message: Uint8Array, signature: Uint8Array): boolean {
  return (
    signature.length === 96 && tryVerify("sha384", message, { key, dsaEncoding: "ieee-p1363" }, signature)
  );
}

/** True when a certificate or CRL bears this key's signature, by one of the algorithms that the vendors use. */
export function isDerSigned(
  key: KeyObject,
  document: { readonly signed: Buffer; readonly algorithm: Buffer; readonly signature: Buffer },
): boolean {
  const [oid, parameters] = childrenOf(readWhole(document.algorithm, TAG.sequence));
  switch (oid === undefined ? "" : oidText(oid)) {
    case ECDSA_SHA256:
      return (
        key.asymmetricKeyType === "ec" && tryVerify("sha256", document.signed, { key }, document.signature)
      );
    case ECDSA_SHA384:
      return (
        key.asymmetricKeyType === "ec" && tryVerify("sha384", document.signed, { key }, document.signature)
      );
    case RSA_PSS:
      return (
        key.asymmetricKeyType === "rsa" &&
        parameters?.value.toString("hex") === PSS_PARAMETERS &&
        tryVerify(
          "sha384",
          document.signed,
          { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: PSS_SALT_BYTES },
          document.signature,
        )
      );
    default:
      return false;
  }
}

/** `isDerSigned` that answers the same question once: chains share certificates, the root at least. */
export function createSignatureMemo(): typeof isDerSigned {
  const known = new WeakMap<object, WeakMap<KeyObject, boolean>>();
  return (key, document) => {
    const answers = known.get(document) ?? new WeakMap<KeyObject, boolean>();
    known.set(document, answers);
    const answer = answers.get(key) ?? isDerSigned(key, document);
    answers.set(key, answer);
    return answer;
  };
}

function tryVerify(
  hash: string,
  message: Uint8Array,
  key: Parameters<typeof verify>[2],
  signature: Uint8Array,
): boolean {
  try {
    return verify(hash, message, key, signature);
  } catch {
    // A key of another kind, or a signature that is not even DER.
    return false;
  }
}
