import type { QuotePolicy } from "../../../wrappers/messages";

/** x ‖ y [64] of the root that a network pins. */
export function rootKeyOf({ rootX, rootY }: Pick<QuotePolicy, "rootX" | "rootY">): Uint8Array {
  const hex = [rootX, rootY].map((part) => part.toString(16).padStart(64, "0")).join("");
  return Buffer.from(hex, "hex");
}
