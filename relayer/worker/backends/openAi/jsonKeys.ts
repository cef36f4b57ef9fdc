const SPACE = 0x20;
const COLON = 0x3a;

/** A key to look for in JSON bytes. */
export interface JsonKey {
  readonly quoted: Buffer;
}

export function jsonKey(name: string): JsonKey {
  return { quoted: Buffer.from(`"${name}"`) };
}

/**
 * Where the value of the first such key begins, or -1; the JSON is not parsed. The quotes of a key cannot occur inside a
 * string value, where they are escaped; a string that equals the name has no colon behind it.
 */
export function findValue(json: Buffer, key: JsonKey, from = 0): number {
  for (let at = json.indexOf(key.quoted, from); at >= 0; at = json.indexOf(key.quoted, at + 1)) {
    const colon = skipSpaces(json, at + key.quoted.length);
    if (json[colon] === COLON) {
      return skipSpaces(json, colon + 1);
    }
  }
  return -1;
}

function skipSpaces(json: Buffer, from: number): number {
  let at = from;
  while (json[at] === SPACE) {
    at += 1;
  }
  return at;
}
