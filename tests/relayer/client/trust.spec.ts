import { checkWorker } from "../../../relayer/client/checkWorker";
import { createSecretBox } from "../../../relayer/client/secretBox";
import { fromBase64, toBase64, toHex, toRawAddress } from "../../../relayer/protocol";
import { type ClaimParts, claimOf, NOW, named } from "./support/claim";

const other = toHex(named("other"));

describe("checkWorker", () => {
  it("takes a sound worker, with the least of everything that limits it", () => {
    expect(checkWorker(claimOf())).toMatchObject({
      key: toHex(named("receipt")),
      contextLength: 4_096,
      expiresAt: NOW + 1_800,
      prices: { promptPrice: 2n, completionPrice: 8n },
    });
  });

  it.each<[string, ClaimParts]>([
    ["The chain knows no such worker of this provider.", { isAttested: false }],
    ["The bind statement has another HPKE key.", { served: { hpkePublicKey: other } }],
    ["The bind statement has another receipt key.", { bind: { receiptPublicKey: named("other") } }],
    ["The chain attests another HPKE key.", { attested: { hpkeKeyHash: other } }],
    ["The chain attests another model.", { bind: { modelHash: named("other") } }],
    ["The provider names another model hash.", { served: { modelHash: other } }],
    ["The bind statement is of another network.", { bind: { networkId: -239 } }],
    [
      "The bind statement names another AttestationRegistry.",
      { bind: { registry: toRawAddress(`0:${other}`) } },
    ],
    ["The bind statement names another provider.", { bind: { provider: toRawAddress(`0:${other}`) } }],
    ["The bind statement is not valid now.", { bind: { notBefore: NOW + 1 } }],
    ["The bind statement is not valid now.", { bind: { notAfter: NOW } }],
    ["The worker's attestation has ended.", { attested: { expiresAt: NOW } }],
    ["The worker was attested under an older policy.", { attested: { epoch: 2 } }],
    ["The network does not allow the worker's image.", { allowed: { images: new Map() } }],
    [
      "The network does not allow the worker's image.",
      { allowed: { images: new Map([[toHex(named("image")), NOW]]) } },
    ],
    ["The network does not allow the worker's model.", { allowed: { models: new Set() } }],
    ["The policy does not allow the worker's image.", { policy: { images: [other] } }],
    ["The policy does not allow this kind of TEE.", { bind: { tee: "development" } }],
    ["The policy does not know this model by that name and hash.", { policy: { models: { m: other } } }],
    ["The policy does not know this model by that name and hash.", { policy: { models: {} } }],
    ["The provider offers no price for the model.", { isOffered: false }],
    ["The provider's price is above the policy's limit.", { policy: { maxPriceNano: 7n } }],
  ])("refuses: %s", (reason, parts) => {
    expect(() => checkWorker(claimOf(parts))).toThrow(
      expect.objectContaining({ code: "ATTESTATION_REFUSED", message: reason }),
    );
  });

  it("takes a price at the policy's limit, and a second before the end of each date", () => {
    const parts: ClaimParts = {
      policy: { maxPriceNano: 8n, images: [toHex(named("image")).toUpperCase()] },
      bind: { notBefore: NOW, notAfter: NOW + 1 },
      attested: { expiresAt: NOW + 1 },
      allowed: { images: new Map([[toHex(named("image")), NOW + 1]]) },
    };
    expect(checkWorker(claimOf(parts)).expiresAt).toBe(NOW + 1);
  });
});

describe("a secret box", () => {
  const secret = named("secret");
  const box = createSecretBox(named("key"));
  const plain = createSecretBox(undefined);
  const refusal = expect.objectContaining({ code: "CONFIG_INVALID" });

  it("opens what it sealed, under that name, and never seals twice alike", () => {
    const sealed = box.seal("job", secret);
    expect(box.open("job", sealed)).toEqual(secret);
    expect(box.seal("job", secret)).not.toBe(sealed);
    expect(sealed).not.toContain(toBase64(secret));
    expect(plain.open("job", plain.seal("job", secret))).toEqual(secret);
  });

  it("opens nothing with another key, under another name, or of the other kind", () => {
    const sealed = box.seal("job", secret);
    expect(() => createSecretBox(named("other")).open("job", sealed)).toThrow(refusal);
    expect(() => box.open("another job", sealed)).toThrow(refusal);
    expect(() => plain.open("job", sealed)).toThrow(refusal);
    expect(() => box.open("job", plain.seal("job", secret))).toThrow(refusal);
  });

  it("opens what earlier keys sealed while they are given, with and without the name of the key", () => {
    const sealed = box.seal("job", secret);
    // As releases before keys had names wrote it.
    const unnamed = `v1:${sealed.slice(sealed.lastIndexOf(":") + 1)}`;
    const changed = createSecretBox(named("new"), [named("other"), named("key")]);
    expect([changed.open("job", sealed), changed.open("job", unnamed)]).toEqual([secret, secret]);
    expect(() => box.open("job", changed.seal("job", secret))).toThrow(refusal);
  });

  it("opens nothing that was changed in any byte, or cut", () => {
    const sealed = box.seal("job", secret);
    const head = sealed.slice(0, sealed.lastIndexOf(":") + 1);
    const bytes = fromBase64(sealed.slice(head.length));
    for (let i = 0; i < bytes.length; i += 1) {
      const changed = new Uint8Array(bytes);
      changed[i] = (changed[i] ?? 0) ^ 1;
      expect(() => box.open("job", `${head}${toBase64(changed)}`)).toThrow(refusal);
    }
    for (const length of [0, 11, 12, 27, bytes.length - 1]) {
      expect(() => box.open("job", `${head}${toBase64(bytes.subarray(0, length))}`)).toThrow(refusal);
    }
  });
});
