import { createHash } from "node:crypto";
import type { NewIntent, ReceiptRecord, SignedHead } from "../../../../relayer/store";

export const JOB = `0:${"11".repeat(32)}`;
export const WORKER = "22".repeat(32);
export const WALLET = `0:${"33".repeat(32)}`;

const digest = (text: string) => createHash("sha256").update(text).digest();

export function aHead(size: bigint, changes: Partial<SignedHead> = {}): SignedHead {
  return {
    job: JOB,
    worker: WORKER,
    size,
    root: digest(`root ${size}`).toString("base64"),
    amountNano: size,
    issuedAtSeconds: 1_800_000_000,
    signature: Buffer.concat([digest(`a${size}`), digest(`b${size}`)]).toString("base64"),
    ...changes,
  };
}

export function aReceipt(index: bigint, changes: Partial<ReceiptRecord> = {}): ReceiptRecord {
  const worker = changes.worker ?? WORKER;
  return {
    requestId: digest(`request ${worker} ${index}`).toString("hex").slice(0, 32),
    job: JOB,
    worker,
    index,
    leaf: Buffer.alloc(122, digest(`leaf ${index}`)).toString("base64"),
    proof: Array.from({ length: 10 }, (_, i) => digest(`proof ${index} ${i}`).toString("base64")),
    head: aHead(index + 1n, { worker }),
    requestHash: digest(`q ${index}`).toString("hex"),
    responseHash: digest(`r ${index}`).toString("hex"),
    amountNano: index + 1n,
    ...changes,
  };
}

export function anIntent(key: string, changes: Partial<NewIntent> = {}): NewIntent {
  return {
    key,
    wallet: WALLET,
    destination: `0:${"44".repeat(32)}`,
    valueNano: 50_000_000n,
    bounce: true,
    ...changes,
  };
}
