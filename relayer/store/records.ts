import type { BatchStatus, IntentStatus, TaskState } from "./tables";

/** Addresses are raw strings ("0:…"), keys and digests hex, leaves, roots, proofs and signatures base64, as on the wire. */
export interface SignedHead {
  readonly job: string;
  readonly worker: string;
  readonly size: bigint;
  readonly root: string;
  readonly amountNano: bigint;
  readonly issuedAtSeconds: number;
  readonly signature: string;
}

export interface ReceiptRecord {
  readonly requestId: string;
  readonly job: string;
  readonly worker: string;
  readonly index: bigint;
  readonly leaf: string;
  readonly proof: readonly string[];
  readonly head: SignedHead;
  readonly requestHash: string;
  readonly responseHash: string;
  readonly amountNano: bigint;
}

export interface StoredReceipt extends ReceiptRecord {
  readonly createdAt: number;
}

export interface Lane {
  readonly job: string;
  readonly worker: string;
  readonly head: SignedHead;
  /** The newest head that the developer co-signed; may be older than `head`. */
  readonly cosigned: { readonly head: SignedHead; readonly cosignature: string } | undefined;
  /** The largest amount put into a settlement so far, sent or being sent. */
  readonly claimedNano: bigint;
  readonly settledNano: bigint;
  readonly pendingNano: bigint;
  readonly pendingUntilSeconds: number | undefined;
}

export interface Cursor {
  readonly lt: bigint;
  /** Hex; the zero hash together with lt 0 is "before the first transaction". */
  readonly hash: string;
}

export interface StoredEvent {
  readonly account: string;
  readonly lt: bigint;
  readonly index: number;
  readonly kind: string;
  readonly body: unknown;
  readonly utime: number;
}

/** A message that a wallet shall send exactly once. */
export interface NewIntent {
  /** The caller's name for the effect; the same key is never sent twice. */
  readonly key: string;
  readonly wallet: string;
  readonly destination: string;
  readonly valueNano: bigint;
  readonly bounce: boolean;
  /** BoC, base64. */
  readonly body?: string;
  /** StateInit as BoC, base64. */
  readonly init?: string;
  /** The caller's own words, given back unread. */
  readonly note?: string;
}

export interface Intent extends NewIntent {
  readonly status: IntentStatus;
  readonly batchId: string | undefined;
  readonly attempts: number;
  readonly txLt: bigint | undefined;
  readonly outIndex: number | undefined;
  readonly outLt: bigint | undefined;
  readonly exitCode: number | undefined;
  readonly bounceLt: bigint | undefined;
  readonly createdAt: number;
}

export interface Batch {
  /** The normalized hash of the external message, hex. */
  readonly id: string;
  readonly wallet: string;
  readonly seqno: number;
  readonly validUntilSeconds: number;
  readonly boc: string;
  readonly walletLt: bigint;
  readonly status: BatchStatus;
  readonly txLt: bigint | undefined;
}

export interface Job {
  readonly role: "provider" | "gateway";
  readonly address: string;
  readonly provider: string | undefined;
  readonly developer: string;
  readonly nonce: bigint;
  readonly modelHash: string;
  readonly sessionKey: string;
  /** The terms' bytes, base64. */
  readonly terms: string | undefined;
  readonly budgetNano: bigint;
  readonly settledNano: bigint;
  readonly pendingNano: bigint;
  readonly state: string;
  readonly deadlineSeconds: number;
  readonly closeSeconds: number | undefined;
  /** JSON of the role's own. */
  readonly extra: Readonly<Record<string, unknown>>;
}

/** A task that a provider has accepted. */
export interface Task {
  readonly job: string;
  readonly openedAtSeconds: number;
  /** The request cell as BoC, base64. */
  readonly request: string;
  /** The worker that its opener named. */
  readonly worker: string | undefined;
  readonly state: TaskState;
  /** What a worker signed: hash in hex, response as BoC and signature in base64. */
  readonly answer:
    | {
        readonly worker: string;
        readonly status: number;
        readonly issuedAtSeconds: number;
        readonly responseHash: string;
        readonly response: string;
        readonly signature: string;
      }
    | undefined;
}

/** An auction that a provider has heard of. */
export interface Auction {
  readonly job: string;
  readonly modelHash: string;
  readonly developer: string;
  readonly nonce: bigint;
  readonly budgetNano: bigint;
  readonly openedAtSeconds: number;
  readonly endsAtSeconds: number;
  /** Nanoton per 1,000,000 tokens. */
  readonly ceiling: {
    readonly promptPrice: bigint;
    readonly cachedPrice: bigint;
    readonly completionPrice: bigint;
    readonly reasoningPrice: bigint;
  };
  readonly state: "open" | "over";
  /** The last bid sent: hundredths of a percent of the ceiling. */
  readonly bid: { readonly bps: number; readonly atMs: number } | undefined;
}

export interface ApiKey {
  readonly id: string;
  /** SHA-256 of the key, hex: the key itself is never stored. */
  readonly hash: string;
  readonly name: string;
  readonly limitNano: bigint | undefined;
  readonly spentNano: bigint;
  readonly limits: Readonly<Record<string, unknown>>;
  readonly createdAt: number;
  readonly revokedAt: number | undefined;
}

export interface Call {
  readonly requestId: string;
  readonly salt: string;
  /** Undefined for calls that an earlier release has noted. */
  readonly requestHash: string | undefined;
  readonly apiKeyId: string | undefined;
  readonly job: string;
  readonly worker: string;
  readonly model: string;
  readonly status: string;
  readonly maxCostNano: bigint;
  readonly costNano: bigint | undefined;
  readonly promptTokens: number | undefined;
  readonly completionTokens: number | undefined;
  readonly createdAt: number;
  readonly finishedAt: number | undefined;
}

export interface Session {
  readonly job: string;
  readonly publicKey: string;
  /** The caller's sealed form of the session's secret key; never the key itself. */
  readonly sealedSecret: string;
  readonly createdAt: number;
  readonly closedAt: number | undefined;
}
