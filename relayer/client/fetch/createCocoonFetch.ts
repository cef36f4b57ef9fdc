import {
  type CollateralSource,
  createQuoteVerifier,
  INTEL_ROOT_KEY,
  type QuoteVerifier,
} from "../../attestation";
import { RetryableError } from "../../errors";
import { type Clock, systemClock } from "../../observe/clock";
import { type Log, silentLog } from "../../observe/log";
import { fromHex, toRawAddress } from "../../protocol";
import { openStore } from "../../store";
import { createEvidenceCheck } from "../checkEvidence";
import type { Client } from "../createClient";
import type { NetworkIdentity } from "../deps";
import { type OpenedClient, openClient } from "../openClient";
import type { Policy } from "../policy";
import { type DeveloperPolicy, EMPTY_POLICY } from "../policyFile";
import { answerRequest, failureResponse } from "./answerRequest";

const DEFAULT_STORE = "file:.cocoon/client";

export interface CocoonFetchOptions {
  /** The content of `deployment.json`, as `deployNetwork` and `cocoon up` write it. Addresses in any form. */
  readonly network: {
    readonly globalId: number;
    readonly networkRegistry: string;
    readonly attestationRegistry?: string;
  };
  /** toncenter's JSON-RPC addresses, best first. */
  readonly endpoints: readonly string[];
  /**
   * 24 words of the V5R1 wallet that pays for jobs. Without them the only money is that of jobs which a wallet elsewhere
   * has opened, handed over with `(await fetch.ready()).adoptJob({ address, seed })`.
   */
  readonly mnemonic?: string;
  /** The network id in the wallet's address: -239 (default) or -3. */
  readonly walletNetworkId?: number;
  /**
   * `file:<directory>` (default `file:.cocoon/client`), `postgres://…`, or `memory:`. It holds the keys of open jobs:
   * without it their money comes back only when they are closed or end by date.
   */
  readonly store?: string;
  /** Encrypts those keys, salts and texts at rest; 32 bytes. */
  readonly sessionSecret?: Uint8Array;
  /** Earlier ones, which open what they sealed. */
  readonly formerSecrets?: readonly Uint8Array[];
  readonly policy?: Partial<Policy>;
  /** Public keys (hex) of development platforms whose workers may see a prompt: for networks of your own. */
  readonly developmentPlatforms?: readonly string[];
  /** How TDX workers' quotes are verified, before anything is sealed to them; without it, those workers are refused. */
  readonly quotes?: {
    /** `createPccsCollateral` or `createFileCollateral`. Whoever delivers it is trusted for nothing. */
    readonly collateral: CollateralSource;
    /** x and y of the root (128 hex digits) that a network of your own pins; Intel's by default. */
    readonly rootKey?: string;
  };
  /** What you accept beyond the network's lists: `parsePolicyFile` of a policy file's text. */
  readonly accepted?: DeveloperPolicy;
  /** By default nothing is logged. */
  readonly log?: Log;
  readonly clock?: Clock;
}

/** `fetch` for OpenAI clients. Whatever the host in the URL, nothing leaves this process but sealed requests. */
export interface CocoonFetch {
  (input: string | URL | Request, init?: RequestInit): Promise<Response>;
  /** Resolves once the network is read. Not needed; it moves that wait away from the first request. */
  ready(): Promise<Client>;
  /** Co-signs what is due and stops; without it the process stays. Jobs stay open, and the next start goes on with them. */
  close(): Promise<void>;
}

interface Opened extends OpenedClient {
  readonly openedSeconds: number;
  readonly closeAll: () => Promise<void>;
}

