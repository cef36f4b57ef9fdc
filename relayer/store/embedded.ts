import { mkdirSync } from "node:fs";
import { join } from "node:path";
import Libsql from "libsql";
import { FinalError } from "../errors";
import { storeFailure } from "./failures";
import { LibsqlDialect, preparedOnce, runNowOf } from "./libsqlDialect";
import type { RunNow } from "./store";
import { createWalFlush } from "./walFlush";

export interface EmbeddedDatabase {
  readonly dialect: LibsqlDialect;
  /** For statements inside a transaction that Kysely has begun. */
  readonly runNow: RunNow;
  /** Gives the directory free for another process. */
  unlock(): void;
}

/** The embedded database in `directory`, or in memory. Each commit is flushed to the disk before it returns. */
export function openEmbedded(directory: string | undefined): EmbeddedDatabase {
  if (directory === undefined) {
    const { dialect, runNow } = connect(new Libsql(":memory:"), async () => {});
    return { dialect, runNow, unlock: () => {} };
  }
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const unlock = lockDirectory(directory);
  try {
    const file = join(directory, "store.sqlite");
    const opened = new Libsql(file);
    opened.exec("PRAGMA journal_mode = WAL");
    // SQLite itself flushes the log before it overwrites what the log replaces; commits are flushed by `createWalFlush`.
    opened.exec("PRAGMA synchronous = NORMAL");
    // What is deleted is overwritten: receipts are deleted because nobody shall read them.
    opened.exec("PRAGMA secure_delete = ON");
    const wal = createWalFlush(`${file}-wal`);
    const { dialect, runNow } = connect(opened, wal.flush);
    const close = () => {
      wal.close();
      unlock();
    };
    return { dialect, runNow, unlock: close };
  } catch (error) {
    unlock();
    throw storeFailure(error);
  }
}

function connect(opened: Libsql.Database, flush: () => Promise<void>) {
  opened.exec("PRAGMA foreign_keys = ON");
  const database = preparedOnce(opened);
  const dialect = new LibsqlDialect({
    database,
    inTransaction: () => opened.inTransaction,
    flush: () =>
      flush().catch((error: unknown) => {
        throw storeFailure(error);
      }),
  });
  return { dialect, runNow: runNowOf(database) };
}

/** A lock the kernel drops with the process, so that a killed one never blocks the next start. */
function lockDirectory(directory: string): () => void {
  const lock = new Libsql(join(directory, "lock.sqlite"));
  try {
    lock.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    lock.close();
    throw new FinalError(
      "STORE_FAILED",
      `Another process uses the store in ${directory}: stop it, or give this one a directory of its own.`,
      { directory },
      { cause: error },
    );
  }
  return () => {
    lock.exec("ROLLBACK");
    lock.close();
  };
}
