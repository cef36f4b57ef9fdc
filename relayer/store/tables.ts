import type { Generated } from "kysely";

/** Numbers of 64 unsigned bits are `U64Text` (see u64.ts); times are integer milliseconds, unless named `…Seconds`. */
type U64Text = string;

export const INTENT_STATUSES = ["queued", "batched", "sent", "skipped", "bounced"] as const;
/** queued → batched → sent → bounced; batched → skipped; batched → queued again when its batch is provably dead. */
export type IntentStatus = (typeof INTENT_STATUSES)[number];

/** waiting → answered → over; late or left when it will not be answered; answered → waiting when its worker is gone. */
export type TaskState = "waiting" | "answered" | "over" | "late" | "left";

/** live → done (in the wallet's history) or dead (expired and not in it). */
export type BatchStatus = "live" | "done" | "dead";

export interface CursorsTable {
  readonly account: string;
  readonly lt: U64Text;
  readonly hash: string;
  readonly updatedAt: number;
}

export interface EventsTable {
  readonly account: string;
  readonly lt: U64Text;
  readonly idx: number;
  readonly kind: string;
  readonly body: string;
  readonly utime: number;
}

export interface IntentsTable {
  readonly seq: Generated<number>;
  readonly key: string;
  readonly wallet: string;
  readonly destination: string;
  readonly value: U64Text;
  readonly bounce: number;
  readonly body: string | null;
  readonly init: string | null;
  readonly note: string | null;
  readonly status: IntentStatus;
  readonly batchId: string | null;
  readonly position: number | null;
  readonly attempts: number;
  readonly txLt: U64Text | null;
  readonly outIndex: number | null;
  readonly outLt: U64Text | null;
  readonly exitCode: number | null;
  readonly bounceLt: U64Text | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface BatchesTable {
  readonly id: string;
  readonly wallet: string;
  readonly seqno: number;
  readonly validUntilSeconds: number;
  readonly boc: string;
  readonly walletLt: U64Text;
  readonly status: BatchStatus;
  readonly txLt: U64Text | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface JobsTable {
  readonly role: "provider" | "gateway";
  readonly address: string;
  readonly provider: string | null;
  readonly developer: string;
  readonly nonce: U64Text;
  readonly modelHash: string;
  readonly sessionKey: string;
  readonly terms: string | null;
  readonly budget: U64Text;
  readonly settled: U64Text;
  readonly pending: U64Text;
  readonly state: string;
  readonly deadlineSeconds: number;
  readonly closeSeconds: number | null;
  readonly extra: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface LanesTable {
  readonly job: string;
  readonly worker: string;
  readonly size: U64Text;
  readonly root: string;
  readonly amount: U64Text;
  readonly issuedAtSeconds: number;
  readonly signature: string;
  readonly cosignedSize: U64Text | null;
  readonly cosignedRoot: string | null;
  readonly cosignedAmount: U64Text | null;
  readonly cosignedIssuedAtSeconds: number | null;
  readonly cosignedSignature: string | null;
  readonly cosignature: string | null;
  readonly claimed: U64Text;
  readonly settled: U64Text;
  readonly pending: U64Text;
  readonly pendingUntilSeconds: number | null;
  readonly updatedAt: number;
}

export interface ReceiptsTable {
  readonly requestId: string;
  readonly job: string;
  readonly worker: string;
  readonly idx: U64Text;
  readonly leaf: string;
  readonly proof: string;
  readonly head: string;
  readonly requestHash: string;
  readonly responseHash: string;
  readonly amount: U64Text;
  readonly createdAt: number;
}

export interface ApiKeysTable {
  readonly id: string;
  readonly hash: string;
  readonly name: string;
  readonly limit: U64Text | null;
  readonly spent: U64Text;
  readonly limits: string;
  readonly createdAt: number;
  readonly revokedAt: number | null;
}

export interface KeyDaysTable {
  readonly apiKeyId: string;
  /** Empty for everything, or a model's name. */
  readonly scope: string;
  /** Days since 1970, UTC. */
  readonly day: number;
  readonly spent: U64Text;
}

export interface CallsTable {
  readonly requestId: string;
  readonly salt: string;
  readonly requestHash: string | null;
  readonly apiKeyId: string | null;
  readonly job: string;
  readonly worker: string;
  readonly model: string;
  readonly status: string;
  readonly maxCost: U64Text;
  readonly cost: U64Text | null;
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
  readonly createdAt: number;
  readonly finishedAt: number | null;
}

export interface SessionsTable {
  readonly job: string;
  readonly publicKey: string;
  readonly sealedSecret: string;
  readonly createdAt: number;
  readonly closedAt: number | null;
}

export interface BansTable {
  readonly worker: string;
  readonly reason: string;
  readonly createdAt: number;
}

export interface TasksTable {
  readonly job: string;
  readonly openedAtSeconds: number;
  readonly request: string;
  readonly worker: string | null;
  readonly state: TaskState;
  readonly answer: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface AuctionsTable {
  readonly job: string;
  readonly modelHash: string;
  readonly developer: string;
  readonly nonce: U64Text;
  readonly budget: U64Text;
  readonly openedAtSeconds: number;
  readonly endsAtSeconds: number;
  readonly ceiling: string;
  readonly state: "open" | "over";
  readonly bidBps: number | null;
  readonly bidAt: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface Tables {
  readonly cursors: CursorsTable;
  readonly events: EventsTable;
  readonly intents: IntentsTable;
  readonly batches: BatchesTable;
  readonly jobs: JobsTable;
  readonly lanes: LanesTable;
  readonly receipts: ReceiptsTable;
  readonly apiKeys: ApiKeysTable;
  readonly keyDays: KeyDaysTable;
  readonly calls: CallsTable;
  readonly sessions: SessionsTable;
  readonly bans: BansTable;
  readonly tasks: TasksTable;
  readonly auctions: AuctionsTable;
}
