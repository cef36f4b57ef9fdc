import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  type DialectAdapter,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDialect,
  type SqliteStatement,
} from "kysely";
import Libsql from "libsql";
import { FinalError } from "../errors";
import { storeFailure } from "./failures";

/** Statements kept: the verbs of this folder are fewer; lists of varying length must not fill the memory. */
const MAX_PREPARED = 256;

/** SQLite's DDL is transactional, so that a migration cut short by a crash leaves nothing behind. */
class LibsqlAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class LibsqlDialect extends SqliteDialect {
  override createAdapter(): DialectAdapter {
    return new LibsqlAdapter();
  }
}

export interface EmbeddedDatabase {
  readonly dialect: SqliteDialect;
  /** Gives the directory free for another process. */
  unlock(): void;
}

/** The embedded database in `directory`, or in memory. Each commit is flushed to the disk before it returns. */
export function openEmbedded(directory: string | undefined): EmbeddedDatabase {
  if (directory === undefined) {
    return { dialect: dialectFor(new Libsql(":memory:")), unlock: () => {} };
  }
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const unlock = lockDirectory(directory);
  try {
    const database = new Libsql(join(directory, "store.sqlite"));
    database.exec("PRAGMA journal_mode = WAL");
    database.exec("PRAGMA synchronous = FULL");
    // What is deleted is overwritten: receipts are deleted because nobody shall read them.
    database.exec("PRAGMA secure_delete = ON");
    return { dialect: dialectFor(database), unlock };
  } catch (error) {
    unlock();
    throw storeFailure(error);
  }
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

function dialectFor(database: Libsql.Database): SqliteDialect {
  database.exec("PRAGMA foreign_keys = ON");
  const prepared = new Map<string, SqliteStatement>();
  const prepare = (sql: string): SqliteStatement => {
    const statement = attempt(() => database.prepare<unknown[]>(sql));
    return {
      reader: statement.reader,
      all: (parameters) => attempt(() => statement.all(...parameters)),
      run: (parameters) => attempt(() => statement.run(...parameters)),
      iterate: (parameters) => attempt(() => statement.iterate(...parameters)),
    };
  };
  const port: SqliteDatabase = {
    close: () => {
      database.close();
    },
    prepare: (sql) => {
      const known = prepared.get(sql);
      if (known !== undefined) {
        return known;
      }
      const statement = prepare(sql);
      if (prepared.size < MAX_PREPARED) {
        prepared.set(sql, statement);
      }
      return statement;
    },
  };
  return new LibsqlDialect({ database: port });
}

function attempt<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw storeFailure(error);
  }
}
