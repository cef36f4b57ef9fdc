import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from "node:crypto";
import { readFileSync } from "node:fs";
import {
  decodeP256Point,
  decodeP256Signature,
  hintedCell,
  hintedSignature,
  multiplyBase,
  type P256Hints,
  type P256Point,
  type P256Signature,
  p256Hints,
} from "../../../wrappers/p256";
import { externalVectors } from "../../relayer/protocol/fixtures";
import { createWorld, type World } from "../../support/world";

const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
const GX = 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n;
const WORD = 1n << 256n;
const E = [0, 1, 2].map((i) => sha256(Buffer.from(i.toString(16).padStart(64, "0"), "hex")));
const [E0 = 0n, E1 = 0n, E2 = 0n] = E;

let world: World;
beforeAll(async () => {
  world = await createWorld();
});

function sha256(bytes: Uint8Array): bigint {
  return BigInt(`0x${createHash("sha256").update(bytes).digest("hex")}`);
}

const mod = (a: bigint, m: bigint) => ((a % m) + m) % m;

function inverse(a: bigint, m: bigint): bigint {
  let [result, base] = [1n, mod(a, m)];
  for (let power = m - 2n; power > 0n; power >>= 1n) {
    result = power & 1n ? (result * base) % m : result;
    base = (base * base) % m;
  }
  return result;
}

interface Claim {
  readonly digest: bigint;
  readonly signature: P256Signature;
  readonly key: P256Point;
}

/** What the contract says; an exception says no more than `false`. */
async function accepts({ digest, signature, key }: Claim, hints: P256Hints): Promise<boolean> {
  try {
    return await world.attestation.getVerifiesP256(digest, hintedCell(signature, hints), key.x, key.y);
  } catch {
    return false;
  }
}

/** Every hint that a forger has reason to try: the honest ones, their aliases, the wrong points that one proof lets pass. */
function attempts({ digest, signature, key }: Claim): P256Hints[] {
  const honest = p256Hints(digest, signature.r, key);
  if (honest === undefined) {
    return [
      { t: 0n, tx: GX, slope: 1n },
      { t: mod(digest - E0, N), tx: key.x % WORD, slope: 5n },
    ];
  }
  const { t } = honest;
  const wrongT = [-t, -t - 2n * E1 * inverse(GX, N), -t - 2n * E2 * inverse(GX, N)].flatMap((other) => {
    const point = multiplyBase(other);
    const dx = point === undefined ? 0n : mod(point.x - key.x, P);
    return point === undefined || dx === 0n
      ? []
      : [{ t, tx: point.x, slope: mod((point.y - key.y) * inverse(dx, P), P) }];
  });
  const aliases = [
    { ...honest, t: t + N },
    { ...honest, slope: honest.slope + P },
    { ...honest, tx: honest.tx + P },
    { ...honest, tx: key.x, slope: 7n },
    { ...honest, slope: mod(-honest.slope, P) },
  ].filter((hints) => Object.values(hints).every((word) => word < WORD));
  return [honest, ...aliases, ...wrongT];
}

async function acceptsAny(claim: Claim): Promise<boolean> {
  for (const hints of attempts(claim)) {
    if (await accepts(claim, hints)) {
      return true;
    }
  }
  return false;
}

function pointOf(key: KeyObject): P256Point {
  const { x = "", y = "" } = key.export({ format: "jwk" });
  return decodeP256Point(Buffer.concat([Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]));
}

function signed(message: Uint8Array) {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const bytes = sign("sha256", message, { key: privateKey, dsaEncoding: "ieee-p1363" });
  const claim: Claim = {
    digest: sha256(message),
    signature: decodeP256Signature(bytes),
    key: pointOf(publicKey),
  };
  return claim;
}

/** Signs a digest of any origin with a secret and nonce of the test's choice. */
function signDigest(digest: bigint, secret: bigint, nonce: bigint): Claim {
  const key = multiplyBase(secret);
  const point = multiplyBase(nonce);
  if (key === undefined || point === undefined) {
    throw new Error("Neither the secret nor the nonce may be 0.");
  }
  const r = mod(point.x, N);
  return { digest, key, signature: { r, s: mod((digest + r * secret) * inverse(nonce, N), N) } };
}

interface WycheproofGroup {
  readonly publicKeyDer: string;
  readonly tests: readonly { tcId: number; msg: string; sig: string; result: string }[];
}

