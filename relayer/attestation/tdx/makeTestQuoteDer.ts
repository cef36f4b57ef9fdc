// DER, as far as certificates made for tests and local networks need it.

export const DER = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  enumerated: 0x0a,
  utf8: 0x0c,
  printable: 0x13,
  utcTime: 0x17,
  sequence: 0x30,
  set: 0x31,
} as const;

/** One element: tag, length, contents one after the other. */
export function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  const length = content.length;
  if (length < 0x80) {
    return Buffer.concat([Buffer.from([tag, length]), content]);
  }
  const size = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

export const sequence = (...items: readonly Uint8Array[]): Buffer => der(DER.sequence, ...items);

/** A non-negative integer. */
export function derInteger(value: bigint | number): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
  const padded = (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
  return der(DER.integer, padded);
}

/** An object identifier from its dotted text. */
export function derOid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split(".").map(Number);
  const bytes = [40 * first + second, ...rest].flatMap((arc) => {
    const groups = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) {
      groups.unshift((left & 0x7f) | 0x80);
    }
    return groups;
  });
  return der(DER.oid, Buffer.from(bytes));
}

/** YYMMDDHHMMSSZ; years 1950 to 2049. */
export function derTime(unixSeconds: number): Buffer {
  const digits = new Date(unixSeconds * 1000).toISOString().replace(/[-:T]/g, "").slice(2, 14);
  return der(DER.utcTime, Buffer.from(`${digits}Z`));
}

export const derBits = (bytes: Uint8Array): Buffer => der(DER.bitString, Buffer.from([0]), bytes);
export const derOctets = (bytes: Uint8Array): Buffer => der(DER.octetString, bytes);
export const derTrue = der(DER.boolean, Buffer.from([0xff]));
