import type { TupleItem } from "@ton/core";
import { z } from "zod";
import { badRequest } from "../../apiError";
import { base64 } from "../formats";
import { parseCell } from "../params";

/** One getter result in toncenter v2's old notation. Clients depend on its oddities. */
export function stackItem(item: TupleItem): unknown {
  switch (item.type) {
    case "int":
      return ["num", item.value < 0n ? `-0x${(-item.value).toString(16)}` : `0x${item.value.toString(16)}`];
    case "nan":
      return ["num", "(null)"];
    case "cell":
      return ["cell", { bytes: base64(item.cell.toBoc()) }];
    case "slice":
      return ["slice", { bytes: base64(item.cell.toBoc()) }];
    case "builder":
      return ["builder", { bytes: base64(item.cell.toBoc()) }];
    case "null":
      // v2 has no null of its own: it shows the empty list.
      return ["list", { "@type": "tvm.list", elements: [] }];
    case "tuple":
      return ["tuple", { "@type": "tvm.tuple", elements: item.items.map(tupleElement) }];
  }
}

function tupleElement(item: TupleItem): unknown {
  switch (item.type) {
    case "int":
      return {
        "@type": "tvm.stackEntryNumber",
        number: { "@type": "tvm.numberDecimal", number: item.value.toString() },
      };
    case "cell":
      return {
        "@type": "tvm.stackEntryCell",
        cell: { "@type": "tvm.cell", bytes: base64(item.cell.toBoc()) },
      };
    case "slice":
      return {
        "@type": "tvm.stackEntrySlice",
        slice: { "@type": "tvm.slice", bytes: base64(item.cell.toBoc()) },
      };
    case "null":
      return { "@type": "tvm.stackEntryList", list: { "@type": "tvm.list", elements: [] } };
    case "tuple":
      return {
        "@type": "tvm.stackEntryTuple",
        tuple: { "@type": "tvm.tuple", elements: item.items.map(tupleElement) },
      };
    case "nan":
    case "builder":
      return { "@type": "tvm.stackEntryUnsupported" };
  }
}

const entry = z.tuple([
  z.string(),
  z.union([z.string(), z.number(), z.object({ bytes: z.string() }).transform((cell) => cell.bytes)]),
]);

const stack = z.array(entry).max(255);

/** The arguments of a getter call. */
export function parseStack(raw: unknown): TupleItem[] {
  const parsed = stack.safeParse(raw ?? []);
  if (!parsed.success) {
    throw badRequest("Incorrect stack: every entry is a pair of type and value");
  }
  return parsed.data.map(([type, value]) => parseEntry(type, String(value)));
}

function parseEntry(type: string, value: string): TupleItem {
  switch (type) {
    case "num":
    case "int":
    case "number":
      return { type: "int", value: parseNumber(value) };
    case "cell":
    case "tvm.Cell":
      return { type: "cell", cell: parseCell(value) };
    case "slice":
    case "tvm.Slice":
      return { type: "slice", cell: parseCell(value) };
    case "builder":
    case "tvm.Builder":
      return { type: "builder", cell: parseCell(value) };
    default:
      throw badRequest("Incorrect stack: unknown entry type");
  }
}

/** Decimal or hexadecimal, either with a sign. */
export function parseNumber(text: string): bigint {
  const match = /^(-?)(\d{1,78}|0x[0-9a-fA-F]{1,64})$/.exec(text);
  if (match?.[2] === undefined) {
    throw badRequest("Incorrect stack: a number is expected");
  }
  const value = BigInt(match[2]);
  return match[1] === "-" ? -value : value;
}