/**
 * A `fetch` that answers OpenAI's requests in this process: it finds an attested worker, opens a job with your wallet's
 * TON, seals each request to the worker's key, verifies every answer's receipt and co-signs it. Served are chat and text
 * completions (streams too), what they would cost under `/estimate/…`, `/models`, and `/receipts/{id}`; everything else is a 404 in OpenAI's shape.
 *
 * A response's `cocoon-receipt` header names its receipt. A request's `cocoon-max-cost` header (nanoton) limits its cost.
 * The API key that the client asks for is ignored. An abort stops the generation; what was made is paid.
 *
 * @example
 * import { readFileSync } from "node:fs";
 * import OpenAI from "openai";
 * import { createCocoonFetch } from "cocoon/client";
 *
 * const fetch = createCocoonFetch({
 *   network: JSON.parse(readFileSync(process.env.COCOON_DEPLOYMENT, "utf8")),
 *   endpoints: [process.env.COCOON_ENDPOINTS],
 *   mnemonic: process.env.COCOON_DEVELOPER_MNEMONIC,
 *   developmentPlatforms: [process.env.COCOON_DEV_PLATFORM_KEYS],
 *   store: "memory:",
 * });
 * const openai = new OpenAI({ apiKey: "not used", fetch });
 * const answer = await openai.chat.completions.create({
 *   model: "cocoon-test",
 *   messages: [{ role: "user", content: "Who are you?" }],
 * });
 * console.log(answer.choices[0].message.content); // Hello from the enclave
 * console.log(answer.usage.cost_nano); // 5200
 * await fetch.close();
 */
export function createCocoonFetch(options: CocoonFetchOptions): CocoonFetch {
  let opening: Promise<Opened> | undefined;
  let isClosed = false;

  const open = (): Promise<Opened> => {
    if (isClosed) {
      return Promise.reject(
        new RetryableError("SHUTTING_DOWN", "This fetch was closed: create another one."),
      );
    }
    opening ??= openAll(options).catch((thrown: unknown) => {
      opening = undefined;
      throw thrown;
    });
    return opening;
  };
  const call = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    try {
      return await answerRequest(await unlessAborted(open(), request.signal), request);
    } catch (thrown) {
      request.signal.throwIfAborted();
      return failureResponse(thrown);
    }
  };
  return Object.assign(call, {
    ready: async () => (await open()).client,
    close: async () => {
      isClosed = true;
      const opened = await opening?.catch(() => undefined);
      await opened?.closeAll();
    },
  });
}

async function openAll(options: CocoonFetchOptions): Promise<Opened> {
  const { network, log = silentLog, clock = systemClock } = options;
  const { globalId, networkRegistry: registry, attestationRegistry } = network;
  const platforms = (options.developmentPlatforms ?? []).map((key) => fromHex(key, 32));
  const accepted = options.accepted ?? EMPTY_POLICY;
  const evidenceCheck = (found: NetworkIdentity) =>
    createEvidenceCheck({
      networkId: found.globalId,
      registry: toRawAddress(found.attestationRegistry.toRawString()),
      developmentPlatforms: platforms,
      quotes: quoteVerifierOf(options.quotes, accepted),
      knownSites: accepted.knownSites,
      clock,
    });
  const store = await openStore({ url: options.store ?? DEFAULT_STORE, log, clock });
  try {
    const opened = await openClient({
      ...options,
      network: { globalId, registry, attestationRegistry },
      store,
      evidenceCheck,
      policy: { ...options.policy, ...accepted.client },
      log,
      clock,
    });
    const openedSeconds = Math.floor(clock.nowMs() / 1000);
    return { ...opened, openedSeconds, closeAll: () => opened.close().finally(() => store.close()) };
  } catch (thrown) {
    await store.close();
    throw thrown;
  }
}

function quoteVerifierOf(
  quotes: CocoonFetchOptions["quotes"],
  { tcb, minEvaluationNumber }: DeveloperPolicy,
): QuoteVerifier | undefined {
  if (quotes === undefined) {
    return undefined;
  }
  const { collateral, rootKey } = quotes;
  return createQuoteVerifier({
    rootKey: rootKey === undefined ? INTEL_ROOT_KEY : fromHex(rootKey, 64),
    collateral,
    tcb,
    minEvaluationNumber,
  });
}

/** The promise, or the signal's reason as soon as it is aborted. The promise goes on. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let onAbort = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
