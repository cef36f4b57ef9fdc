import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { manualClock } from "../../../../relayer/observe/clock";
import { silentLog } from "../../../../relayer/observe/log";
import { openStore, type Store } from "../../../../relayer/store";
import { findPostgres, startPostgres, type TestPostgres } from "./postgres";

export interface Engine {
  readonly name: string;
  start(): void;
  /** A new, empty database's URL. */
  freshUrl(): Promise<string>;
  stop(): void;
}

export const START_MS = 1_800_000_000_000;

function embedded(): Engine {
  const folders: string[] = [];
  return {
    name: "embedded",
    start: () => {},
    freshUrl: async () => {
      const folder = mkdtempSync(join(tmpdir(), "cocoon-store-"));
      folders.push(folder);
      return `file:${folder}`;
    },
    stop: () => {
      for (const folder of folders) {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

function localPostgres(bin: string): Engine {
  let server: TestPostgres | undefined;
  return {
    name: "PostgreSQL",
    start: () => {
      server = startPostgres(bin);
    },
    freshUrl: async () => {
      if (server === undefined) {
        throw new Error("The cluster is not running.");
      }
      return server.freshDatabase();
    },
    stop: () => server?.stop(),
  };
}

/** A server that somebody else runs: its schema `public` is emptied for every test. */
function givenPostgres(url: string): Engine {
  return {
    name: "PostgreSQL (DATABASE_URL_TEST)",
    start: () => {},
    freshUrl: async () => {
      const store = await openStore({ url, log: silentLog });
      await sql`drop schema public cascade`.execute(store.db);
      await sql`create schema public`.execute(store.db);
      await store.close();
      return url;
    },
    stop: () => {},
  };
}

/** Every engine that this machine offers; the store must behave the same on all of them. */
export function engines(): readonly Engine[] {
  const url = process.env.DATABASE_URL_TEST;
  if (url !== undefined && url !== "") {
    return [embedded(), givenPostgres(url)];
  }
  const bin = findPostgres();
  if (bin === undefined) {
    process.stderr.write("PostgreSQL is not installed here: its half of the store tests is skipped.\n");
    return [embedded()];
  }
  return [embedded(), localPostgres(bin)];
}

export async function openTestStore(url: string): Promise<Store> {
  return await openStore({ url, log: silentLog, clock: manualClock(START_MS) });
}
