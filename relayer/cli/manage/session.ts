import type { ScriptHost } from "../../../wrappers/scripting";
import {
  type ChainReader,
  createToncenterClient,
  fallback,
  type Wallet,
  walletFromMnemonic,
} from "../../chain";
import { type Config, readConfig } from "../../config";
import { FinalError } from "../../errors";
import { silentLog } from "../../observe/log";
import { createHost, DryRunEnd, type Sent } from "./host";
import { type Io, toJson, withProgress } from "./output";

export interface CommonOptions {
  readonly json?: boolean;
  readonly dryRun?: boolean;
}

type ManageConfig = Config<"manage">;
type MnemonicOf = (config: ManageConfig) => string | undefined;

/** Longer than a relayer waits: a person has no other endpoint to fall back on. */
const CHAIN_MS = 30_000;

/** Opens the chain for one command, and closes it. */
export async function withChain<T>(
  io: Io,
  work: (chain: { readonly config: ManageConfig; readonly reader: ChainReader }) => Promise<T>,
): Promise<T> {
  const config = readConfig("manage", io.env);
  const clients = config.COCOON_ENDPOINTS.map((endpoint) =>
    createToncenterClient({ endpoint, timeoutMs: CHAIN_MS, log: silentLog }),
  );
  try {
    return await work({ config, reader: fallback(clients) });
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
}

export interface Action {
  /** What is waited for, for the progress line. */
  readonly what: string;
  readonly mnemonicOf: MnemonicOf;
  readonly run: (host: ScriptHost, config: ManageConfig, reader: ChainReader) => Promise<void>;
}

/** Runs a script that sends. Prints its lines, or one JSON object of what was sent and noted. */
export async function runAction(io: Io, options: CommonOptions, action: Action): Promise<void> {
  await withChain(io, async ({ config, reader }) => {
    const notes: string[] = [];
    const sent: Sent[] = [];
    const dryRun = options.dryRun === true;
    const host = createHost({
      reader,
      wallet: await walletOf(config, action.mnemonicOf(config)),
      globalId: config.COCOON_GLOBAL_ID,
      dryRun,
      write: (line) => {
        notes.push(line);
        if (options.json !== true) {
          io.stdout.write(`${line}\n`);
        }
      },
      ask: io.ask,
      onSent: (message) => sent.push(message),
    });
    try {
      await withProgress(io, action.what, action.run(host, config, reader));
    } catch (thrown) {
      if (!(thrown instanceof DryRunEnd)) {
        throw thrown;
      }
    }
    if (options.json === true) {
      io.stdout.write(toJson({ dryRun, sent, notes }));
    } else if (dryRun) {
      io.stdout.write("Nothing was sent: this was a dry run.\n");
    }
  });
}

async function walletOf(config: ManageConfig, mnemonic: string | undefined): Promise<Wallet> {
  const words = mnemonic ?? config.WALLET_MNEMONIC;
  if (words === undefined) {
    throw new FinalError(
      "CONFIG_INVALID",
      "This command sends from a wallet: set COCOON_OWNER_MNEMONIC (provider), COCOON_DEVELOPER_MNEMONIC (jobs) or WALLET_MNEMONIC.",
    );
  }
  return await walletFromMnemonic({
    words: words.trim().split(/\s+/),
    networkGlobalId: config.COCOON_WALLET_NETWORK_ID,
  });
}
