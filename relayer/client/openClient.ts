import { Address } from "@ton/core";
import {
  type ChainReader,
  createOutbox,
  createToncenterClient,
  fallback,
  type Wallet,
  walletFromMnemonic,
} from "../chain";
import { FinalError } from "../errors";
import { type Clock, systemClock } from "../observe/clock";
import type { Log } from "../observe/log";
import type { Store } from "../store";
import { attestationRegistryOf, type Client, createClient } from "./createClient";
import type { NetworkIdentity, VerifyEvidence } from "./deps";
import { DEFAULT_POLICY, type Policy } from "./policy";
import { createProviderHttp } from "./providerHttp";
import { createSecretBox } from "./secretBox";
import type { Spender } from "./spender";

const PUBLIC_NETWORKS: readonly number[] = [-239, -3];

export interface OpenClientOptions {
  /** The caller opens and closes it. */
  readonly store: Store;
  /** toncenter's JSON-RPC addresses, best first. */
  readonly endpoints: readonly string[];
  readonly network: {
    readonly globalId: number;
    /** NetworkRegistry, in any form. */
    readonly registry: string;
    /** By default the one that the NetworkRegistry names. */
    readonly attestationRegistry?: string;
  };
  /** The developer's 24 words; without them, jobs are opened elsewhere and handed over. */
  readonly mnemonic?: string | undefined;
  /** The network id in the wallet's address: -239 (default) or -3. */
  readonly walletNetworkId?: number;
  /** Encrypts session keys, salts and texts at rest; 32 bytes. */
  readonly sessionSecret?: Uint8Array;
  /** Earlier ones, which open what they sealed. */
  readonly formerSecrets?: readonly Uint8Array[];
  readonly policy?: Partial<Policy>;
  /** What looks at workers' evidence; made once the network's addresses are known. */
  readonly evidenceCheck?: (network: NetworkIdentity) => VerifyEvidence | undefined;
  /** Whose allowance pays; by default nobody's. */
  readonly spender?: Spender;
  readonly log: Log;
  readonly clock?: Clock;
}

/** A client with everything between it and its store: chain, wallet, outbox, providers. */
export interface OpenedClient {
  readonly client: Client;
  readonly wallet: Wallet | undefined;
  /** Co-signs what is due and stops. Jobs stay open: the next start over the same store goes on with them. */
  close(): Promise<void>;
}

/** Starts a client over a store; its wallet's messages go out through an outbox. Leaves nothing running when it throws. */
export async function openClient(options: OpenClientOptions): Promise<OpenedClient> {
  const { store, log, clock = systemClock } = options;
  const policy = policyOf(options);
  const endpoints = options.endpoints.map((endpoint) => createToncenterClient({ endpoint, log }));
  const reader: ChainReader = fallback(endpoints);
  const closers: (() => Promise<unknown>)[] = endpoints.map((endpoint) => () => endpoint.close());
  const stop = new AbortController();
  const close = async () => {
    stop.abort();
    for (const next of closers.splice(0).reverse()) {
      await next();
    }
  };
  try {
    const wallet = await walletOf(options);
    if (wallet !== undefined) {
      const outbox = await createOutbox({ store, reader, wallet, log });
      const sending = outbox.run(stop.signal);
      closers.push(() => sending.then(() => outbox.close()));
    }
    const registry = parseAddress(options.network.registry);
    const attestationRegistry =
      options.network.attestationRegistry === undefined
        ? await attestationRegistryOf({ reader }, registry)
        : parseAddress(options.network.attestationRegistry);
    const network = { globalId: options.network.globalId, registry, attestationRegistry };
    const http = createProviderHttp(policy);
    closers.push(() => http.close());
    const secretBox = createSecretBox(options.sessionSecret, options.formerSecrets);
    const verifyEvidence = options.evidenceCheck?.(network);
    const client = await createClient(
      { store, reader, wallet, http, secretBox, network, policy, log, clock, verifyEvidence },
      options.spender,
    );
    closers.push(() => client.close());
    return { client, wallet, close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

async function walletOf({ mnemonic, walletNetworkId }: OpenClientOptions): Promise<Wallet | undefined> {
  return mnemonic === undefined
    ? undefined
    : await walletFromMnemonic({ words: mnemonic.trim().split(/\s+/), networkGlobalId: walletNetworkId });
}

/** The given policy over the defaults; a development network may use development TEEs and plain HTTP. */
function policyOf(options: OpenClientOptions): Policy {
  const isPublic = PUBLIC_NETWORKS.includes(options.network.globalId);
  const development: Partial<Policy> = isPublic
    ? {}
    : { tees: ["development", "tdx", "sevSnp"], allowHttp: true };
  return { ...DEFAULT_POLICY, ...development, ...options.policy };
}

function parseAddress(text: string): Address {
  try {
    return Address.parse(text);
  } catch (cause) {
    throw new FinalError("CONFIG_INVALID", "An address of the network is not valid.", {}, { cause });
  }
}
