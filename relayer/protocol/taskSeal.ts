import { concatBytes, createWriter, equalBytes, tagBytes } from "./bytes";
import * as primitives from "./crypto";
import { createHpkeReceiver, createHpkeSender, type HpkeReceiver, unreadable } from "./hpke";
import { ADDRESS_BYTES, addressToBytes, type JobAddress } from "./ids";
import { AEAD_TAG_BYTES } from "./primitives";
import { keyIdOf } from "./requestHeader";
import { sizeClassOf } from "./requestLayout";
import { deriveResponseKey } from "./responseKeys";

const REQUEST_TAG = tagBytes("cocoon/task-request/v1");
const ANSWER_TAG = tagBytes("cocoon/task-answer/v1");
const KEY_ID_BYTES = 8;
const ENC_BYTES = 32;
const NONCE_BYTES = 32;
const LENGTH_BYTES = 4;
/** Answers are padded to a multiple of this: their length tells little. */
const ANSWER_STEP = 256;

/** Where a sealed task belongs: nobody can take it to a task of their own. */
export interface TaskPlace {
  readonly networkId: number;
  readonly job: JobAddress;
}

/**
 * Seals a task's content to a worker's attested key. Unlike a session's request it may lie on the chain until the task's
 * deadline, and is bound to its task instead of to two minutes. `openAnswer` throws `SEALED_UNREADABLE`.
 *
 * @example
 * import { bytesToUtf8, isSealedTo, openTask, primitives, sealTask, toJobAddress, utf8ToBytes } from "cocoon/protocol";
 *
 * const hpkePrivateKey = new Uint8Array(32).fill(1);
 * const hpkePublicKey = primitives.x25519KeyPair(hpkePrivateKey).publicKey;
 * const bindHash = new Uint8Array(32).fill(2);
 * const place = { networkId: -239, job: toJobAddress(`0:${"ab".repeat(32)}`) };
 * const sealed = sealTask(place, { hpkePublicKey, bindHash, content: utf8ToBytes("How are you?") });
 * console.log(isSealedTo(hpkePublicKey, sealed.bytes)); // true
 * // In the enclave:
 * const opened = openTask(place, { hpkePrivateKey, hpkePublicKey, bindHash, bytes: sealed.bytes });
 * console.log(bytesToUtf8(opened.content)); // How are you?
 * const answer = opened.sealAnswer(utf8ToBytes("Well."));
 * // At the developer's:
 * console.log(bytesToUtf8(sealed.openAnswer(answer))); // Well.
 */
export function sealTask(
  place: TaskPlace,
  request: {
    readonly hpkePublicKey: Uint8Array;
    readonly bindHash: Uint8Array;
    readonly content: Uint8Array;
    /** For published test vectors only. */
    readonly fixedEphemeralKey?: Uint8Array;
  },
): { readonly bytes: Uint8Array; openAnswer(bytes: Uint8Array): Uint8Array } {
  const sender = createHpkeSender({
    recipientPublicKey: request.hpkePublicKey,
    info: concatBytes(REQUEST_TAG, request.bindHash),
    fixedEphemeralKey: request.fixedEphemeralKey,
  });
  const keyId = keyIdOf(request.hpkePublicKey);
  const plaintext = padded(request.content, sizeClassOf(LENGTH_BYTES + request.content.length));
  const sealed = sender.seal(concatBytes(keyId, placeBytes(place)), plaintext);
  return {
    bytes: concatBytes(keyId, sender.enc, sealed),
    openAnswer(bytes) {
      const responseNonce = bytes.subarray(0, NONCE_BYTES);
      const secret = sender.export(ANSWER_TAG, 32);
      const { key, nonceBase } = deriveResponseKey({ secret, enc: sender.enc, responseNonce });
      const opened = primitives
        .createAead(key)
        .open(nonceBase, concatBytes(ANSWER_TAG, placeBytes(place)), bytes.subarray(NONCE_BYTES));
      return unpadded(opened);
    },
  };
}

