import type { Kysely, Migration } from "kysely";

/** Tasks that a provider has accepted, and their answers until they are delivered. */
export function m0004(): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await db.schema
        .createTable("tasks")
        .addColumn("job", "text", (c) => c.primaryKey())
        .addColumn("openedAtSeconds", "bigint", (c) => c.notNull())
        .addColumn("request", "text", (c) => c.notNull())
        .addColumn("worker", "text")
        .addColumn("state", "text", (c) => c.notNull())
        .addColumn("answer", "text")
        .addColumn("createdAt", "bigint", (c) => c.notNull())
        .addColumn("updatedAt", "bigint", (c) => c.notNull())
        .execute();
    },
  };
}
