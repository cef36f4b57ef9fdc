import { FinalError } from "../../errors";

/** The tags that certificates, CRLs and signatures are made of here. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  version: 0xa0,
  extensions: 0xa3,
} as const;

/** One DER value. `raw` is the whole of it, `value` what follows tag and length; both are views. */
export interface DerNode {
  readonly tag: number;
  readonly raw: Buffer;
  readonly value: Buffer;
}

/** The value that starts at `at`. Throws `ATTESTATION_REFUSED` for anything that is not definite-length DER. */
export function readDer(bytes: Buffer, at = 0): DerNode {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined) {
    throw malformed();
  }
  let start = at + 2;
  let length = first;
  if (first >= 0x80) {
    const count = first - 0x80;
    // No structure read here comes near 16 MB, and DER forbids the indefinite form and a length longer than needed.
    if (count < 1 || count > 3 || start + count > bytes.length) {
      throw malformed();
    }
    length = bytes.readUIntBE(start, count);
    if (length < 0x80 || length < 2 ** (8 * (count - 1))) {
      throw malformed();
    }
    start += count;
  }
  const end = start + length;
  if (end > bytes.length) {
    throw malformed();
  }
  return { tag, raw: bytes.subarray(at, end), value: bytes.subarray(start, end) };
}

/** The one value that fills `bytes`; throws when something follows it or its tag is another. */
export function readWhole(bytes: Buffer, tag: number): DerNode {
  const node = readDer(bytes);
  if (node.raw.length !== bytes.length || node.tag !== tag) {
    throw malformed();
  }
  return node;
}

/** The values inside a constructed value. */
export function childrenOf(node: Pick<DerNode, "value">): DerNode[] {
  const children: DerNode[] = [];
  for (let at = 0; at < node.value.length; ) {
    const child = readDer(node.value, at);
    children.push(child);
    at += child.raw.length;
  }
  return children;
}

/** Walks over a list of values in order: `take` demands a tag, `takeIf` answers undefined for another. */
export function createCursor(nodes: readonly DerNode[]) {
  let at = 0;
  const takeIf = (...tags: readonly number[]): DerNode | undefined => {
    const node = nodes[at];
    if (node === undefined || !tags.includes(node.tag)) {
      return undefined;
    }
    at += 1;
    return node;
  };
  return {
    takeIf,
    take(...tags: readonly number[]): DerNode {
      const node = takeIf(...tags);
      if (node === undefined) {
        throw malformed();
      }
      return node;
    },
    end(): void {
      if (at !== nodes.length) {
        throw malformed();
      }
    },
  };
}

/** `1.2.840…` of an object identifier. */
export function oidText(node: DerNode): string {
  const first = node.value[0];
  if (node.tag !== TAG.oid || first === undefined) {
    throw malformed();
  }
  const parts = [Math.min(2, Math.floor(first / 40))];
  parts.push(first - 40 * (parts[0] ?? 0));
  let number = 0;
  for (const byte of node.value.subarray(1)) {
    number = number * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      parts.push(number);
      number = 0;
    }
  }
  return parts.join(".");
}

/** Unix seconds of a UTCTime or GeneralizedTime, both in Zulu as RFC 5280 demands. */
export function derTime(node: DerNode): number {
  const text = node.value.toString("latin1");
  const isShort = node.tag === TAG.utcTime;
  if (!(isShort ? /^\d{12}Z$/ : /^\d{14}Z$/).test(text)) {
    throw malformed();
  }
  const century = Number(text.slice(0, 2)) < 50 ? "20" : "19";
  const digits = isShort ? `${century}${text}` : text;
  const part = (from: number, to: number): number => Number(digits.slice(from, to));
  return Date.UTC(part(0, 4), part(4, 6) - 1, part(6, 8), part(8, 10), part(10, 12), part(12, 14)) / 1000;
}

/** Lower-case hex of a non-negative integer, without leading zero bytes. */
export function integerHex(node: DerNode): string {
  if (node.tag !== TAG.integer || node.value.length === 0) {
    throw malformed();
  }
  const start = node.value.length > 1 && node.value[0] === 0 ? 1 : 0;
  return node.value.toString("hex", start);
}

/** An integer of at most four bytes. */
export function smallInteger(node: DerNode): number {
  const hex = integerHex(node);
  if (hex.length > 8) {
    throw malformed();
  }
  return Number.parseInt(hex, 16);
}

/** A bit string's bytes; only whole bytes are used here. */
export function bitStringBytes(node: DerNode): Buffer {
  if (node.tag !== TAG.bitString || node.value[0] !== 0) {
    throw malformed();
  }
  return node.value.subarray(1);
}

function malformed(): FinalError {
  return new FinalError("ATTESTATION_REFUSED", "A certificate or list is not well-formed DER.");
}
