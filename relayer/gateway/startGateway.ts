import { Address } from "@ton/core";
import {
  type ChainReader,
  createOutbox,
  createToncenterClient,
  fallback,
  walletFromMnemonic,
} from "../chain";
import {
  attestationRegistryOf,
  createClient,
  createProviderHttp,
  createSecretBox,
  DEFAULT_POLICY,
  type Policy,
} from "../client";
import { FinalError } from "../errors";
import { systemClock } from "../observe/clock";
import { openStore } from "../store";
import { createApiKeys } from "./apiKeys";
import { createApp } from "./createApp";
import { createMetrics } from "./metrics";
import { checkOptions, type GatewayOptions } from "./options";

const PUBLIC_NETWORKS: readonly number[] = [-239, -3];
/** Answers under way get this long when the gateway stops. */
const DRAIN_MS = 30_000;

export interface Gateway {
  /** Base URL without a slash; OpenAI clients append `/v1` to it. */
  readonly url: string;
  close(): Promise<void>;
}

/** Starts the OpenAI-compatible gateway. Throws `CONFIG_INVALID` rather than run with options that are not sound. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  checkOptions(options);
  const { log, clock = systemClock, host = "127.0.0.1" } = options;
  const policy = policyOf(options);
  const endpoints = options.endpoints.map((endpoint) => createToncenterClient({ endpoint, log }));
  const reader: ChainReader = fallback(endpoints);
  const store = await openStore({ url: options.store, log, clock });
  const stop = new AbortController();
  const closers: (() => Promise<unknown>)[] = [
    () => store.close(),
    ...endpoints.map((endpoint) => () => endpoint.close()),
  ];
  const closeAll = async () => {
    stop.abort();
    for (const close of closers.toReversed()) {
      await close();
    }
  };
  try {
    const wallet = await walletFromMnemonic({
      words: options.mnemonic.trim().split(/\s+/),
      networkGlobalId: options.walletNetworkId,
    });
    const outbox = await createOutbox({ store, reader, wallet, log });
    const sending = outbox.run(stop.signal);
    closers.push(() => sending.then(() => outbox.close()));
    const registry = parseAddress(options.network.registry);
    const attestationRegistry =
      options.network.attestationRegistry === undefined
        ? await attestationRegistryOf({ reader }, registry)
        : parseAddress(options.network.attestationRegistry);
    const apiKeys = await createApiKeys({ store, clock, log }, options.apiKeys);
    const http = createProviderHttp(policy);
    closers.push(() => http.close());
    const network = { globalId: options.network.globalId, registry, attestationRegistry };
    const secretBox = createSecretBox(options.sessionSecret);
    const { verifyEvidence } = options;
    const deps = { store, reader, wallet, http, secretBox, network, policy, log, clock, verifyEvidence };
    const client = await createClient(deps, apiKeys);
    closers.push(() => {
      stop.abort();
      return client.close();
    });
    const app = createApp({ client, store, apiKeys, metrics: createMetrics(client), log, clock });
    const url = await app.listen({ host, port: options.port });
    closers.push(() =>
      Promise.race([app.close(), new Promise((resolve) => setTimeout(resolve, DRAIN_MS).unref())]),
    );
    log.info({ msg: "gateway started", url, wallet: wallet.address.toRawString() });
    return { url, close: closeAll };
  } catch (thrown) {
    await closeAll();
    throw thrown;
  }
}

/** The given policy over the defaults; a development network may use development TEEs and plain HTTP. */
function policyOf(options: GatewayOptions): Policy {
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
