import { readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { deriveResponseKey, fromHex, toHex } from "../../../relayer/protocol";
import { primitives as node } from "../../../relayer/protocol/crypto";
import { primitives as browser } from "../../../relayer/protocol/crypto.browser";
import { bytes, externalVectors, flipped } from "./fixtures";

const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
const text = fc.uint8Array({ maxLength: 300 });

function sealWith(implementation: typeof node, aeadKey: Uint8Array, plaintext: Uint8Array): Uint8Array {
  const out = new Uint8Array(plaintext.length + 16 + 3);
  implementation.createAead(aeadKey).sealInto(bytes(12, 1), bytes(38, 2), plaintext, out, 3);
  return out.subarray(3);
}

describe("the two implementations of the primitives", () => {
  it("hash and derive alike", () => {
    fc.assert(
      fc.property(text, text, fc.integer({ min: 1, max: 100 }), (left, right, length) => {
        expect(toHex(node.sha256(left, right))).toBe(toHex(browser.sha256(left, right)));
        expect(toHex(node.hkdfExtract(left, right))).toBe(toHex(browser.hkdfExtract(left, right)));
        const prk = node.sha256(left);
        const expanded = [node, browser].map((side) => toHex(side.hkdfExpand(prk, right, length)));
        expect(expanded[0]).toBe(expanded[1]);
        const hashes = [node, browser].map((side) => {
          const hash = side.createSha256();
          hash.update(left);
          hash.update(right);
          return toHex(hash.digest());
        });
        expect(hashes[0]).toBe(hashes[1]);
        expect(node.timingSafeEqual(left, right)).toBe(browser.timingSafeEqual(left, right));
        expect(browser.timingSafeEqual(left, left)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it("seal alike and open each other's messages only", () => {
    fc.assert(
      fc.property(key, text, fc.nat(), (aeadKey, plaintext, where) => {
        const sealed = sealWith(node, aeadKey, plaintext);
        expect(toHex(sealed)).toBe(toHex(sealWith(browser, aeadKey, plaintext)));
        for (const side of [node, browser]) {
          const aead = side.createAead(aeadKey);
          const opened = aead.open(bytes(12, 1), bytes(38, 2), sealed);
          expect(toHex(opened ?? bytes(1, 0))).toBe(toHex(plaintext));
          const bent = flipped(sealed, where % sealed.length);
          expect(aead.open(bytes(12, 1), bytes(38, 2), bent)).toBeUndefined();
          expect(aead.open(bytes(12, 2), bytes(38, 2), sealed)).toBeUndefined();
          expect(aead.open(bytes(12, 1), bytes(38, 3), sealed)).toBeUndefined();
          expect(aead.open(bytes(12, 1), bytes(38, 2), sealed.subarray(0, 15))).toBeUndefined();
        }
      }),
      { numRuns: 50 },
    );
  });

  it("sign and agree alike", () => {
    fc.assert(
      fc.property(key, key, text, (seed, other, message) => {
        const publicKey = node.ed25519PublicKey(seed);
        const signature = node.ed25519Sign(seed, message);
        expect(toHex(browser.ed25519PublicKey(seed))).toBe(toHex(publicKey));
        expect(toHex(browser.ed25519Sign(seed, message))).toBe(toHex(signature));
        for (const side of [node, browser]) {
          expect(side.ed25519Verify(publicKey, message, signature)).toBe(true);
          expect(side.ed25519Verify(publicKey, message, flipped(signature, 40))).toBe(false);
        }
        const [ours, theirs] = [node.x25519KeyPair(seed), browser.x25519KeyPair(other)];
        expect(toHex(browser.x25519KeyPair(seed).publicKey)).toBe(toHex(ours.publicKey));
        const shared = ours.agree(theirs.publicKey) ?? bytes(1, 0);
        expect(toHex(shared)).toBe(toHex(theirs.agree(ours.publicKey) ?? bytes(1, 1)));
      }),
      { numRuns: 20 },
    );
  });

  it("make fresh keys and random bytes", () => {
    for (const side of [node, browser]) {
      const [left, right] = [side.x25519KeyPair(), side.x25519KeyPair()];
      expect(toHex(left.publicKey)).not.toBe(toHex(right.publicKey));
      expect(left.agree(right.publicKey)).toEqual(right.agree(left.publicKey));
      expect(side.randomBytes(20)).toHaveLength(20);
      expect(left.agree(new Uint8Array(32))).toBeUndefined();
      expect(left.agree(bytes(31, 0))).toBeUndefined();
    }
  });
});

const wycheproof = externalVectors("wycheproof");
(wycheproof === undefined ? describe.skip : describe)("Wycheproof", () => {
  const groups = (file: string) =>
    JSON.parse(readFileSync(path.join(wycheproof ?? "", file), "utf8")).testGroups;

  it("agrees about every Ed25519 signature", () => {
    for (const group of groups("ed25519_test.json")) {
      for (const test of group.tests) {
        for (const [name, side] of Object.entries({ node, browser })) {
          const [publicKey, message, signature] = [group.publicKey.pk, test.msg, test.sig].map(
            (hex: string) => new Uint8Array(Buffer.from(hex, "hex")),
          );
          const empty = bytes(0, 0);
          const verdict = side.ed25519Verify(publicKey ?? empty, message ?? empty, signature ?? empty);
          expect([name, test.tcId, verdict]).toEqual([name, test.tcId, test.result === "valid"]);
        }
      }
    }
  });

  it("agrees about every X25519 result, all-zero ones refused", () => {
    for (const group of groups("x25519_test.json")) {
      for (const test of group.tests) {
        const isZero = /^0*$/.test(test.shared);
        for (const [name, side] of Object.entries({ node, browser })) {
          const shared = side.x25519KeyPair(fromHex(test.private)).agree(fromHex(test.public));
          const expected = isZero ? undefined : test.shared;
          expect([name, test.tcId, shared && toHex(shared)]).toEqual([name, test.tcId, expected]);
        }
      }
    }
  });
});

const ehbp = externalVectors("tinfoil-ehbp/test-vectors");
(ehbp === undefined ? describe.skip : describe)("response key of EHBP", () => {
  it("derives the same key and base nonce", () => {
    const vector = JSON.parse(readFileSync(path.join(ehbp ?? "", "derive.json"), "utf8"));
    const derived = deriveResponseKey({
      secret: fromHex(vector.exportedSecret),
      enc: fromHex(vector.requestEnc),
      responseNonce: fromHex(vector.responseNonce),
    });
    expect(toHex(derived.key)).toBe(vector.derivedKey);
    expect(toHex(derived.nonceBase)).toBe(vector.derivedNonceBase);
  });
});
