import { setImmediate } from "node:timers/promises";
import { Address } from "@ton/core";
import { type SendTransactionRequest, TonConnect, type Wallet } from "@tonconnect/sdk";
import { NotSeenError } from "../../../../wrappers/scripting";
import { FinalError, RetryableError } from "../../../errors";
import { appFailure, disconnected, plain } from "./appFailure";
import { type AppSource, listOf, reach, sourceOf } from "./appSource";
import { containSdk } from "./containSdk";
import type { SessionStore } from "./sessionStore";
import { type Patience, untilAnswered } from "./untilAnswered";
import { type Watch, watchConnection } from "./watchConnection";

export interface AppOptions extends AppSource, Patience {
  readonly store: SessionStore;
  /** Of the network that is meant. */
  readonly globalId: number;
  readonly manifestUrl: string;
  /** Goes on with a kept connection, or fails: nobody is asked to scan anything. */
  readonly isKeptOnly?: boolean;
  readonly showLink: (link: string) => void;
}

/** A wallet app that answers. */
export interface App {
  readonly address: Address;
  readonly name: string;
  /** Asks for one transaction; returns the signed message that the app says it has sent. Its word is no proof. */
  ask(transaction: SendTransactionRequest): Promise<string>;
  /** Leaves a kept connection to the next command, and ends one that was for this command alone. */
  close(): Promise<void>;
  /** Ends it in any case. */
  disconnect(): Promise<void>;
}

interface Opened {
  readonly connector: TonConnect;
  readonly options: AppOptions;
  /** Ends what the SDK would try for ever. */
  readonly stop: AbortSignal;
  /** What to add to an error where letters came that could not be opened. */
  readonly remark: () => string;
}

const FAREWELL_MS = 3_000;

/**
 * Goes on with a connection that was kept, or waits for a person to scan a link.
 * @throws TIMEOUT when nobody does, WRONG_NETWORK, `NotConfirmedError` when the app is told no
 */
export async function openApp(options: AppOptions): Promise<App> {
  const { store } = options;
  let lost = 0;
  const release = containSdk(() => {
    lost += 1;
  });
  const connector = new TonConnect({
    storage: store,
    manifestUrl: options.manifestUrl,
    walletsListSource: listOf(options),
    analytics: { mode: "off" },
    disableAutoPauseConnection: true,
  });
  const remark = () =>
    lost === 0 ? "" : ` ${lost} messages came that could not be opened: the bridge may have changed them.`;
  const stop = new AbortController();
  const opened = { connector, options, stop: stop.signal, remark };
  const end = async (mode: "keep" | "forget") => {
    if (mode === "forget") {
      if (connector.connected) {
        await connector.disconnect({ signal: AbortSignal.timeout(FAREWELL_MS) }).catch(() => {});
      }
      store.forget();
    }
    connector.pauseConnection();
    stop.abort();
    await setImmediate(); // what the SDK has begun comes to its end
    release();
  };
  let mode: "keep" | "forget" = store.account() === undefined ? "forget" : "keep";
  try {
    const wallet = (await restored(opened)) ?? (await connected(opened));
    requireNetwork(wallet.account.chain, options.globalId);
    mode = store.isKept ? "keep" : "forget";
    const address = Address.parse(wallet.account.address);
    const name = plain(wallet.device.appName);
    const watch = watchConnection(connector);
    store.setAccount({ address: address.toRawString(), chain: wallet.account.chain, app: name });
    return {
      address,
      name,
      ask: (transaction) => ask(opened, watch, transaction),
      close: () => end(mode),
      disconnect: () => end("forget"),
    };
  } catch (thrown) {
    await end(mode);
    throw thrown;
  }
}

/** @throws WRONG_NETWORK */
export function requireNetwork(chain: string, globalId: number): void {
  if (chain !== String(globalId)) {
    throw new FinalError(
      "WRONG_NETWORK",
      `The wallet app is on network ${plain(chain)}, this command on ${globalId} (-239 mainnet, -3 testnet): ` +
        "nothing was sent. Switch the app's network, or set COCOON_GLOBAL_ID.",
    );
  }
}

async function restored({ connector, options }: Opened): Promise<Wallet | undefined> {
  const { store, bridgeUrl } = options;
  if (store.account() === undefined) {
    return undefined;
  }
  if (bridgeUrl !== undefined) {
    await reach(bridgeUrl);
  }
  await connector.restoreConnection();
  return connector.wallet ?? undefined;
}

async function connected({ connector, options, stop, remark }: Opened): Promise<Wallet> {
  if (options.isKeptOnly === true) {
    throw disconnected("The wallet app has ended the connection");
  }
  const source = await sourceOf(connector, options);
  const wallet = new Promise<Wallet>((resolve, reject) => {
    connector.onStatusChange(
      (found) => {
        if (found !== null) {
          resolve(found);
        }
      },
      (thrown) => reject(appFailure(thrown)),
    );
  });
  options.showLink(connector.connect(source, { signal: stop }));
  return await untilAnswered(connector, wallet, options, () => {
    const seconds = options.waitMs / 1_000;
    const text = `No wallet app connected within ${seconds} s, and nothing was sent: run the command again.`;
    return new RetryableError("TIMEOUT", `${text}${remark()}`);
  });
}

async function ask(
  { connector, options, remark }: Opened,
  watch: Watch,
  transaction: SendTransactionRequest,
): Promise<string> {
  watch.require();
  const stop = new AbortController();
  const answer = connector.sendTransaction(transaction, { signal: stop.signal }).then(
    ({ boc }) => boc,
    (thrown: unknown) => {
      throw appFailure(thrown);
    },
  );
  try {
    return await untilAnswered(connector, Promise.race([answer, watch.lost]), options, () => {
      const until = new Date(transaction.validUntil * 1_000).toISOString();
      const text = `The wallet app did not answer within ${options.waitMs / 1_000} s. It may send until ${until}`;
      return new NotSeenError(`${text}: look at the wallet before you repeat it.${remark()}`);
    });
  } finally {
    stop.abort();
  }
}
