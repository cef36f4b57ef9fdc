import type { Kysely, Migration } from "kysely";

/** What API keys spend in a day. */
export function m0003(): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await db.schema
        .createTable("keyDays")
        .addColumn("apiKeyId", "text", (c) => c.notNull())
        .addColumn("scope", "text", (c) => c.notNull())
        .addColumn("day", "integer", (c) => c.notNull())
        .addColumn("spent", "text", (c) => c.notNull())
        .addPrimaryKeyConstraint("keyDaysPk", ["apiKeyId", "scope", "day"])
        .execute();
    },
  };
}
