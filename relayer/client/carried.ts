import type { Address, Cell, Slice, Transaction } from "@ton/core";
import { JobEscrow } from "../../wrappers/JobEscrow";
import { loadDemandReceipt, loadSettle, loadShowReceipt } from "../../wrappers/messages";
import type { ChainReader } from "../chain";
import { LEAF_BYTES, SIGNATURE_BYTES, toWorkerKey } from "../protocol";
import type { PlacedReceipt, SignedBy } from "./placedReceipt";
import { hex256 } from "./readProvider";

const HASH_BYTES = 32;
/** The way to the root of the largest log has fewer hashes. */
const MAX_PROOF_CELLS = 32;

/** A head that somebody carried to its job. */
export interface ClaimedHead {
  /** Receipt key, hex. */
  readonly worker: string;
  readonly size: number;
  readonly root: Uint8Array;
  readonly amount: bigint;
  readonly issuedAt: number;
  readonly signature: Uint8Array;
}

/** What was carried to a job, the newest first: its messages have signatures and proofs, its events do not. */
export interface Carried {
  readonly heads: readonly ClaimedHead[];
  /** Receipts that were demanded and shown. */
  readonly shown: readonly PlacedReceipt[];
}

/** Pages read at most: a job is settled once in thousands of requests. */
const MAX_PAGES = 20;

/** What a job has taken since it was opened. */
export async function readCarried(
  reader: ChainReader,
  job: { readonly address: Address; readonly openedAt: number },
): Promise<Carried> {
  const heads: ClaimedHead[] = [];
  const shown: PlacedReceipt[] = [];
  let demanded: Demanded | undefined;
  for (const body of (await readTaken(reader, job)).reverse()) {
    switch (body.preloadUint(32)) {
      case JobEscrow.opcodes.Settle:
        heads.push(headOf(body));
        break;
      case JobEscrow.opcodes.DemandReceipt:
        demanded = demandedBy(body);
        break;
      case JobEscrow.opcodes.ShowReceipt:
        if (demanded !== undefined) {
          shown.push(shownIn(loadShowReceipt(body).receipt, demanded));
        }
        break;
    }
  }
  return { heads: heads.reverse(), shown: shown.reverse() };
}

/** The bodies of the messages that it has not refused, the newest first. */
async function readTaken(
  reader: ChainReader,
  job: { readonly address: Address; readonly openedAt: number },
): Promise<Slice[]> {
  const bodies: Slice[] = [];
  let { last } = await reader.account(job.address);
  for (let page = 0; page < MAX_PAGES && last.lt > 0n; page += 1) {
    const transactions = await reader.transactions(job.address, last, 0n);
    for (const transaction of transactions) {
      const body = transaction.now < job.openedAt ? undefined : takenBody(transaction);
      if (body !== undefined) {
        bodies.push(body);
      }
    }
    const oldest = transactions.at(-1);
    if (oldest === undefined || oldest.now < job.openedAt) {
      break;
    }
    last = { lt: oldest.prevTransactionLt, hash: hex256(oldest.prevTransactionHash) };
  }
  return bodies;
}

function takenBody({ inMessage, description }: Transaction): Slice | undefined {
  const body = inMessage?.body.beginParse();
  const isTaken = description.type === "generic" && !description.aborted;
  return isTaken && body !== undefined && body.remainingBits >= 32 ? body : undefined;
}

function headOf(body: Slice): ClaimedHead {
  const { worker, size, root, amount, issuedAt, signature } = loadSettle(body);
  return {
    worker: hex256(worker),
    size: Number(size),
    root: Buffer.from(hex256(root), "hex"),
    amount,
    issuedAt: Number(issuedAt),
    signature: signature.beginParse().loadBuffer(SIGNATURE_BYTES),
  };
}

/** Where a receipt was demanded. */
interface Demanded extends SignedBy {
  readonly place: number;
}

function demandedBy(body: Slice): Demanded {
  const { worker, index, head } = loadDemandReceipt(body);
  const fields = head.beginParse();
  return {
    worker: toWorkerKey(hex256(worker)),
    place: Number(index),
    head: {
      size: Number(fields.loadUintBig(64)),
      root: fields.loadBuffer(HASH_BYTES),
      amount: fields.loadUintBig(64),
      issuedAt: Number(fields.loadUintBig(64)),
    },
    signature: fields.loadBuffer(SIGNATURE_BYTES),
  };
}

/** The contract has found it there already. */
function shownIn(receipt: Cell, demanded: Demanded): PlacedReceipt {
  const fields = receipt.beginParse();
  return { ...demanded, leaf: fields.loadBuffer(LEAF_BYTES), proof: hashesIn(fields.loadRef()) };
}

/** A proof's hashes, as a chain of cells with three each. */
function hashesIn(chain: Cell): readonly Uint8Array[] {
  const hashes: Uint8Array[] = [];
  let cell: Cell | undefined = chain;
  for (let count = 0; cell !== undefined && count < MAX_PROOF_CELLS; count += 1) {
    const fields = cell.beginParse();
    while (fields.remainingBits >= 8 * HASH_BYTES) {
      hashes.push(fields.loadBuffer(HASH_BYTES));
    }
    cell = cell.refs[0];
  }
  return hashes;
}
