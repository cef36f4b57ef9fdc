import type { Cell } from "@ton/core";
import { WalletContractV5R1 } from "@ton/ton";

/** opcode, wallet id, valid until, seqno: 32 bits each. */
const HEADER_BITS = 4 * 32;

/** The seqno in a W5R1 external body; undefined for another body. */
export function readSeqno(body: Cell): number | undefined {
  const slice = body.beginParse();
  if (
    slice.remainingBits < HEADER_BITS ||
    slice.loadUint(32) !== WalletContractV5R1.OpCodes.auth_signed_external
  ) {
    return undefined;
  }
  slice.skip(64);
  return slice.loadUint(32);
}
