import { type Address, beginCell, type Cell, Dictionary } from "@ton/core";
import { AttestationRegistry } from "../build/AttestationRegistry/AttestationRegistry_AttestationRegistry";
import {
  StatementTag,
  storeQuotePolicy,
  storeWorkerStatement,
  type TcbMinimum,
  type Worker,
} from "../build/JobEscrow/JobEscrow_JobEscrow";
import { codeReference, contractCodes } from "./codes";
import { decodeP256Point } from "./p256";

export {
  AttestationRegistry,
  type AttestationState,
  type ImageRule,
} from "../build/AttestationRegistry/AttestationRegistry_AttestationRegistry";

export interface AttestationRegistryConfig {
  readonly governor: Address;
  readonly guardian: Address;
  readonly timelockSeconds: number;
  /** Ed25519 public keys, 32 bytes each; the position is the attestor's index. At most 16. */
  readonly attestors: readonly Uint8Array[];
  /** How many of them must sign. */
  readonly threshold: number;
  /** Images allowed from the start; later ones wait for the timelock. */
  readonly images: readonly { readonly hash: bigint; readonly expiresAt: number; readonly tier: number }[];
  readonly models: readonly bigint[];
  /** What quotes must show; without it no machine is listed, so that no quote is accepted. */
  readonly quotes?: QuotePolicyConfig;
}

/** x ‖ y of Intel's SGX Root CA, which production pins. */
export const INTEL_SGX_ROOT: Uint8Array = Buffer.from(
  "0ba9c4c0c0c86193a3fe23d6b02cda10a8bbd4e88e48b4458561a36e705525f5" +
    "67918e2edc88e40d860bd0cc4ee26aacc988e505a953558c453f6b0904ae7394",
  "hex",
);

export interface QuotePolicyConfig {
  /** x ‖ y [64] of the only root that this registry will ever believe. */
  readonly rootKey: Uint8Array;
  /** Least version of the quoting enclave. */
  readonly qeSvn: number;
  /** Least security versions by FMSPC; a kind of machine that is not here is refused. */
  readonly minimums: ReadonlyMap<bigint, Omit<TcbMinimum, "$$type" | "issuedAt" | "number">>;
}

const NO_MACHINES: QuotePolicyConfig = { rootKey: INTEL_SGX_ROOT, qeSvn: 0, minimums: new Map() };

/**
 * The registry as it is deployed, at policy epoch 1.
 *
 * @example
 * import { Address } from "@ton/core";
 * import { AttestationRegistry, attestationRegistry, statementSignatures, workerStatement } from "cocoon/contracts";
 *
 * const someone = new Address(0, Buffer.alloc(32, 1));
 * const registry = await attestationRegistry({
 *   governor: someone,
 *   guardian: someone,
 *   timelockSeconds: 86_400,
 *   attestors: [Buffer.alloc(32, 2), Buffer.alloc(32, 3)],
 *   threshold: 1,
 *   images: [{ hash: 0xabcn, expiresAt: 1_893_456_000, tier: 0 }],
 *   models: [0xdefn],
 * });
 * console.log(AttestationRegistry.fromAddress(registry.address).address.equals(registry.address)); // true
 * const worker = { imageHash: 0xabcn, modelHash: 0xdefn, expiresAt: 1_800_000_000n, epoch: 1n };
 * const statement = workerStatement({
 *   networkId: -23_911,
 *   registry: registry.address,
 *   provider: someone,
 *   receiptPublicKey: 5n,
 *   notBefore: 1_799_990_000,
 *   worker: { $$type: "Worker", hpkeKeyHash: 6n, ...worker },
 * });
 * console.log(statement.hash().length); // 32
 * // Each attestor signs that hash; the first one's signature goes under its index.
 * console.log(statementSignatures(new Map([[0, Buffer.alloc(64)]])).size); // 1
 */
export async function attestationRegistry(config: AttestationRegistryConfig): Promise<AttestationRegistry> {
  const attestors = Dictionary.empty<number, bigint>(Dictionary.Keys.Uint(8), Dictionary.Values.BigUint(256));
  config.attestors.forEach((key, index) => {
    attestors.set(index, BigInt(`0x${Buffer.from(key).toString("hex")}`));
  });
  const images: Parameters<typeof AttestationRegistry.fromInit>[8] = Dictionary.empty();
  for (const { hash, expiresAt, tier } of config.images) {
    images.set(hash, { $$type: "ImageRule", expiresAt: BigInt(expiresAt), tier: BigInt(tier) });
  }
  const models = Dictionary.empty<bigint, boolean>();
  for (const hash of config.models) {
    models.set(hash, true);
  }
  return AttestationRegistry.fromInit(
    config.governor,
    null, // pendingGovernor
    config.guardian,
    BigInt(config.timelockSeconds),
    Dictionary.empty(), // changes
    1n, // epoch
    BigInt(config.threshold),
    attestors,
    images,
    models,
    await quotePolicyCell(config.quotes ?? NO_MACHINES),
  );
}

async function quotePolicyCell({ rootKey, qeSvn, minimums }: QuotePolicyConfig): Promise<Cell> {
  const root = decodeP256Point(rootKey);
  const code = codeReference((await contractCodes()).platform);
  const listed = Dictionary.empty<bigint, TcbMinimum>();
  for (const [fmspc, minimum] of minimums) {
    listed.set(fmspc, { $$type: "TcbMinimum", ...minimum, issuedAt: 0n, number: 0n });
  }
  return beginCell()
    .store(
      storeQuotePolicy({
        $$type: "QuotePolicy",
        rootX: root.x,
        rootY: root.y,
        platformCodeHash: code.hash,
        platformCodeDepth: code.depth,
        qeSvn: BigInt(qeSvn),
        authorities: Dictionary.empty(),
        minimums: listed,
        revoked: Dictionary.empty(),
        qeIssuedAt: 0n,
        qeNumber: 0n,
      }),
    )
    .endCell();
}

/** What an attestor says about one worker. Times are unix seconds. */
export interface WorkerStatementFields {
  readonly networkId: number;
  readonly registry: Address;
  readonly provider: Address;
  readonly receiptPublicKey: bigint;
  readonly notBefore: number;
  readonly worker: Worker;
}

/** The cell whose hash attestors sign with Ed25519. */
export function workerStatement(fields: WorkerStatementFields): Cell {
  return beginCell()
    .store(
      storeWorkerStatement({
        $$type: "WorkerStatement",
        tag: StatementTag,
        networkId: BigInt(fields.networkId),
        registry: fields.registry,
        provider: fields.provider,
        receiptPublicKey: fields.receiptPublicKey,
        notBefore: BigInt(fields.notBefore),
        worker: fields.worker,
      }),
    )
    .endCell();
}

/** Signatures in the form that `SubmitStatement` takes: 64 bytes each, by attestor index. */
export function statementSignatures(signatures: ReadonlyMap<number, Uint8Array>): Dictionary<number, Cell> {
  const cells = Dictionary.empty<number, Cell>(Dictionary.Keys.Uint(8), Dictionary.Values.Cell());
  for (const [index, signature] of signatures) {
    cells.set(index, beginCell().storeBuffer(Buffer.from(signature), 64).endCell());
  }
  return cells;
}
