import type { ChainReader, MasterBlock } from "../../chain";

const STEP = 100;

/**
 * The masterchain block whose root hash makes a quote fresh. Contracts know the last sixteen blocks, and the last sixteen
 * whose number is a multiple of 100: the newest of those stays known for more than an hour.
 */
export async function freshBlock(reader: ChainReader): Promise<MasterBlock> {
  const { seqno } = await reader.head();
  const hundred = seqno - (seqno % STEP);
  // A chain that has just begun has no such block yet.
  return reader.masterBlock(hundred > 0 ? hundred : seqno);
}
