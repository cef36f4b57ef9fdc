// The formulas of `contracts/shared/p256.tact`, step by step, over fields so small that every key, digest, signature and
// hint there is can be tried. Words run beyond the prime, as they do on chain.

interface Curve {
  readonly p: number;
  readonly n: number;
  readonly b: number;
  readonly word: number;
  /** G, 2G, ... by their scalar; index 0 is unused. */
  readonly multiples: readonly Point[];
  /** What stands for SHA-256 of 0, 1 and 2. */
  readonly e: readonly [number, number, number];
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** The checks of the contract that a mutant leaves out. */
type Check = "key" | "curve" | "first proof" | "second proof" | "relation";
const CHECKS: readonly Check[] = ["key", "curve", "first proof", "second proof", "relation"];

const mod = (a: number, m: number) => ((a % m) + m) % m;

function inverse(a: number, m: number): number {
  for (let b = 1; b < m; b++) {
    if (mod(a * b, m) === 1) {
      return b;
    }
  }
  throw new Error("no inverse");
}

/** undefined is the point at infinity. */
function add(p: number, a: Point | undefined, b: Point | undefined): Point | undefined {
  if (a === undefined || b === undefined) {
    return a ?? b;
  }
  if (a.x === b.x && mod(a.y + b.y, p) === 0) {
    return undefined;
  }
  const slope =
    a.x === b.x ? (3 * a.x * a.x - 3) * inverse(2 * a.y, p) : (b.y - a.y) * inverse(mod(b.x - a.x, p), p);
  const x = mod(slope * slope - a.x - b.x, p);
  return { x, y: mod(slope * (a.x - x) - a.y, p) };
}

/** The first curve y² = x³ - 3x + b over the field with what the proof uses: n prime and below p, x(G) < n ≤ p < x(G) + n, constants apart. */
function makeCurve(p: number, word: number, e: readonly [number, number, number]): Curve {
  for (let b = 1; b < p; b++) {
    for (let x = 0; x < p; x++) {
      for (let y = 1; y < p; y++) {
        const multiples = onCurve(p, b, x, y) ? multiplesOf(p, { x, y }) : [];
        const n = multiples.length;
        if (
          isPrime(n) &&
          n < p &&
          x > 0 &&
          x < n &&
          x + n >= p &&
          new Set(e.map((word) => word % n)).size === 3
        ) {
          return { p, n, b, word, multiples, e };
        }
      }
    }
  }
  throw new Error(`No fitting curve over the field of ${p}.`);
}

const onCurve = (p: number, b: number, x: number, y: number) => mod(y * y - x * x * x + 3 * x - b, p) === 0;
const isPrime = (n: number) => n > 2 && Array.from({ length: n - 2 }, (_, i) => n % (i + 2)).every(Boolean);

function multiplesOf(p: number, base: Point): Point[] {
  const multiples: Point[] = [base]; // index 0 is overwritten by nobody: scalars start at 1
  for (let point: Point | undefined = base; point !== undefined; point = add(p, point, base)) {
    multiples.push(point);
  }
  return multiples;
}

/** s·R = e·G + r·K has x(R) = r; the key by its scalar, undefined for one that cannot be decompressed. */
function ecdsa({ n, multiples }: Curve, e: number, r: number, s: number, key: number | undefined): boolean {
  if (key === undefined || r < 1 || r >= n || s < 1 || s >= n) {
    return false;
  }
  const scalar = mod((e + r * key) * inverse(s, n), n);
  return scalar !== 0 && mod(multiples[scalar]?.x ?? -1, n) === r;
}

/** The scalar of the point that the prefix and x decompress to. */
function decompress({ multiples }: Curve, x: number, y: number): number | undefined {
  const found = multiples.findIndex((point, k) => k > 0 && point.x === x && point.y % 2 === y % 2);
  return found < 0 ? undefined : found;
}

/** Steps 2 to 4: the key that the last step is asked about; undefined where the contract returns false. */
function shiftedKey(
  curve: Curve,
  q: Point,
  hints: { readonly t: number; readonly tx: number; readonly slope: number },
  without: Check | undefined,
): { readonly key: number | undefined } | undefined {
  const { p, n, b, multiples, e } = curve;
  const { t, tx, slope } = hints;
  if (without !== "key" && (q.x >= p || q.y >= p || !onCurve(p, b, q.x, q.y))) {
    return undefined;
  }
  const ty = mod(slope * (tx - q.x) + q.y, p);
  const rise = slope * (ty + q.y) - tx * (tx + q.x) - (q.x * q.x - 3);
  if (without !== "curve" && mod(rise, p) !== 0) {
    return undefined;
  }
  const gx = multiples[1]?.x ?? 0;
  const point = decompress(curve, tx, ty);
  if (without !== "first proof" && !ecdsa(curve, e[1], gx, mod(t * gx + e[1], n), point)) {
    return undefined;
  }
  if (without !== "second proof" && !ecdsa(curve, e[2], gx, mod(t * gx + e[2], n), point)) {
    return undefined;
  }
  const kx = mod(mod(slope * slope - q.x, p) - tx, p);
  return { key: decompress(curve, kx, mod(slope * (q.x - kx) - q.y, p)) };
}

interface Tally {
  falseAccepts: number;
  validRefused: number;
  unexplained: number;
  valid: number;
}

/** Every digest and signature under one key, against every hint. */
function tryKey(curve: Curve, q: Point, without?: Check): Tally {
  const { n, word, e, multiples, p } = curve;
  const canonical = q.x < p && q.y < p;
  const secret = canonical ? multiples.findIndex((at, k) => k > 0 && at.x === q.x && at.y === q.y) : -1;
  // The steps in the middle read neither the digest nor the signature: what they let through is found once.
  const reachable: Set<number>[] = [];
  for (let t = 0; t < word; t++) {
    const keys = new Set<number>();
    for (let tx = 0; tx < word; tx++) {
      for (let slope = 0; slope < word; slope++) {
        const shifted = shiftedKey(curve, q, { t, tx, slope }, without);
        if (shifted?.key !== undefined) {
          keys.add(shifted.key);
        }
      }
    }
    reachable.push(keys);
  }
  const gx = multiples[1]?.x ?? 0;
  const refusable = new Set([0, mod(-secret, n), ...[e[1], e[2]].map((ei) => mod(-ei * inverse(gx, n), n))]);
  const last = Array.from({ length: n }, (_, key) =>
    Array.from({ length: word }, (_r, r) =>
      Array.from({ length: word }, (_s, s) => key > 0 && ecdsa(curve, e[0], r, s, key)),
    ),
  );
  const tally: Tally = { falseAccepts: 0, validRefused: 0, unexplained: 0, valid: 0 };
  for (let digest = 0; digest < word; digest++) {
    for (let r = 0; r < word; r++) {
      const keys = new Set<number>();
      reachable.forEach((found, t) => {
        if (without === "relation" || mod(r * t + e[0] - digest, n) === 0) {
          for (const key of found) {
            keys.add(key);
          }
        }
      });
      for (let s = 0; s < word; s++) {
        const valid = secret > 0 && ecdsa(curve, mod(digest, n), r, s, secret);
        const accepted = [...keys].some((key) => last[key]?.[r]?.[s]);
        tally.valid += valid ? 1 : 0;
        tally.falseAccepts += accepted && !valid ? 1 : 0;
        if (valid && !accepted) {
          tally.validRefused += 1;
          const t = mod((digest - e[0]) * inverse(r, n), n);
          tally.unexplained += refusable.has(t) ? 0 : 1;
        }
      }
    }
  }
  return tally;
}

function tryAllKeys(curve: Curve, without?: Check): Tally {
  const total: Tally = { falseAccepts: 0, validRefused: 0, unexplained: 0, valid: 0 };
  // Off the curve there are so many keys that a few are enough to see a forgery.
  const widest = without === "key" ? 2 : curve.word;
  for (let x = 0; x < widest; x++) {
    for (let y = 0; y < curve.word; y++) {
      // Off the curve the first check ends it; only a mutant without it goes on.
      if (without === "key" || (x < curve.p && y < curve.p && onCurve(curve.p, curve.b, x, y))) {
        const tally = tryKey(curve, { x, y }, without);
        total.falseAccepts += tally.falseAccepts;
        total.validRefused += tally.validRefused;
        total.unexplained += tally.unexplained;
        total.valid += tally.valid;
      }
    }
  }
  return total;
}

const SMALL = makeCurve(23, 32, [7, 11, 5]);

describe("P-256's formulas on toy curves", () => {
  it.each([
    ["23", SMALL],
    ["23, other constants", makeCurve(23, 32, [1, 12, 8])],
    ["31", makeCurve(31, 32, [5, 9, 17])],
  ])(
    "accept exactly ECDSA over the field of %s, for every key, digest, signature and hint",
    (_name, curve) => {
      const { falseAccepts, unexplained, validRefused, valid } = tryAllKeys(curve);
      expect(curve.n).toBeGreaterThan(curve.p / 2);
      expect({ falseAccepts, unexplained }).toEqual({ falseAccepts: 0, unexplained: 0 });
      // The four scalars that cannot be verified are all that is refused.
      expect(validRefused).toBeGreaterThan(0);
      expect(valid).toBeGreaterThan(validRefused);
    },
  );

  it.each(CHECKS)("need the check named %s: without it something forged passes", (check) => {
    expect(tryAllKeys(SMALL, check).falseAccepts).toBeGreaterThan(0);
  });
});
