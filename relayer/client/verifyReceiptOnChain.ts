import { Address, type Transaction } from "@ton/core";
import { decodeEvent } from "../../wrappers/events";
import { JobEscrow } from "../../wrappers/JobEscrow";
import { loadJobService, loadJobTerms } from "../../wrappers/messages";
import { NetworkRegistry } from "../../wrappers/NetworkRegistry";
import { ProviderStake } from "../../wrappers/ProviderStake";
import { type ChainReader, openContract, type TransactionPoint } from "../chain";
import { toCocoonError } from "../errors";
import { hashHpkeKey, toHex } from "../protocol";
import { hex256, uint256 } from "./readProvider";
import type { ReceiptFile } from "./receiptFile";
import {
  check,
  type OpenedReceipt,
  type ReceiptCheck,
  type ReceiptTexts,
  type ReceiptVerdict,
  verifyReceipt,
} from "./verifyReceipt";

/** Pages of a provider's history in which a worker's attestation is looked for. */
const MAX_PAGES = 200;

interface Attested {
  readonly hpkeKeyHash: string;
  readonly imageHash: string;
  readonly modelHash: string;
  readonly expiresAt: number;
}

/**
 * All of `verifyReceipt`, and that the chain attested this worker, at a provider of this network.
 *
 * @example
 * import { readFileSync } from "node:fs";
 * import { createToncenterClient, parseReceiptFile, verifyReceiptOnChain } from "cocoon/client";
 *
 * const reader = createToncenterClient({ endpoint: process.env.COCOON_ENDPOINTS });
 * const file = parseReceiptFile(readFileSync(process.env.RECEIPT, "utf8"));
 * const { ok, checks } = await verifyReceiptOnChain({ reader }, file);
 * console.log(ok); // true
 * console.log(checks.find(({ name }) => name === "attested on chain").outcome); // ok
 * await reader.close();
 */
export async function verifyReceiptOnChain(
  deps: { readonly reader: ChainReader },
  file: ReceiptFile,
  texts: ReceiptTexts = {},
): Promise<ReceiptVerdict> {
  const offline = verifyReceipt(file, texts);
  if (offline.opened === undefined) {
    return offline;
  }
  const { opened } = offline;
  const onChain = await Promise.all([
    guarded("provider of the network", () => checkProvider(deps.reader, file)),
    guarded("terms on chain", () => checkTerms(deps.reader, file, opened)),
    guarded("attested on chain", () => checkAttestation(deps.reader, file, opened)),
  ]);
  const checks = [...offline.checks, ...onChain];
  return { ok: checks.every(({ outcome }) => outcome !== "failed"), checks, opened };
}

async function guarded(name: string, run: () => Promise<ReceiptCheck>): Promise<ReceiptCheck> {
  try {
    return await run();
  } catch (thrown) {
    return { name, outcome: "failed", detail: `could not be read: ${toCocoonError(thrown).message}` };
  }
}

async function checkProvider(reader: ChainReader, file: ReceiptFile): Promise<ReceiptCheck> {
  const provider = Address.parseRaw(file.provider);
  const state = await openContract(reader, ProviderStake.fromAddress(provider)).getProviderState();
  const registry = NetworkRegistry.fromAddress(Address.parseRaw(file.network.registry));
  const expected = await openContract(reader, registry).getProviderOf(state.owner, state.index);
  return check(
    "provider of the network",
    state.registered && expected.equals(provider),
    "the provider is registered in this network",
  );
}

/** The session key and the prices, while the job exists. */
async function checkTerms(
  reader: ChainReader,
  file: ReceiptFile,
  { terms }: OpenedReceipt,
): Promise<ReceiptCheck> {
  const job = Address.parseRaw(file.job);
  const cell =
    (await reader.account(job)).state === "active"
      ? await openContract(reader, JobEscrow.fromAddress(job)).getTerms()
      : null;
  if (cell === null) {
    return { name: "terms on chain", outcome: "skipped", detail: "the job has ended: its contract is gone" };
  }
  const actual = loadJobTerms(cell.beginParse());
  const { modelHash, prices } = loadJobService(actual.service.beginParse());
  return check(
    "terms on chain",
    actual.provider.toRawString() === file.provider &&
      hex256(actual.sessionPublicKey) === toHex(terms.sessionPublicKey) &&
      hex256(modelHash) === toHex(terms.modelHash) &&
      prices.prompt === terms.promptPrice &&
      prices.cached === terms.cachedPrice &&
      prices.completion === terms.completionPrice &&
      prices.reasoning === terms.reasoningPrice,
    "the job's contract has these terms",
  );
}

async function checkAttestation(
  reader: ChainReader,
  file: ReceiptFile,
  { bind, leaf }: OpenedReceipt,
): Promise<ReceiptCheck> {
  const finishedAt = Math.floor(leaf.finishedAt / 1000);
  const matches = (worker: Attested) =>
    worker.hpkeKeyHash === toHex(hashHpkeKey(bind.hpkePublicKey)) &&
    worker.modelHash === toHex(bind.modelHash) &&
    finishedAt <= worker.expiresAt;
  const found = await findAttestation(reader, file, matches);
  const claim = "the contracts attested this worker's keys and model for that time";
  return found === undefined
    ? check("attested on chain", false, claim)
    : check("attested on chain", true, `${claim}; image ${found.imageHash}`);
}

/** The worker's present record, or the event that once wrote it. */
async function findAttestation(
  reader: ChainReader,
  file: ReceiptFile,
  matches: (worker: Attested) => boolean,
): Promise<Attested | undefined> {
  const provider = Address.parseRaw(file.provider);
  const key = uint256(file.worker);
  const workers = await openContract(reader, ProviderStake.fromAddress(provider)).getWorkers();
  const present = workers.get(key);
  if (present !== undefined && matches(attestedOf(present))) {
    return attestedOf(present);
  }
  let at: TransactionPoint = (await reader.account(provider)).last;
  for (let page = 0; page < MAX_PAGES && at.lt > 0n; page += 1) {
    for (const transaction of await reader.transactions(provider, at, 0n)) {
      const past = attestationsIn(transaction, key).find(matches);
      if (past !== undefined) {
        return past;
      }
      at = {
        lt: transaction.prevTransactionLt,
        hash: hex256(transaction.prevTransactionHash),
      };
    }
  }
  return undefined;
}

function attestationsIn(transaction: Transaction, key: bigint): readonly Attested[] {
  return transaction.outMessages.values().flatMap((message) => {
    const event = message.info.type === "external-out" ? decodeEvent(message.body) : undefined;
    return event?.$$type === "WorkerAttestedEvent" && event.receiptPublicKey === key
      ? [attestedOf(event.worker)]
      : [];
  });
}

function attestedOf(worker: {
  readonly hpkeKeyHash: bigint;
  readonly imageHash: bigint;
  readonly modelHash: bigint;
  readonly expiresAt: bigint;
}): Attested {
  return {
    hpkeKeyHash: hex256(worker.hpkeKeyHash),
    imageHash: hex256(worker.imageHash),
    modelHash: hex256(worker.modelHash),
    expiresAt: Number(worker.expiresAt),
  };
}
