import { AeadId, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import {
  createHpkeReceiver,
  createHpkeSender,
  fromHex,
  toHex,
  utf8ToBytes,
  writeNonce,
} from "../../../relayer/protocol";
import { bytes, codeOf, HPKE_PRIVATE, HPKE_PUBLIC } from "./fixtures";

// RFC 9180, appendix A.2.1
const RFC = {
  info: fromHex("4f6465206f6e2061204772656369616e2055726e"),
  skEm: fromHex("f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600"),
  enc: "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a",
  skRm: fromHex("8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb"),
  pkRm: fromHex("4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a"),
  plaintext: fromHex("4265617574792069732074727574682c20747275746820626561757479"),
};
const RFC_CIPHERTEXTS = new Map([
  [0, "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28"],
  [1, "6b53c051e4199c518de79594e1c4ab18b96f081549d45ce015be002090bb119e85285337cc95ba5f59992dc98c"],
  [2, "71146bd6795ccc9c49ce25dda112a48f202ad220559502cef1f34271e0cb4b02b4f10ecac6f48c32f878fae86b"],
  [4, "63357a2aa291f5a4e5f27db6baa2af8cf77427c7c1a909e0b37214dd47db122bb153495ff0b02e9e54a50dbe16"],
  [255, "18ab939d63ddec9f6ac2b60d61d36a7375d2070c9b683861110757062c52b8880a5f6b3936da9cd6c23ef2a95c"],
  [256, "7a4a13e9ef23978e2c520fd4d2e757514ae160cd0cd05e556ef692370ca53076214c0c40d4c728d6ed9e727a5b"],
]);
const RFC_EXPORTS = new Map([
  ["", "4bbd6243b8bb54cec311fac9df81841b6fd61f56538a775e7c80a9f40160606e"],
  ["00", "8c1df14732580e5501b00f82b10a1647b40713191b7c1240ac80e2b68808ba69"],
  ["54657374436f6e74657874", "5acb09211139c43b3090489a9da433e8a30ee7188ba8b0a9a1ccf0c229283e53"],
]);

describe("HPKE base mode", () => {
  it("reproduces appendix A.2.1 of RFC 9180 in both directions", () => {
    const sender = createHpkeSender({
      recipientPublicKey: RFC.pkRm,
      info: RFC.info,
      fixedEphemeralKey: RFC.skEm,
    });
    const receiver = createHpkeReceiver({
      enc: fromHex(RFC.enc),
      recipientPrivateKey: RFC.skRm,
      recipientPublicKey: RFC.pkRm,
      info: RFC.info,
    });
    expect(toHex(sender.enc)).toBe(RFC.enc);
    for (let i = 0; i <= 256; i += 1) {
      const aad = utf8ToBytes(`Count-${i}`);
      const sealed = sender.seal(aad, RFC.plaintext);
      const known = RFC_CIPHERTEXTS.get(i);
      if (known !== undefined) {
        expect(toHex(sealed)).toBe(known);
      }
      expect(toHex(receiver.open(aad, sealed))).toBe(toHex(RFC.plaintext));
    }
    for (const [context, value] of RFC_EXPORTS) {
      expect(toHex(sender.export(fromHex(context), 32))).toBe(value);
      expect(toHex(receiver.export(fromHex(context), 32))).toBe(value);
    }
  });

  it("agrees with another implementation in both directions", async () => {
    const suite = new CipherSuite({
      kem: new DhkemX25519HkdfSha256(),
      kdf: new HkdfSha256(),
      aead: nobleAead(),
    });
    const info = bytes(50, 1);
    const aad = bytes(38, 9);
    const recipientPublicKey = await suite.kem.deserializePublicKey(HPKE_PUBLIC);
    const recipientKey = await suite.kem.importKey("raw", exact(HPKE_PRIVATE), false);

    const theirs = await suite.createSenderContext({ recipientPublicKey, info: exact(info) });
    const ours = createHpkeReceiver({
      enc: new Uint8Array(theirs.enc),
      recipientPrivateKey: HPKE_PRIVATE,
      recipientPublicKey: HPKE_PUBLIC,
      info,
    });
    for (const length of [0, 1, 1000]) {
      const sealed = new Uint8Array(await theirs.seal(exact(bytes(length, 3)), exact(aad)));
      expect(toHex(ours.open(aad, sealed))).toBe(toHex(bytes(length, 3)));
    }
    const exported = new Uint8Array(await theirs.export(exact(info), 32));
    expect(toHex(ours.export(info, 32))).toBe(toHex(exported));

    const sender = createHpkeSender({ recipientPublicKey: HPKE_PUBLIC, info });
    const receiver = await suite.createRecipientContext({
      recipientKey,
      enc: exact(sender.enc),
      info: exact(info),
    });
    const opened = await receiver.open(exact(sender.seal(aad, bytes(77, 5))), exact(aad));
    expect(toHex(new Uint8Array(opened))).toBe(toHex(bytes(77, 5)));
  });

  it("refuses keys whose X25519 result is all zero", () => {
    const lowOrder = [
      "00".repeat(32),
      `01${"00".repeat(31)}`,
      "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
      "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
      `ec${"ff".repeat(30)}7f`,
    ];
    for (const key of lowOrder) {
      const enc = fromHex(key);
      const info = bytes(4, 0);
      const keys = { recipientPrivateKey: HPKE_PRIVATE, recipientPublicKey: HPKE_PUBLIC };
      expect(codeOf(() => createHpkeSender({ recipientPublicKey: enc, info }))).toBe("SEALED_UNREADABLE");
      expect(codeOf(() => createHpkeReceiver({ enc, ...keys, info }))).toBe("SEALED_UNREADABLE");
    }
  });

  it("refuses a key of wrong length", () => {
    const short = { recipientPublicKey: bytes(31, 1), info: bytes(1, 1) };
    expect(codeOf(() => createHpkeSender(short))).toBe("SEALED_UNREADABLE");
  });

  it("keeps its place when a message does not open", () => {
    const sender = createHpkeSender({ recipientPublicKey: HPKE_PUBLIC, info: bytes(1, 1) });
    const keys = { recipientPrivateKey: HPKE_PRIVATE, recipientPublicKey: HPKE_PUBLIC };
    const receiver = createHpkeReceiver({ enc: sender.enc, ...keys, info: bytes(1, 1) });
    const sealed = sender.seal(bytes(2, 2), bytes(3, 3));
    expect(codeOf(() => receiver.open(bytes(2, 3), sealed))).toBe("SEALED_UNREADABLE");
    expect(toHex(receiver.open(bytes(2, 2), sealed))).toBe("030405");
    expect(codeOf(() => receiver.open(bytes(2, 2), sealed))).toBe("SEALED_UNREADABLE");
  });

  it("counts nonces over all four bytes", () => {
    const nonce = new Uint8Array(12);
    writeNonce(nonce, new Uint8Array(12), 0xfedcba98);
    expect(toHex(nonce)).toBe("0000000000000000fedcba98");
  });
});

function exact(value: Uint8Array): ArrayBuffer {
  const copy = new ArrayBuffer(value.length);
  new Uint8Array(copy).set(value);
  return copy;
}

// @hpke/core has no ChaCha20-Poly1305 of its own; its key schedule is what the test compares.
function nobleAead() {
  return {
    id: AeadId.Chacha20Poly1305,
    keySize: 32,
    nonceSize: 12,
    tagSize: 16,
    createEncryptionContext: (key: ArrayBufferLike) => ({
      seal: async (iv: ArrayBufferLike, data: ArrayBufferLike, aad: ArrayBufferLike) =>
        exact(cipher(key, iv, aad).encrypt(new Uint8Array(data))),
      open: async (iv: ArrayBufferLike, data: ArrayBufferLike, aad: ArrayBufferLike) =>
        exact(cipher(key, iv, aad).decrypt(new Uint8Array(data))),
    }),
  };
}

function cipher(key: ArrayBufferLike, iv: ArrayBufferLike, aad: ArrayBufferLike) {
  return chacha20poly1305(new Uint8Array(key), new Uint8Array(iv), new Uint8Array(aad));
}
