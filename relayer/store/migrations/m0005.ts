import type { Kysely, Migration } from "kysely";

/** Auctions that a provider has heard of. */
export function m0005(): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await db.schema
        .createTable("auctions")
        .addColumn("job", "text", (c) => c.primaryKey())
        .addColumn("modelHash", "text", (c) => c.notNull())
        .addColumn("developer", "text", (c) => c.notNull())
        .addColumn("nonce", "text", (c) => c.notNull())
        .addColumn("budget", "text", (c) => c.notNull())
        .addColumn("openedAtSeconds", "bigint", (c) => c.notNull())
        .addColumn("endsAtSeconds", "bigint", (c) => c.notNull())
        .addColumn("ceiling", "text", (c) => c.notNull())
        .addColumn("state", "text", (c) => c.notNull())
        .addColumn("bidBps", "integer")
        .addColumn("bidAt", "bigint")
        .addColumn("createdAt", "bigint", (c) => c.notNull())
        .addColumn("updatedAt", "bigint", (c) => c.notNull())
        .execute();
    },
  };
}
