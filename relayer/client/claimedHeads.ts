import type { Address, Transaction } from "@ton/core";
import { JobEscrow } from "../../wrappers/JobEscrow";
import { loadSettle } from "../../wrappers/messages";
import type { ChainReader } from "../chain";
import { SIGNATURE_BYTES } from "../protocol";
import { hex256 } from "./readProvider";

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

/** Pages read at most: a job is settled once in thousands of requests. */
const MAX_PAGES = 20;

/** Heads that a job has taken since it was opened, the newest first: its messages have the signatures, its events do not. */
export async function readClaimedHeads(
  reader: ChainReader,
  job: { readonly address: Address; readonly openedAt: number },
): Promise<readonly ClaimedHead[]> {
  const heads: ClaimedHead[] = [];
  let { last } = await reader.account(job.address);
  for (let page = 0; page < MAX_PAGES && last.lt > 0n; page += 1) {
    const transactions = await reader.transactions(job.address, last, 0n);
    for (const transaction of transactions) {
      const head = transaction.now < job.openedAt ? undefined : headOf(transaction);
      if (head !== undefined) {
        heads.push(head);
      }
    }
    const oldest = transactions.at(-1);
    if (oldest === undefined || oldest.now < job.openedAt) {
      break;
    }
    last = { lt: oldest.prevTransactionLt, hash: hex256(oldest.prevTransactionHash) };
  }
  return heads;
}

function headOf({ inMessage, description }: Transaction): ClaimedHead | undefined {
  const body = inMessage?.body.beginParse();
  const isTaken = description.type === "generic" && !description.aborted;
  if (!isTaken || body === undefined || body.remainingBits < 32) {
    return undefined;
  }
  if (body.preloadUint(32) !== JobEscrow.opcodes.Settle) {
    return undefined;
  }
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
