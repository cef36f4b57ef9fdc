import { beginCell, Cell } from "@ton/core";

/** What a worker signed of its log; the rest of a tree head is the network and the job. */
export interface SignedClaim {
  readonly size: number;
  /** [32] */
  readonly root: Uint8Array;
  /** Nanoton. */
  readonly amount: bigint;
  /** Unix seconds. */
  readonly issuedAt: number;
  /** [64], the worker's */
  readonly signature: Uint8Array;
}

/**
 * A head as proofs carry it: 960 bits.
 *
 * @example
 * import { headCell, proofCell, receiptCell } from "cocoon/contracts";
 *
 * const signature = Buffer.alloc(64, 7);
 * const head = headCell({ size: 1, root: Buffer.alloc(32, 1), amount: 5_200n, issuedAt: 1_800_000_000, signature });
 * console.log(head.bits.length); // 960
 * console.log(proofCell([Buffer.alloc(32, 2)]).bits.length); // 256
 * console.log(receiptCell(Buffer.alloc(122), []).refs.length); // 1
 */
export function headCell(claim: SignedClaim): Cell {
  return beginCell()
    .storeUint(claim.size, 64)
    .storeBuffer(Buffer.from(claim.root))
    .storeUint(claim.amount, 64)
    .storeUint(claim.issuedAt, 64)
    .storeBuffer(Buffer.from(claim.signature))
    .endCell();
}

/** An inclusion proof: a chain of cells with three hashes each, the leaf's sibling first. */
export function proofCell(hashes: readonly Uint8Array[]): Cell {
  const cells = Array.from({ length: Math.ceil(hashes.length / 3) }, (_, i) =>
    hashes.slice(3 * i, 3 * i + 3),
  );
  return cells.reduceRight((rest, chunk) => {
    const cell = beginCell().storeBuffer(Buffer.concat(chunk));
    return (rest === Cell.EMPTY ? cell : cell.storeRef(rest)).endCell();
  }, Cell.EMPTY);
}

/** A receipt's 122 bytes with its proof. */
export function receiptCell(leaf: Uint8Array, proof: readonly Uint8Array[]): Cell {
  return beginCell().storeBuffer(Buffer.from(leaf)).storeRef(proofCell(proof)).endCell();
}
