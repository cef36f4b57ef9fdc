import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  PostgresAdapter,
  PostgresDriver,
  PostgresIntrospector,
  PostgresQueryCompiler,
} from "kysely";
import { Pool, TypeOverrides } from "pg";
import type { Log } from "../observe/log";
import { storeFailure } from "./failures";
import type { StoreLock } from "./store";

const INT8_OID = 20;
const MAX_CONNECTIONS = 10;
const CONNECT_TIMEOUT_MS = 10_000;
const STATEMENT_TIMEOUT_MS = 30_000;

export interface PostgresDatabase {
  readonly dialect: Dialect;
  /** Undefined when somebody else holds the name. */
  tryLock(name: string): Promise<StoreLock | undefined>;
}

/** PostgreSQL by URL. Integers of 8 bytes hold times and counts only, which a number holds exactly. */
export function openPostgres(url: string, log: Log): PostgresDatabase {
  const types = new TypeOverrides();
  types.setTypeParser(INT8_OID, Number);
  const pool = new Pool({
    connectionString: url,
    types,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
  });
  pool.on("error", (error) => log.warn({ msg: "idle database connection lost", detail: error.message }));
  return {
    dialect: {
      createDriver: () => guardedDriver(new PostgresDriver({ pool })),
      createQueryCompiler: () => new PostgresQueryCompiler(),
      createAdapter: () => new PostgresAdapter(),
      createIntrospector: (db) => new PostgresIntrospector(db),
    },
    tryLock: (name) => tryAdvisoryLock(pool, name),
  };
}

/** PostgreSQL's driver, with its failures turned into ours. */
function guardedDriver(inner: Driver): Driver {
  const originals = new WeakMap<DatabaseConnection, DatabaseConnection>();
  const original = (connection: DatabaseConnection) => originals.get(connection) ?? connection;
  return {
    init: () => inner.init(),
    acquireConnection: async () => {
      const connection = await inner.acquireConnection().catch(fail);
      const guarded: DatabaseConnection = {
        executeQuery: <R>(query: CompiledQuery) => connection.executeQuery<R>(query).catch(fail),
        streamQuery: (query, chunkSize) => connection.streamQuery(query, chunkSize),
      };
      originals.set(guarded, connection);
      return guarded;
    },
    beginTransaction: (connection, settings) =>
      inner.beginTransaction(original(connection), settings).catch(fail),
    commitTransaction: (connection) => inner.commitTransaction(original(connection)).catch(fail),
    rollbackTransaction: (connection) => inner.rollbackTransaction(original(connection)).catch(fail),
    releaseConnection: (connection) => inner.releaseConnection(original(connection)),
    destroy: () => inner.destroy(),
  };
}

function fail(error: unknown): never {
  throw storeFailure(error);
}

async function tryAdvisoryLock(pool: Pool, name: string): Promise<StoreLock | undefined> {
  const client = await pool.connect();
  const answer = await client.query("select pg_try_advisory_lock(hashtextextended($1, 0)) as got", [
    `cocoon:${name}`,
  ]);
  if (answer.rows[0]?.got !== true) {
    client.release();
    return undefined;
  }
  let alive = true;
  const lost = () => {
    alive = false;
  };
  client.on("error", lost);
  client.on("end", lost);
  return {
    held: () => alive,
    release: async () => {
      if (alive) {
        alive = false;
        // Closing the connection frees the lock.
        client.release(true);
      }
    },
  };
}
