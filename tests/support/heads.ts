import { type Address, beginCell } from "@ton/core";
import { MAINNET_GLOBAL_ID } from "../../relayer/localnet/config";
import { encodeCosign, encodeHead, type TreeHead, toJobAddress } from "../../relayer/protocol";
import type { Settle } from "../../wrappers/messages";
import type { TestKey } from "./keys";
import { SESSION, START, WORKER } from "./world";

export interface HeadFields {
  readonly job: Address;
  readonly amount: bigint;
  readonly worker?: TestKey;
  /** null: the worker alone signs. */
  readonly session?: TestKey | null;
  readonly size?: number;
  readonly issuedAt?: number;
  readonly networkId?: number;
  readonly root?: Uint8Array;
}

/** A `Settle` message with a genuine head, signed by the worker and, unless told otherwise, the session key. */
export function settle(fields: HeadFields): Settle {
  const worker = fields.worker ?? WORKER;
  const session = fields.session === undefined ? SESSION : fields.session;
  const head: TreeHead = {
    networkId: fields.networkId ?? MAINNET_GLOBAL_ID,
    job: toJobAddress(fields.job.toRawString()),
    size: fields.size ?? 1,
    root: fields.root ?? Buffer.alloc(32, 7),
    amount: fields.amount,
    issuedAt: fields.issuedAt ?? START + 60,
  };
  return {
    $$type: "Settle",
    queryId: 1n,
    worker: worker.id,
    size: BigInt(head.size),
    root: BigInt(`0x${Buffer.from(head.root).toString("hex")}`),
    amount: head.amount,
    issuedAt: BigInt(head.issuedAt),
    signature: signatureCell(worker.sign(encodeHead(head))),
    cosignature: session === null ? null : signatureCell(session.sign(encodeCosign(worker.publicKey, head))),
  };
}

function signatureCell(signature: Buffer) {
  return beginCell().storeBuffer(signature).endCell();
}
