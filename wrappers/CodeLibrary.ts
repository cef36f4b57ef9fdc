import { type Cell, contractAddress } from "@ton/core";
import { CodeLibrary } from "../build/CodeLibrary/CodeLibrary_CodeLibrary";

export { CodeLibrary } from "../build/CodeLibrary/CodeLibrary_CodeLibrary";

const MASTERCHAIN = -1;

/** The masterchain account that publishes this code. */
export async function codeLibrary(code: Cell): Promise<CodeLibrary> {
  const init = await CodeLibrary.init(code);
  return new CodeLibrary(contractAddress(MASTERCHAIN, init), init);
}
