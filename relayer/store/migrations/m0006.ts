import type { Kysely, Migration } from "kysely";

/** What a receipt names of its request, by which one that comes another way finds its call. */
export function m0006(): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await db.schema.alterTable("calls").addColumn("requestHash", "text").execute();
    },
  };
}
