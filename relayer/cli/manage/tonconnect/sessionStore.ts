import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { IStorage } from "@tonconnect/sdk";
import { z } from "zod";
import { FinalError } from "../../../errors";

export interface Account {
  /** Raw. */
  readonly address: string;
  /** The network's global id, as text. */
  readonly chain: string;
  /** The app's name. */
  readonly app: string;
}

/** Where a connection to a wallet app is kept: what the SDK keeps of it, and whose it is. */
export interface SessionStore extends IStorage {
  /** Whether another command can go on with it. */
  readonly isKept: boolean;
  account(): Account | undefined;
  setAccount(account: Account): void;
  forget(): void;
}

const fileSchema = z.object({
  account: z.object({ address: z.string(), chain: z.string(), app: z.string() }).optional(),
  items: z.record(z.string(), z.string()),
});
type Kept = z.infer<typeof fileSchema>;

/** For one command. */
export function memoryStore(): SessionStore {
  return storeOf({ items: {} }, { isKept: false, save: () => {}, forget: () => {} });
}

/** For the commands to come, readable by its owner alone. Whoever has it may ask the app; only the app signs. */
export function fileStore(path: string): SessionStore {
  return storeOf(readKept(path) ?? { items: {} }, {
    isKept: true,
    save: (kept) => {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      const draft = `${path}.${process.pid}`;
      writeFileSync(draft, JSON.stringify(kept), { mode: 0o600 });
      renameSync(draft, path);
    },
    forget: () => rmSync(path, { force: true }),
  });
}

/** The account of a connection that was completed and kept. */
export function keptAccount(path: string): Account | undefined {
  return readKept(path)?.account;
}

function storeOf(
  kept: Kept,
  place: { readonly isKept: boolean; save(kept: Kept): void; forget(): void },
): SessionStore {
  const change = async (next: () => void) => {
    // The SDK throws away what comes with a stream's first bytes, unless keeping its number takes a turn of the loop.
    await setImmediate();
    next();
    place.save(kept);
  };
  return {
    isKept: place.isKept,
    getItem: async (key) => kept.items[key] ?? null,
    setItem: (key, value) =>
      change(() => {
        kept.items[key] = value;
      }),
    removeItem: (key) => change(() => delete kept.items[key]),
    account: () => kept.account,
    setAccount: (account) => {
      kept.account = account;
      place.save(kept);
    },
    forget: () => {
      kept.account = undefined;
      kept.items = {};
      place.forget();
    },
  };
}

function readKept(path: string): Kept | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
  try {
    return fileSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new FinalError(
      "CONFIG_INVALID",
      `${path} holds no connection to a wallet app: delete it.`,
      {},
      { cause },
    );
  }
}