const vectors = externalVectors("wycheproof/ecdsa_secp256r1_sha256_p1363_test.json");
(vectors === undefined ? describe.skip : describe)("P-256 on chain and Wycheproof", () => {
  it("agree about every signature of 64 bytes, whichever hints are sent", async () => {
    const { testGroups }: { testGroups: WycheproofGroup[] } = JSON.parse(readFileSync(vectors ?? "", "utf8"));
    const counted = { valid: 0, invalid: 0, otherLength: 0 };
    const disagreeing: number[] = [];
    for (const group of testGroups) {
      const key = pointOf(
        createPublicKey({ key: Buffer.from(group.publicKeyDer, "hex"), format: "der", type: "spki" }),
      );
      for (const { tcId, msg, sig, result } of group.tests) {
        const bytes = Buffer.from(sig, "hex");
        if (bytes.length !== 64) {
          counted.otherLength += 1;
          expect(() => decodeP256Signature(bytes)).toThrow("64 bytes");
          continue;
        }
        const signature = decodeP256Signature(bytes);
        const said = await acceptsAny({ digest: sha256(Buffer.from(msg, "hex")), signature, key });
        counted[said ? "valid" : "invalid"] += 1;
        if (said !== (result === "valid")) {
          disagreeing.push(tcId);
        }
      }
    }
    expect(disagreeing).toEqual([]);
    expect(counted).toEqual({ valid: 173, invalid: 68, otherLength: 21 });
  });
});

describe("P-256 on chain", () => {
  it("accepts what OpenSSL signs, and nothing that differs from it by one bit", async () => {
    for (let round = 0; round < 5; round++) {
      const claim = signed(randomBytes(round * 50));
      expect(await accepts(claim, attempts(claim)[0] ?? { t: 0n, tx: 0n, slope: 0n })).toBe(true);
      const bit = 1n << BigInt(randomBytes(1)[0] ?? 0);
      const { signature, key } = claim;
      const altered: Claim[] = [
        { ...claim, digest: claim.digest ^ bit },
        { ...claim, signature: { ...signature, r: signature.r ^ bit } },
        { ...claim, signature: { ...signature, s: signature.s ^ bit } },
        { ...claim, key: { ...key, x: key.x ^ bit } },
        { ...claim, key: { ...key, y: key.y ^ bit } },
        { ...claim, key: { ...key, y: P - key.y } },
      ];
      for (const other of altered) {
        expect(await acceptsAny(other)).toBe(false);
      }
    }
  });

  it("accepts (r, n - s) like any ECDSA: a signature's hash identifies nothing", async () => {
    const claim = signed(randomBytes(40));
    const twin = { ...claim, signature: { ...claim.signature, s: N - claim.signature.s } };
    expect(await acceptsAny(twin)).toBe(true);
  });

  it("refuses a valid signature with spoiled hints: false proves nothing", async () => {
    const claim = signed(randomBytes(40));
    const honest = p256Hints(claim.digest, claim.signature.r, claim.key);
    if (honest === undefined) {
      throw new Error("A random signature has hints.");
    }
    const { t, tx, slope } = honest;
    expect(await accepts(claim, { t, tx, slope })).toBe(true);
    for (const spoiled of [{ t: t ^ 1n }, { tx: tx ^ 1n }, { slope: slope ^ 1n }]) {
      expect(await accepts(claim, { t, tx, slope, ...spoiled })).toBe(false);
    }
  });

  it.each([0n, 1n, N - 1n, N, N + 5n, WORD - 1n])("takes any digest word, as %p", async (digest) => {
    expect(await acceptsAny(signDigest(digest, 0x1234n, 0x5678n))).toBe(true);
  });

  it.each([
    ["G", 1n],
    ["-G", N - 1n],
    ["2G", 2n],
  ])("accepts the key %s", async (_name, secret) => {
    const claim = signDigest(sha256(Buffer.from("a message")), secret, 0x9abcn);
    expect(await acceptsAny(claim)).toBe(true);
    expect(await acceptsAny({ ...claim, digest: claim.digest + 1n })).toBe(false);
  });

  it.each([
    ["r = 0", { r: 0n }],
    ["s = 0", { s: 0n }],
    ["r = n", { r: N }],
    ["s = n", { s: N }],
    ["r = 2^256 - 1", { r: WORD - 1n }],
    ["s = 2^256 - 1", { s: WORD - 1n }],
  ])("refuses %s", async (_name, change) => {
    const claim = signDigest(E0, 0x1234n, 0x5678n);
    expect(await acceptsAny({ ...claim, signature: { ...claim.signature, ...change } })).toBe(false);
  });
});

describe("P-256 on chain never verifies", () => {
  const secret = 0x1234_5678n;
  /** A signature whose t is the given one: the signer chose the digest for it. */
  const withT = (t: bigint) => {
    const nonce = 0xabcdefn;
    const r = mod(multiplyBase(nonce)?.x ?? 0n, N);
    return signDigest(mod(r * t + E0, N), secret, nonce);
  };
  it.each([
    ["t = 0, which belongs to the digest of 32 zero bytes", 0n],
    ["t·G equal to the mirrored key", N - secret],
    ["a first proof with s = 0", mod(-E1 * inverse(GX, N), N)],
    ["a second proof with s = 0", mod(-E2 * inverse(GX, N), N)],
  ])("a signature with %s", async (_name, t) => {
    expect(await acceptsAny(withT(t))).toBe(false);
    expect(await acceptsAny(withT(mod(t + 1n, N)))).toBe(true);
  });

  it("and the hints of the first two do not exist", () => {
    for (const t of [0n, N - secret]) {
      const { digest, signature, key } = withT(t);
      expect(p256Hints(digest, signature.r, key)).toBeUndefined();
      expect(() => hintedSignature(digest, signature, key)).toThrow("sign again");
    }
  });
});

