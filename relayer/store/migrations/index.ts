import { type Kysely, Migrator } from "kysely";
import { FinalError } from "../../errors";
import type { StoreKind } from "../store";
import type { Tables } from "../tables";
import { m0001 } from "./m0001";
import { m0002 } from "./m0002";
import { m0003 } from "./m0003";
import { m0004 } from "./m0004";
import { m0005 } from "./m0005";
import { m0006 } from "./m0006";

/** Brings the schema up to date. Migrations are code: nothing is read from the file system. */
export async function migrate(db: Kysely<Tables>, kind: StoreKind): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: {
      getMigrations: async () => ({
        "0001": m0001(kind),
        "0002": m0002(),
        "0003": m0003(),
        "0004": m0004(),
        "0005": m0005(),
        "0006": m0006(),
      }),
    },
  });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) {
    throw new FinalError(
      "STORE_FAILED",
      "The store's schema could not be brought up to date. A newer release may have written it: use that release.",
      { kind },
      { cause: error },
    );
  }
}
