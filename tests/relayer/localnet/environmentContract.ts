import { beginCell, Cell, contractAddress } from "@ton/core";

/**
 * DROP; GLOBALID; root hash of the newest of PREVMCBLOCKS; NEWC; STU 256; STI 32; ENDC; POPCTR c4;
 * GLOBALID; PREVMCBLOCKS; PREVMCBLOCKS_100; PREVKEYBLOCK.
 * A message makes it store what it saw, and any getter answers what it sees.
 */
const CODE = "FF0030F835F834006F106F13C8CBFFCA1FC9ED54F835F83400F83402F83401";

const init = { code: beginCell().storeBuffer(Buffer.from(CODE, "hex")).endCell(), data: Cell.EMPTY };

export const environmentContract = { init, address: contractAddress(0, init) };

/** What the contract stored when it last ran. */
export function storedEnvironment(state: { readonly data: Buffer | null }): {
  readonly globalId: number;
  readonly rootHash: Buffer;
} {
  const slice = Cell.fromBoc(state.data ?? Buffer.alloc(0))[0]?.beginParse();
  if (slice === undefined) {
    throw new Error("The contract has stored nothing");
  }
  const rootHash = slice.loadBuffer(32);
  return { rootHash, globalId: slice.loadInt(32) };
}
