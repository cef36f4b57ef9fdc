import type { Address } from "@ton/core";
import { type ChainReader, walletFromMnemonic } from "../../chain";
import type { Config } from "../../config";
import { FinalError } from "../../errors";
import { systemClock } from "../../observe/clock";
import type { Io } from "./output";
import { senderByWords } from "./sendByWords";
import type { MessageSender } from "./sender";

type ManageConfig = Config<"manage">;

export interface SenderOptions {
  readonly dryRun?: boolean;
  /** Send by a wallet app on a person's phone. */
  readonly tonconnect?: boolean;
  /** Which one, by its name in the list of apps. */
  readonly app?: string;
}

export interface OpenSender {
  readonly sender: MessageSender;
  close(): Promise<void>;
}

// Loaded where a wallet app is asked for.
const parts = {
  command: (): typeof import("./tonconnect/appOfCommand") => require("./tonconnect/appOfCommand"),
  send: (): typeof import("./tonconnect/sendByApp") => require("./tonconnect/sendByApp"),
};

/** The wallet that a command sends from: of words in the configuration, or in an app. */
export async function openSender(
  io: Io,
  options: SenderOptions,
  deps: {
    readonly config: ManageConfig;
    readonly reader: ChainReader;
    readonly words: string | undefined;
  },
): Promise<OpenSender> {
  const { config, reader } = deps;
  if (options.tonconnect !== true) {
    requireNoApp(options);
    return { sender: senderByWords(reader, await walletOf(config, deps.words)), close: async () => {} };
  }
  const { appOfCommand, addressOfKept } = parts.command();
  if (options.dryRun === true) {
    return { sender: silentSender(() => addressOfKept(config)), close: async () => {} };
  }
  const app = await appOfCommand(io, config, options);
  const sender = parts.send().senderByApp({
    reader,
    app,
    globalId: config.COCOON_GLOBAL_ID,
    waitMs: config.COCOON_TONCONNECT_SECONDS * 1_000,
    clock: systemClock,
    onAsk: () => io.stderr.write("Confirm in the wallet app.\n"),
  });
  return { sender, close: () => app.close() };
}

/** Throws `BAD_REQUEST` where an app is named that nobody would ask. */
export function requireNoApp({ app }: SenderOptions): void {
  if (app !== undefined) {
    throw new FinalError("BAD_REQUEST", "--app names a wallet app: give --tonconnect, too.");
  }
}

/** For a dry run: whose wallet it would be is known from a connection that was kept, or nobody needs to know. */
function silentSender(address: () => Address): MessageSender {
  return {
    get address() {
      return address();
    },
    send: () => Promise.reject(new FinalError("INTERNAL", "A dry run sends nothing.")),
  };
}

async function walletOf(config: ManageConfig, mnemonic: string | undefined) {
  const words = mnemonic ?? config.WALLET_MNEMONIC;
  if (words === undefined) {
    throw new FinalError(
      "CONFIG_INVALID",
      "This command sends from a wallet: give --tonconnect, or set COCOON_OWNER_MNEMONIC (provider), COCOON_DEVELOPER_MNEMONIC (jobs) or WALLET_MNEMONIC.",
    );
  }
  return await walletFromMnemonic({
    words: words.trim().split(/\s+/),
    networkGlobalId: config.COCOON_WALLET_NETWORK_ID,
  });
}
