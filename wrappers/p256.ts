import { beginCell, type Cell } from "@ton/core";

// What `contracts/shared/p256.tact` wants beside a signature, computed from public data. Nothing here is trusted by the
// contract: wrong hints only fail.

const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const G = {
  x: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
  y: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
};
/** SHA-256 of 32 zero bytes: the digest that the instruction is asked about. */
const E0 = 0x66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925n;

/** A point of P-256 by its affine coordinates. */
export interface P256Point {
  readonly x: bigint;
  readonly y: bigint;
}

export interface P256Signature {
  readonly r: bigint;
  readonly s: bigint;
}

/** t, x(t·G), and the slope of the line through the key and t·G. */
export interface P256Hints {
  readonly t: bigint;
  readonly tx: bigint;
  readonly slope: bigint;
}

/** The 64 bytes of r ‖ s. Throws for any other length. */
export function decodeP256Signature(bytes: Uint8Array): P256Signature {
  const [r, s] = twoWords(bytes, "signature");
  return { r, s };
}

/** The 64 bytes of x ‖ y, not checked to be on the curve: the contract does that. Throws for any other length. */
export function decodeP256Point(bytes: Uint8Array): P256Point {
  const [x, y] = twoWords(bytes, "public key");
  return { x, y };
}

/** The cell that `p256Verify` takes. Throws for the signatures that it can never verify, see `p256Hints`. */
export function hintedSignature(digest: bigint, signature: P256Signature, key: P256Point): Cell {
  const hints = p256Hints(digest, signature.r, key);
  if (hints === undefined) {
    throw new Error("This signature cannot be verified by the key shift: the signer must sign again.");
  }
  return hintedCell(signature, hints);
}

export function hintedCell({ r, s }: P256Signature, { t, tx, slope }: P256Hints): Cell {
  return beginCell()
    .storeUint(r, 256)
    .storeUint(s, 256)
    .storeUint(t, 256)
    .storeRef(beginCell().storeUint(tx, 256).storeUint(slope, 256))
    .endCell();
}

/** Undefined where t·G is no point or the mirrored key, or r has no inverse: there are no hints then. */
export function p256Hints(digest: bigint, r: bigint, key: P256Point): P256Hints | undefined {
  if (modulo(r, N) === 0n) {
    return undefined;
  }
  const t = modulo((digest - E0) * inverse(r, N), N);
  const point = multiplyBase(t);
  if (point === undefined) {
    return undefined;
  }
  const slope = slopeThrough(point, key);
  return slope === undefined ? undefined : { t, tx: point.x, slope };
}

/** Of the chord, or of the tangent where both points are one; undefined for mirrored points. */
function slopeThrough(a: P256Point, b: P256Point): bigint | undefined {
  const run = modulo(a.x - b.x, P);
  if (run !== 0n) {
    return modulo((a.y - b.y) * inverse(run, P), P);
  }
  return a.y === b.y ? modulo((3n * a.x * a.x - 3n) * inverse(2n * a.y, P), P) : undefined;
}

/** k·G; undefined for the point at infinity. */
export function multiplyBase(k: bigint): P256Point | undefined {
  let sum: Jacobian = { x: 1n, y: 1n, z: 0n };
  for (const bit of modulo(k, N).toString(2)) {
    sum = double(sum);
    if (bit === "1") {
      sum = add(sum, G);
    }
  }
  if (sum.z === 0n) {
    return undefined;
  }
  const z = inverse(sum.z, P);
  return { x: modulo(sum.x * z * z, P), y: modulo(sum.y * z * z * z, P) };
}

/** x = X / Z², y = Y / Z³: no inversion at each step. */
interface Jacobian {
  readonly x: bigint;
  readonly y: bigint;
  readonly z: bigint;
}

function double({ x, y, z }: Jacobian): Jacobian {
  if (z === 0n || y === 0n) {
    return { x: 1n, y: 1n, z: 0n };
  }
  const z2 = (z * z) % P;
  const y2 = (y * y) % P;
  const s = (4n * x * y2) % P;
  const m = (3n * (x - z2) * (x + z2)) % P;
  const doubled = modulo(m * m - 2n * s, P);
  return {
    x: doubled,
    y: modulo(m * (s - doubled) - 8n * y2 * y2, P),
    z: (2n * y * z) % P,
  };
}

function add(a: Jacobian, b: P256Point): Jacobian {
  if (a.z === 0n) {
    return { x: b.x, y: b.y, z: 1n };
  }
  const z2 = (a.z * a.z) % P;
  const h = modulo(b.x * z2 - a.x, P);
  const rise = modulo(b.y * z2 * a.z - a.y, P);
  if (h === 0n) {
    return rise === 0n ? double(a) : { x: 1n, y: 1n, z: 0n };
  }
  const h2 = (h * h) % P;
  const h3 = (h2 * h) % P;
  const v = (a.x * h2) % P;
  const x = modulo(rise * rise - h3 - 2n * v, P);
  return { x, y: modulo(rise * (v - x) - a.y * h3, P), z: (a.z * h) % P };
}

function modulo(a: bigint, m: bigint): bigint {
  const rest = a % m;
  return rest < 0n ? rest + m : rest;
}

/** By Euclid's algorithm. Callers know that `a` is not 0 modulo `m`. */
function inverse(a: bigint, m: bigint): bigint {
  let [low, high] = [modulo(a, m), m];
  let [u, v] = [1n, 0n];
  while (low !== 1n) {
    const quotient = high / low;
    [high, low] = [low, high - quotient * low];
    [v, u] = [u, v - quotient * u];
  }
  return modulo(u, m);
}

function twoWords(bytes: Uint8Array, what: string): [bigint, bigint] {
  if (bytes.length !== 64) {
    throw new Error(`A P-256 ${what} has 64 bytes, not ${bytes.length}.`);
  }
  const hex = Buffer.from(bytes).toString("hex");
  return [BigInt(`0x${hex.slice(0, 64)}`), BigInt(`0x${hex.slice(64)}`)];
}
