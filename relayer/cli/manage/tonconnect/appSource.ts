import { isWalletInfoRemote, type TonConnect, type WalletInfoRemote } from "@tonconnect/sdk";
import { FinalError, RetryableError } from "../../../errors";

export interface AppSource {
  /** One bridge instead of those in the list of apps. */
  readonly bridgeUrl: string | undefined;
  /** The list of apps; the SDK's own where there is none. */
  readonly walletsUrl: string | undefined;
  /** One app of that list; otherwise any. */
  readonly appName: string | undefined;
}

const REACH_MS = 10_000;
/** Nothing is fetched where the bridge is named. */
const NO_LIST = "data:application/json,[]";

export function listOf({ walletsUrl, bridgeUrl }: AppSource): string | undefined {
  return walletsUrl ?? (bridgeUrl === undefined ? undefined : NO_LIST);
}

/** Where a connection is waited for: at one app's bridge, at the named one, or at those of all apps. */
export async function sourceOf(connector: TonConnect, { bridgeUrl, appName }: AppSource) {
  const apps = (await connector.getWallets()).filter(isWalletInfoRemote);
  if (appName !== undefined) {
    const { universalLink, bridgeUrl: own } = named(apps, appName);
    await reach(bridgeUrl ?? own);
    return { universalLink, bridgeUrl: bridgeUrl ?? own };
  }
  if (bridgeUrl !== undefined) {
    await reach(bridgeUrl);
    return [{ bridgeUrl }];
  }
  const bridges = new Set(apps.map((app) => app.bridgeUrl));
  return [...bridges].map((url) => ({ bridgeUrl: url }));
}

function named(apps: readonly WalletInfoRemote[], name: string): WalletInfoRemote {
  const found = apps.find(({ appName }) => appName.toLowerCase() === name.toLowerCase());
  if (found === undefined) {
    const known = apps.map(({ appName }) => appName).join(", ");
    throw new FinalError("BAD_REQUEST", `No wallet app is called ${name}. The list has: ${known}.`);
  }
  return found;
}

/** The SDK tries for ever; a person wants to know that nobody is there. Whatever is answered is an answer. */
export async function reach(bridgeUrl: string): Promise<void> {
  try {
    const response = await fetch(bridgeUrl, { signal: AbortSignal.timeout(REACH_MS) });
    await response.body?.cancel();
  } catch (cause) {
    throw new RetryableError(
      "CHAIN_UNAVAILABLE",
      `The TON Connect bridge ${bridgeUrl} does not answer: look at the network, or name another in COCOON_TONCONNECT_BRIDGE.`,
      {},
      { cause },
    );
  }
}
