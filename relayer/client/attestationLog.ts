import type { Message, Slice, Transaction } from "@ton/core";
import { AttestationRegistry } from "../../wrappers/AttestationRegistry";
import { loadWorkerAttested } from "../../wrappers/messages";
import type { TransactionPoint } from "../chain";
import { type ClientDeps, nowSeconds } from "./deps";
import { hex256 } from "./readProvider";

/** On whose word the chain attests a worker: its contracts verified the quote, or enough attestors signed a statement. */
export type VerifiedBy = "chain" | "attestors";

/** No attestation lasts longer, so that those which stand are not older. */
const MAX_LIFE_SECONDS = 86_400;
/** Of the registry's history; older attestations stay without an answer until they are renewed. */
const MAX_PAGES = 100;

const OPCODES = AttestationRegistry.opcodes;

/** How workers came to be attested. A provider's contract keeps only that they are, so the registry's history tells it. */
export interface AttestationLog {
  /** Reads what is new. */
  refresh(): Promise<void>;
  verifiedBy(worker: AttestedKey): VerifiedBy | undefined;
}

/** A provider, raw, and a worker's receipt key. */
interface AttestedKey {
  readonly provider: string;
  readonly key: string;
}

interface Standing {
  readonly by: VerifiedBy;
  readonly expiresAt: bigint;
  readonly epoch: bigint;
}

export function createAttestationLog(deps: Pick<ClientDeps, "reader" | "network" | "clock">): AttestationLog {
  const standings = new Map<string, Standing>();
  let seenLt = 0n;
  return {
    refresh: async () => {
      const { last } = await deps.reader.account(deps.network.attestationRegistry);
      const fresh = await since(deps, last, seenLt);
      for (const transaction of fresh.reverse()) {
        for (const { name, standing } of attestationsIn(transaction)) {
          const known = standings.get(name);
          // The provider's own rule: an older attestation changes nothing.
          const isOlder =
            known !== undefined && known.epoch >= standing.epoch && known.expiresAt >= standing.expiresAt;
          if (!isOlder) {
            standings.set(name, standing);
          }
        }
      }
      seenLt = last.lt;
      const now = BigInt(nowSeconds(deps));
      for (const [name, { expiresAt }] of standings) {
        if (expiresAt <= now) {
          standings.delete(name);
        }
      }
    },
    verifiedBy: (worker) => standings.get(nameOf(worker))?.by,
  };
}

/** The registry's transactions after `seenLt`, of the last day, newest first. */
async function since(
  { reader, network, clock }: Parameters<typeof createAttestationLog>[0],
  last: TransactionPoint,
  seenLt: bigint,
): Promise<Transaction[]> {
  const oldest = nowSeconds({ clock }) - MAX_LIFE_SECONDS;
  const found: Transaction[] = [];
  let at = last;
  for (let page = 0; page < MAX_PAGES && at.lt > seenLt; page += 1) {
    for (const transaction of await reader.transactions(network.attestationRegistry, at, seenLt)) {
      if (transaction.lt <= seenLt || transaction.now < oldest) {
        return found;
      }
      found.push(transaction);
      at = { lt: transaction.prevTransactionLt, hash: hex256(transaction.prevTransactionHash) };
    }
  }
  return found;
}

function attestationsIn(transaction: Transaction): readonly { name: string; standing: Standing }[] {
  const by = causeOf(transaction.inMessage);
  return transaction.outMessages.values().flatMap((message) => {
    const slice = message.body.beginParse();
    if (by === undefined || opcodeOf(slice) !== OPCODES.WorkerAttested || message.info.type !== "internal") {
      return [];
    }
    const { receiptPublicKey, worker } = loadWorkerAttested(slice);
    const name = nameOf({ provider: message.info.dest.toRawString(), key: hex256(receiptPublicKey) });
    return [{ name, standing: { by, expiresAt: worker.expiresAt, epoch: worker.epoch } }];
  });
}

function causeOf(message: Message | null | undefined): VerifiedBy | undefined {
  const opcode = message == null ? undefined : opcodeOf(message.body.beginParse());
  if (opcode === OPCODES.QuoteVerified) {
    return "chain";
  }
  return opcode === OPCODES.SubmitStatement ? "attestors" : undefined;
}

function opcodeOf(body: Slice): number | undefined {
  return body.remainingBits >= 32 ? body.preloadUint(32) : undefined;
}

function nameOf({ provider, key }: AttestedKey): string {
  return `${provider}/${key}`;
}
