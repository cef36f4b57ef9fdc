import { Cell, type TupleItem } from "@ton/core";
import { z } from "zod";
import { FinalError } from "../../errors";

/** Arguments of a getter in toncenter's v2 form, which knows numbers, cells and slices only. */
export function encodeStack(items: readonly TupleItem[]): readonly (readonly [string, string])[] {
  return items.map((item) => {
    switch (item.type) {
      case "int":
        return ["num", item.value.toString()] as const;
      case "cell":
        return ["tvm.Cell", item.cell.toBoc().toString("base64")] as const;
      case "slice":
        return ["tvm.Slice", item.cell.toBoc().toString("base64")] as const;
      default:
        throw new FinalError(
          "BAD_REQUEST",
          `toncenter v2 cannot take a getter argument of type ${item.type}.`,
        );
    }
  });
}

const bytesSchema = z.object({ bytes: z.string() });
const elementsSchema = z.object({ elements: z.array(z.unknown()) });
const topSchema = z.tuple([z.string(), z.unknown()]);
const nestedSchema = z.union([
  z.object({ "@type": z.literal("tvm.stackEntryNumber"), number: z.object({ number: z.string() }) }),
  z.object({ "@type": z.literal("tvm.stackEntryCell"), cell: bytesSchema }),
  z.object({ "@type": z.literal("tvm.stackEntrySlice"), slice: bytesSchema }),
  z.object({ "@type": z.literal("tvm.stackEntryTuple"), tuple: elementsSchema }),
  z.object({ "@type": z.literal("tvm.stackEntryList"), list: elementsSchema }),
]);

/** A getter's stack as tuple items. Nested tuples keep their types, which optional structs need. */
export function decodeStack(stack: readonly unknown[]): TupleItem[] {
  return stack.map(decodeTop);
}

function decodeTop(entry: unknown): TupleItem {
  const [type, value] = topSchema.parse(entry);
  switch (type) {
    case "num":
      return decodeNumber(z.string().parse(value));
    case "cell":
      return { type: "cell", cell: cellOf(value) };
    case "slice":
      return { type: "slice", cell: cellOf(value) };
    case "builder":
      return { type: "builder", cell: cellOf(value) };
    case "tuple":
      return { type: "tuple", items: elementsSchema.parse(value).elements.map(decodeNested) };
    case "list":
      return listOf(elementsSchema.parse(value).elements);
    case "null":
      return { type: "null" };
    default:
      throw new FinalError("CHAIN_REJECTED", `A getter answered a stack entry of unknown type ${type}.`);
  }
}

function decodeNested(entry: unknown): TupleItem {
  const nested = nestedSchema.parse(entry);
  switch (nested["@type"]) {
    case "tvm.stackEntryNumber":
      return decodeNumber(nested.number.number);
    case "tvm.stackEntryCell":
      return { type: "cell", cell: cellOf(nested.cell) };
    case "tvm.stackEntrySlice":
      return { type: "slice", cell: cellOf(nested.slice) };
    case "tvm.stackEntryTuple":
      return { type: "tuple", items: nested.tuple.elements.map(decodeNested) };
    case "tvm.stackEntryList":
      return listOf(nested.list.elements);
  }
}

/** toncenter writes null as the empty list; a longer list is TVM's chain of pairs. */
function listOf(elements: readonly unknown[]): TupleItem {
  return elements
    .map(decodeNested)
    .reduceRight<TupleItem>((tail, head) => ({ type: "tuple", items: [head, tail] }), { type: "null" });
}

function decodeNumber(text: string): TupleItem {
  if (text === "(null)" || text === "NaN") {
    return { type: "nan" };
  }
  return { type: "int", value: text.startsWith("-") ? -BigInt(text.slice(1)) : BigInt(text) };
}

function cellOf(value: unknown): Cell {
  return Cell.fromBase64(bytesSchema.parse(value).bytes);
}
