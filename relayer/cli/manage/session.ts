import type { ScriptHost } from "../../../wrappers/scripting";
import { type ChainReader, createToncenterClient, fallback } from "../../chain";
import { type Config, readConfig } from "../../config";
import { silentLog } from "../../observe/log";
import { createHost, DryRunEnd, type Sent } from "./host";
import { openSender, type SenderOptions } from "./openSender";
import { type Io, toJson, withProgress } from "./output";

export interface CommonOptions extends SenderOptions {
  readonly json?: boolean;
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
    const { sender, close } = await openSender(io, options, {
      config,
      reader,
      words: action.mnemonicOf(config),
    });
    const host = createHost({
      reader,
      sender,
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
    } finally {
      await close();
    }
    if (options.json === true) {
      io.stdout.write(toJson({ dryRun, sent, notes }));
    } else if (dryRun) {
      io.stdout.write("Nothing was sent: this was a dry run.\n");
    }
  });
}
