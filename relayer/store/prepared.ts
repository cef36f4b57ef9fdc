import {
  type Compilable,
  type CompiledQuery,
  type Kysely,
  type QueryResult,
  type RawBuilder,
  sql,
} from "kysely";
import type { Store, StoreKind } from "./store";
import type { Tables } from "./tables";

/** Stands for a value in a statement that is built before there is one. */
class Placeholder {
  constructor(readonly name: string) {}
}

type Field<P> = <K extends keyof P & string>(name: K) => RawBuilder<P[K]>;

/**
 * A statement of the request path: built once for each kind of database and run with other values each time, since
 * building took longer than running. `field` names one of the values wherever the builder takes one.
 */
export function prepared<P extends Readonly<Record<string, unknown>>, R>(
  build: (db: Kysely<Tables>, field: Field<P>) => Compilable<R>,
): (store: Store, values: P) => Promise<QueryResult<R>> {
  const known = new Map<StoreKind, CompiledQuery<R>>();
  const compiled = (store: Store): CompiledQuery<R> => {
    const found = known.get(store.kind);
    if (found !== undefined) {
      return found;
    }
    const made = build(
      store.db,
      <K extends keyof P & string>(name: K) => sql<P[K]>`${new Placeholder(name)}`,
    );
    const query = made.compile();
    known.set(store.kind, query);
    return query;
  };
  return async (store, values) => {
    const query = compiled(store);
    const parameters = query.parameters.map((parameter) =>
      parameter instanceof Placeholder ? values[parameter.name] : parameter,
    );
    return store.runNow === undefined
      ? store.db.executeQuery({ ...query, parameters })
      : store.runNow<R>(query.sql, parameters);
  };
}
