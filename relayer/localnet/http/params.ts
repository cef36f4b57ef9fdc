import { Address, Cell } from "@ton/core";
import { badRequest } from "../apiError";

/** The parameters of one request, read one by one; a wrong one is refused by name. */
export interface Params {
  has(name: string): boolean;
  raw(name: string): unknown;
  text(name: string): string;
  textOr(name: string, otherwise: string): string;
  integer(name: string): number;
  integerOr(name: string, otherwise: number): number;
  /** A logical time or amount: a decimal string or a safe number. */
  bigint(name: string): bigint;
  booleanOr(name: string, otherwise: boolean): boolean;
  address(name: string): Address;
  /** Repeated or comma-separated values. */
  list(name: string): readonly string[];
  cell(name: string): Cell;
  /** A hash in hex, base64 or base64url. */
  hash(name: string): Buffer;
}

export function createParams(values: Readonly<Record<string, unknown>>): Params {
  const raw = (name: string): unknown => (Object.hasOwn(values, name) ? values[name] : undefined);
  const has = (name: string): boolean => raw(name) !== undefined && raw(name) !== null && raw(name) !== "";
  const text = (name: string): string => {
    const value = raw(name);
    if (typeof value === "string") {
      return value;
    }
    if (typeof value === "number" || typeof value === "boolean") {
      return String(value);
    }
    throw badRequest(`Parameter ${name} is required`);
  };
  const bigint = (name: string): bigint => {
    const digits = text(name);
    if (!/^-?\d{1,78}$/.test(digits)) {
      throw badRequest(`Parameter ${name} must be an integer`);
    }
    return BigInt(digits);
  };
  const integer = (name: string): number => {
    const value = Number(bigint(name));
    if (!Number.isSafeInteger(value)) {
      throw badRequest(`Parameter ${name} is too large`);
    }
    return value;
  };
  return {
    has,
    raw,
    text,
    textOr: (name, otherwise) => (has(name) ? text(name) : otherwise),
    integer,
    integerOr: (name, otherwise) => (has(name) ? integer(name) : otherwise),
    bigint,
    booleanOr: (name, otherwise) => (has(name) ? text(name) === "true" : otherwise),
    address: (name) => parseAddress(text(name)),
    list: (name) => {
      const value = raw(name);
      const values = Array.isArray(value) ? value : has(name) ? [text(name)] : [];
      return values.flatMap((part) => String(part).split(",")).filter((part) => part !== "");
    },
    cell: (name) => parseCell(text(name)),
    hash: (name) => parseHash(text(name)),
  };
}

export function parseAddress(text: string): Address {
  try {
    return Address.parse(text);
  } catch {
    throw badRequest("Incorrect address");
  }
}

export function parseCell(base64: string): Cell {
  try {
    return Cell.fromBase64(base64);
  } catch {
    throw badRequest("Incorrect BoC");
  }
}

export function parseHash(text: string): Buffer {
  const bytes = /^[0-9a-fA-F]{64}$/.test(text) ? Buffer.from(text, "hex") : Buffer.from(text, "base64url");
  if (bytes.length !== 32) {
    throw badRequest("Incorrect hash");
  }
  return bytes;
}