/** True when the sealed task names this key [32]; whether it opens is another question. */
export function isSealedTo(hpkePublicKey: Uint8Array, sealed: Uint8Array): boolean {
  return equalBytes(sealed.subarray(0, KEY_ID_BYTES), keyIdOf(hpkePublicKey));
}

/** Opens a task's content inside the worker. Throws `SEALED_UNREADABLE`, also for another key or another task. */
export function openTask(
  place: TaskPlace,
  request: {
    readonly hpkePrivateKey: Uint8Array;
    readonly hpkePublicKey: Uint8Array;
    readonly bindHash: Uint8Array;
    readonly bytes: Uint8Array;
    /** For published test vectors only. */
    readonly fixedResponseNonce?: Uint8Array;
  },
): { readonly content: Uint8Array; sealAnswer(content: Uint8Array): Uint8Array } {
  const { bytes } = request;
  const keyId = bytes.subarray(0, KEY_ID_BYTES);
  if (!isSealedTo(request.hpkePublicKey, bytes)) {
    throw unreadable("it is sealed to another key");
  }
  const enc = bytes.slice(KEY_ID_BYTES, KEY_ID_BYTES + ENC_BYTES);
  const receiver = createHpkeReceiver({
    enc,
    recipientPrivateKey: request.hpkePrivateKey,
    recipientPublicKey: request.hpkePublicKey,
    info: concatBytes(REQUEST_TAG, request.bindHash),
  });
  const sealed = bytes.subarray(KEY_ID_BYTES + ENC_BYTES);
  const content = unpadded(receiver.open(concatBytes(keyId, placeBytes(place)), sealed));
  return {
    content,
    sealAnswer: (answer) => sealAnswer(place, { receiver, enc, answer, nonce: request.fixedResponseNonce }),
  };
}

/** A fresh nonce each time, so that a task that was run twice never repeats a key. */
function sealAnswer(
  place: TaskPlace,
  {
    receiver,
    enc,
    answer,
    nonce: responseNonce = primitives.randomBytes(NONCE_BYTES),
  }: { receiver: HpkeReceiver; enc: Uint8Array; answer: Uint8Array; nonce: Uint8Array | undefined },
): Uint8Array {
  const secret = receiver.export(ANSWER_TAG, 32);
  const { key, nonceBase } = deriveResponseKey({ secret, enc, responseNonce });
  const steps = Math.ceil((LENGTH_BYTES + answer.length) / ANSWER_STEP);
  const plaintext = padded(answer, steps * ANSWER_STEP);
  const out = new Uint8Array(NONCE_BYTES + plaintext.length + AEAD_TAG_BYTES);
  out.set(responseNonce);
  const aad = concatBytes(ANSWER_TAG, placeBytes(place));
  primitives.createAead(key).sealInto(nonceBase, aad, plaintext, out, NONCE_BYTES);
  return out;
}

function placeBytes({ networkId, job }: TaskPlace): Uint8Array {
  return createWriter(4 + ADDRESS_BYTES)
    .i32(networkId)
    .bytes(addressToBytes(job), ADDRESS_BYTES)
    .finish();
}

function padded(content: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  new DataView(out.buffer).setUint32(0, content.length);
  out.set(content, LENGTH_BYTES);
  return out;
}

function unpadded(plaintext: Uint8Array | undefined): Uint8Array {
  if (plaintext === undefined || plaintext.length < LENGTH_BYTES) {
    throw unreadable("a task's ciphertext does not authenticate");
  }
  const length = new DataView(plaintext.buffer, plaintext.byteOffset).getUint32(0);
  if (length > plaintext.length - LENGTH_BYTES) {
    throw unreadable("a task's content is longer than its plaintext");
  }
  return plaintext.slice(LENGTH_BYTES, LENGTH_BYTES + length);
}
