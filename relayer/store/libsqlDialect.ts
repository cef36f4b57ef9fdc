import {
  type CompiledQuery,
  type DatabaseConnection,
  type DialectAdapter,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDialect,
  SqliteDriver,
  type SqliteStatement,
} from "kysely";
import type Libsql from "libsql";
import { storeFailure } from "./failures";
import type { RunNow } from "./store";

/** Statements kept: the verbs of this folder are fewer; lists of varying length must not fill the memory. */
const MAX_PREPARED = 256;

/** An embedded database as Kysely and the request path's own statements use it. */
export interface LibsqlPort {
  readonly database: SqliteDatabase;
  readonly inTransaction: () => boolean;
  /** Resolves once all that was committed is on the disk. */
  readonly flush: () => Promise<void>;
}

/** SQLite's DDL is transactional, so that a migration cut short by a crash leaves nothing behind. */
class LibsqlAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/** SQLite with commits that are on the disk before they return, and let the process work on meanwhile. */
export class LibsqlDialect extends SqliteDialect {
  readonly #port: LibsqlPort;

  constructor(port: LibsqlPort) {
    super({ database: port.database });
    this.#port = port;
  }

  override createAdapter(): DialectAdapter {
    return new LibsqlAdapter();
  }

  override createDriver(): Driver {
    return new FlushingDriver(this.#port);
  }
}

class FlushingDriver extends SqliteDriver {
  readonly #port: LibsqlPort;
  #flushing: DatabaseConnection | undefined;

  constructor(port: LibsqlPort) {
    super({ database: port.database });
    this.#port = port;
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    // The same one each time, once nobody else has it.
    const connection = await super.acquireConnection();
    this.#flushing ??= flushingConnection(connection, this.#port);
    return this.#flushing;
  }

  // Each of these goes to the database at once: as one of Kysely's queries it took longer than a receipt's insert.
  override async beginTransaction(): Promise<void> {
    this.#run("begin");
  }

  override async commitTransaction(): Promise<void> {
    this.#run("commit");
    await this.#port.flush();
  }

  override async rollbackTransaction(): Promise<void> {
    this.#run("rollback");
  }

  #run(sql: string): void {
    this.#port.database.prepare(sql).run([]);
  }
}

/** A statement alone is a transaction of its own, and is flushed like one. */
function flushingConnection(
  connection: DatabaseConnection,
  { flush, inTransaction }: LibsqlPort,
): DatabaseConnection {
  return {
    executeQuery: async <R>(query: CompiledQuery): Promise<QueryResult<R>> => {
      const result = await connection.executeQuery<R>(query);
      if (query.query.kind !== "SelectQueryNode" && !inTransaction()) {
        await flush();
      }
      return result;
    },
    streamQuery: (query, chunkSize) => connection.streamQuery(query, chunkSize),
  };
}

/** Prepares each statement once. Its failures are `STORE_FAILED`. */
export function preparedOnce(database: Libsql.Database): SqliteDatabase {
  const known = new Map<string, SqliteStatement>();
  const prepare = (sql: string): SqliteStatement => {
    const statement = attempt(() => database.prepare<unknown[]>(sql));
    return {
      reader: statement.reader,
      all: (parameters) => attempt(() => statement.all(...parameters)),
      run: (parameters) => attempt(() => statement.run(...parameters)),
      iterate: (parameters) => attempt(() => statement.iterate(...parameters)),
    };
  };
  return {
    close: () => {
      database.close();
    },
    prepare: (sql) => {
      const found = known.get(sql);
      if (found !== undefined) {
        return found;
      }
      const statement = prepare(sql);
      if (known.size < MAX_PREPARED) {
        known.set(sql, statement);
      }
      return statement;
    },
  };
}

/** What Kysely's driver does with a statement, for one that is compiled already. */
export function runNowOf(database: SqliteDatabase): RunNow {
  return <R>(sql: string, parameters: readonly unknown[]): QueryResult<R> => {
    const statement = database.prepare(sql);
    if (statement.reader) {
      // What the rows are, its builder said; the database cannot know.
      return { rows: statement.all(parameters) as R[] };
    }
    return { numAffectedRows: BigInt(statement.run(parameters).changes), rows: [] };
  };
}

function attempt<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw storeFailure(error);
  }
}
