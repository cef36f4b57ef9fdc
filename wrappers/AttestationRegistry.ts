import { type Address, beginCell, type Cell, Dictionary } from "@ton/core";
import { AttestationRegistry } from "../build/AttestationRegistry/AttestationRegistry_AttestationRegistry";
import { StatementTag, storeWorkerStatement, type Worker } from "../build/JobEscrow/JobEscrow_JobEscrow";

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
}

/** The registry as it is deployed, at policy epoch 1. */
export function attestationRegistry(config: AttestationRegistryConfig): Promise<AttestationRegistry> {
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
  );
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
