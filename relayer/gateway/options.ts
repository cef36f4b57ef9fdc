import { z } from "zod";
import type { AlertSink } from "../alerts";
import type { HandedJob, Policy, VerifyEvidence } from "../client";
import { FinalError } from "../errors";
import type { Clock } from "../observe/clock";
import type { Log } from "../observe/log";
import type { KeyLimits } from "./keyLimits";
import type { UsdSource } from "./usdRate";

export interface ApiKeyOption extends KeyLimits {
  /** Shows in logs and lists. */
  readonly name: string;
  /** What the client sends as `Bearer`; stored as its hash. */
  readonly key: string;
  /** Of everything it ever spends. */
  readonly limitNano?: bigint | undefined;
  /** May open and close jobs and read every receipt; by default a key without limit may. */
  readonly admin?: boolean | undefined;
}

export interface GatewayOptions {
  /** 127.0.0.1 unless told otherwise. */
  readonly host?: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** `file:<directory>`, `memory:` or `postgres://…` */
  readonly store: string;
  /** toncenter's JSON-RPC addresses, best first. */
  readonly endpoints: readonly string[];
  readonly network: {
    readonly globalId: number;
    /** NetworkRegistry, in any form. */
    readonly registry: string;
    /** By default the one that the NetworkRegistry names. */
    readonly attestationRegistry?: string;
  };
  /** The developer's 24 words; without them, only jobs that are handed over are used. */
  readonly mnemonic?: string | undefined;
  /** Jobs that a wallet elsewhere has opened, each with the seed [32] of its session key. */
  readonly jobs?: readonly HandedJob[];
  /** The network id in the wallet's address: -239 (default) or -3. */
  readonly walletNetworkId?: number;
  /** The valid keys, at least one; a key of an earlier start that is not among them is revoked. */
  readonly apiKeys: readonly ApiKeyOption[];
  /** Encrypts session keys, salts and texts at rest; 32 bytes. */
  readonly sessionSecret?: Uint8Array;
  /** Earlier ones, which open what they sealed. */
  readonly formerSecrets?: readonly Uint8Array[];
  readonly policy?: Partial<Policy>;
  /** Where US dollars for TON come from; without it, amounts are told in TON alone. */
  readonly usd?: UsdSource | undefined;
  readonly verifyEvidence?: VerifyEvidence;
  /** Who is told what an operator must know. */
  readonly alertSinks?: readonly AlertSink[];
  /** How often that is looked at. */
  readonly watchMs?: number;
  readonly log: Log;
  readonly clock?: Clock;
}

const LEAST_KEY = 16;

const secret = z.instanceof(Uint8Array).refine(({ length }) => length === 32);

const schema = z.object({
  port: z.int().min(0).max(65_535),
  endpoints: z.array(z.url()).min(1),
  apiKeys: z.array(z.object({ name: z.string().min(1).max(200), key: z.string().min(LEAST_KEY).max(512) })),
  mnemonic: z.string().min(1).optional(),
  sessionSecret: secret.optional(),
  formerSecrets: z.array(secret).optional(),
});

/** Throws `CONFIG_INVALID` naming the option, never its value. */
export function checkOptions(options: GatewayOptions): void {
  const parsed = schema.safeParse(options);
  if (!parsed.success) {
    const path = parsed.error.issues[0]?.path.join(".") ?? "";
    throw new FinalError("CONFIG_INVALID", `The gateway's option ${path} is missing or not valid.`, {
      option: path,
    });
  }
}