describe("P-256 on chain and t·G equal to the key", () => {
  it("takes the tangent for the line through both", async () => {
    const secret = 0x1234_5678n;
    const nonce = 0xabcdefn;
    const r = mod(multiplyBase(nonce)?.x ?? 0n, N);
    const claim = signDigest(mod(r * secret + E0, N), secret, nonce);
    const hints = p256Hints(claim.digest, claim.signature.r, claim.key);
    if (hints === undefined) {
      throw new Error("There is a tangent.");
    }
    expect(hints.tx).toBe(claim.key.x);
    expect(await accepts(claim, hints)).toBe(true);
    for (const slope of [0n, hints.slope ^ 1n, P - hints.slope]) {
      expect(await accepts(claim, { ...hints, slope })).toBe(false);
    }
  });
});

describe("P-256 on chain and a key that is none", () => {
  /** Without the check on the key this verifies: K' = -t·G, whose logarithm the forger knows. No private key is used. */
  function forgeOffCurve(digest: bigint): { claim: Claim; hints: P256Hints } {
    const nonce = 1n + mod(sha256(randomBytes(32)), N - 1n);
    const r = mod(multiplyBase(nonce)?.x ?? 0n, N);
    const t = mod((digest - E0) * inverse(r, N), N);
    const point = multiplyBase(t) ?? { x: 0n, y: 0n };
    const slope = mod(sha256(randomBytes(32)), P);
    const x = mod(slope * slope - 2n * point.x, P);
    const y = mod(point.y - slope * (point.x - x), P);
    const s = mod((E0 - r * t) * inverse(nonce, N), N);
    return { claim: { digest, signature: { r, s }, key: { x, y } }, hints: { t, tx: point.x, slope } };
  }

  it("refuses the forgery with a key off the curve", async () => {
    for (let round = 0; round < 8; round++) {
      const { claim, hints } = forgeOffCurve(sha256(randomBytes(20)));
      expect(mod(claim.key.y ** 2n - claim.key.x ** 3n + 3n * claim.key.x - B, P)).not.toBe(0n);
      expect(await accepts(claim, hints)).toBe(false);
    }
  });

  it("refuses a coordinate that is not below p, though it names the same point", async () => {
    // x = 5 is on the curve, and 5 + p still fits the word; nobody knows a secret for it, so r·Q is what cancels.
    const y = squareRoot(mod(125n - 15n + B, P));
    const nonce = 0x777n;
    const point = { x: 5n, y };
    // e + r·q is unknown; a signature under Q for any digest is made from u·G + v·Q with v ≠ 0.
    const claim = existential(point, nonce, 0x333n);
    expect(await acceptsAny(claim)).toBe(true);
    expect(await acceptsAny({ ...claim, key: { x: 5n + P, y } })).toBe(false);
  });

  it("refuses zero for a key", async () => {
    expect(await acceptsAny({ ...signDigest(7n, 2n, 3n), key: { x: 0n, y: 0n } })).toBe(false);
  });
});

/** y with y² = a mod p; p is 3 modulo 4. */
function squareRoot(a: bigint): bigint {
  let [root, base] = [1n, a];
  for (let power = (P + 1n) / 4n; power > 0n; power >>= 1n) {
    root = power & 1n ? (root * base) % P : root;
    base = (base * base) % P;
  }
  if (mod(root * root - a, P) !== 0n) {
    throw new Error("Not a square.");
  }
  return root;
}

/** The textbook forgery of a digest that the forger may not choose: R = u·G + v·Q, s = r/v, e = u·s. */
function existential(key: P256Point, u: bigint, v: bigint): Claim {
  const r = mod(addPoints(multiplyBase(u), multiplyPoint(key, v)).x, N);
  const s = mod(r * inverse(v, N), N);
  return { digest: mod(u * s, N), signature: { r, s }, key };
}

function multiplyPoint(point: P256Point, k: bigint): P256Point {
  let sum: P256Point | undefined;
  for (const bit of k.toString(2)) {
    sum = sum === undefined ? undefined : addPoints(sum, sum);
    if (bit === "1") {
      sum = sum === undefined ? point : addPoints(sum, point);
    }
  }
  return sum ?? point;
}

function addPoints(a: P256Point | undefined, b: P256Point): P256Point {
  if (a === undefined) {
    return b;
  }
  const slope =
    a.x === b.x
      ? mod((3n * a.x * a.x - 3n) * inverse(2n * a.y, P), P)
      : mod((b.y - a.y) * inverse(b.x - a.x, P), P);
  const x = mod(slope * slope - a.x - b.x, P);
  return { x, y: mod(slope * (a.x - x) - a.y, P) };
}
