import type { Kysely, Migration } from "kysely";

/** What a gateway remembers of workers that lied. */
export function m0002(): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await db.schema
        .createTable("bans")
        .addColumn("worker", "text", (c) => c.primaryKey())
        .addColumn("reason", "text", (c) => c.notNull())
        .addColumn("createdAt", "bigint", (c) => c.notNull())
        .execute();
    },
  };
}
