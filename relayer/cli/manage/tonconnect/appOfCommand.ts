import { Address } from "@ton/core";
import type { Config } from "../../../config";
import { FinalError } from "../../../errors";
import { type Io, withProgress } from "../output";
import { type App, openApp, requireNetwork } from "./openApp";
import { TESTNET_GLOBAL_ID } from "./sendByApp";
import { fileStore, keptAccount, memoryStore, type SessionStore } from "./sessionStore";
import { showLink } from "./showLink";

type ManageConfig = Config<"manage">;

/** The app that a command sends by: the one of `wallet connect` unless another is named, or one that a person connects for this command. */
export async function appOfCommand(
  io: Io,
  config: ManageConfig,
  options: {
    readonly app?: string | undefined;
    readonly globalId?: number;
    readonly store?: SessionStore;
    readonly isKeptOnly?: boolean;
  },
): Promise<App> {
  const file = config.COCOON_TONCONNECT_FILE;
  const isKept = options.app === undefined && keptAccount(file) !== undefined;
  const store = options.store ?? (isKept ? fileStore(file) : memoryStore());
  io.leave?.(); // the SDK leaves timers running
  const { globalId = config.COCOON_GLOBAL_ID } = options;
  const opening = openApp({
    store,
    globalId,
    manifestUrl: config.COCOON_TONCONNECT_MANIFEST,
    bridgeUrl: config.COCOON_TONCONNECT_BRIDGE,
    walletsUrl: config.COCOON_TONCONNECT_WALLETS,
    appName: options.app,
    isKeptOnly: options.isKeptOnly ?? false,
    waitMs: config.COCOON_TONCONNECT_SECONDS * 1_000,
    showLink: (link) => showLink(io, link),
  });
  const app = await withProgress(io, "Waiting for the wallet app", opening);
  if (!isKept) {
    // Whoever reads the link can answer it: the person alone knows whose address this should be.
    const address = app.address.toString({ bounceable: false, testOnly: globalId === TESTNET_GLOBAL_ID });
    io.stderr.write(`Connected ${address} in ${app.name}.\n`);
  }
  return app;
}

/** Whose the kept connection is, without asking anybody. */
export function addressOfKept(config: ManageConfig): Address {
  const account = keptAccount(config.COCOON_TONCONNECT_FILE);
  if (account === undefined) {
    throw new FinalError(
      "CONFIG_INVALID",
      "A dry run asks no wallet app, and this command needs to know the wallet: `cocoon wallet connect` first.",
    );
  }
  requireNetwork(account.chain, config.COCOON_GLOBAL_ID);
  return Address.parse(account.address);
}
