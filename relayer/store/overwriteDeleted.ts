import { sql } from "kysely";
import type { Store } from "./store";

/**
 * Empties the embedded database's write-ahead log, in which what was deleted would stand until it is full. The database
 * itself overwrites what is deleted. A server's database is its operator's.
 */
export async function overwriteDeleted(store: Store): Promise<void> {
  if (store.kind === "embedded") {
    await sql`PRAGMA wal_checkpoint(TRUNCATE)`.execute(store.db);
  }
}
