import { type Address, beginCell, type Message, type Transaction } from "@ton/core";
import { AttestationRegistry } from "../../../wrappers/AttestationRegistry";
import { loadQuoteCertification, loadSubmitQuote } from "../../../wrappers/messages";
import { ProviderStake } from "../../../wrappers/ProviderStake";
import { TeePlatform } from "../../../wrappers/TeePlatform";
import type { QuotePath } from "../../attestation/submit";
import type { ChainReader } from "../../chain";
import { FinalError } from "../../errors";

const { RegisterAuthority, QuoteVerified } = AttestationRegistry.opcodes;
const { SubmitQuote } = TeePlatform.opcodes;
const { WorkerAttested } = ProviderStake.opcodes;

/** How a worker became an attested one, read from the chain alone. */
export interface OnChainAttestation {
  readonly path: QuotePath;
  /** TeePlatform. */
  readonly machine: string;
  /** The transaction that verified the quote. */
  readonly transaction: string;
  /** In every contract on the way. */
  readonly gas: bigint;
  /** What the sender attached, less what came back: fees, and the machine's rent. */
  readonly costNano: bigint;
}

/** Follows the provider's first attested worker back to the quote that was verified for it. */
export async function readAttestation(
  reader: ChainReader,
  at: { readonly registry: Address; readonly provider: Address },
): Promise<OnChainAttestation> {
  const attested = await find(reader, at.provider, WorkerAttested);
  const [registered, verified] = await Promise.all([
    findAll(reader, at.registry, RegisterAuthority),
    find(reader, at.registry, QuoteVerified),
  ]);
  const machine = internal(verified.inMessage).src;
  const submitted = await find(reader, machine, SubmitQuote);
  const all = [...registered, submitted, verified, attested];
  const sender = internal(submitted.inMessage).src;
  const attachedNano = [...registered, submitted].reduce(
    (sum, { inMessage }) => sum + internal(inMessage).value.coins,
    0n,
  );
  return {
    path: registered.length > 0 ? "cold" : pathOf(submitted),
    machine: machine.toString(),
    transaction: submitted.hash().toString("hex"),
    gas: all.reduce((sum, transaction) => sum + gasOf(transaction), 0n),
    costNano: attachedNano - all.reduce((sum, transaction) => sum + sentTo(transaction, sender), 0n),
  };
}

/** The same for JSON. */
export function attestationFacts({ gas, costNano, ...rest }: OnChainAttestation) {
  return { ...rest, gas: Number(gas), costNano: costNano.toString() };
}

function pathOf({ inMessage }: Transaction): QuotePath {
  const { certification } = loadSubmitQuote((inMessage?.body ?? beginCell().endCell()).beginParse());
  if (certification === null) {
    return "hot";
  }
  return loadQuoteCertification(certification.beginParse()).leaf === null ? "warm" : "ca-known";
}

async function find(reader: ChainReader, account: Address, opcode: number): Promise<Transaction> {
  const [found] = await findAll(reader, account, opcode);
  if (found === undefined) {
    throw new FinalError("ATTESTATION_MISSING", "The chain has verified no quote for this provider.");
  }
  return found;
}

/** The account's successful transactions for such a message, oldest first, of its last fifty. */
async function findAll(reader: ChainReader, account: Address, opcode: number): Promise<Transaction[]> {
  const { last } = await reader.account(account);
  const history = last.lt === 0n ? [] : await reader.transactions(account, last, 0n);
  return [...history].reverse().filter((transaction) => handles(transaction, opcode));
}

function handles({ inMessage, description }: Transaction, opcode: number): boolean {
  return (
    inMessage?.info.type === "internal" &&
    !inMessage.info.bounced &&
    inMessage.body.bits.length >= 32 &&
    inMessage.body.beginParse().preloadUint(32) === opcode &&
    description.type === "generic" &&
    !description.aborted
  );
}

function internal(message: Message | null | undefined) {
  if (message?.info.type !== "internal") {
    throw new FinalError("INTERNAL", "A contract was called from outside.");
  }
  return message.info;
}

function gasOf({ description }: Transaction): bigint {
  return description.type === "generic" && description.computePhase.type === "vm"
    ? description.computePhase.gasUsed
    : 0n;
}

function sentTo({ outMessages }: Transaction, to: Address): bigint {
  return outMessages
    .values()
    .reduce(
      (sum, { info }) => sum + (info.type === "internal" && info.dest.equals(to) ? info.value.coins : 0n),
      0n,
    );
}
