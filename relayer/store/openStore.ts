import { Kysely } from "kysely";
import { FinalError } from "../errors";
import { type Clock, systemClock } from "../observe/clock";
import type { Log } from "../observe/log";
import { commitReceipts } from "./commitReceipts";
import { openEmbedded } from "./embedded";
import { createGroupCommit } from "./groupCommit";
import { migrate } from "./migrations";
import { openPostgres } from "./postgres";
import type { ReceiptRecord } from "./records";
import { runBatch, type Work } from "./runBatch";
import type { RunNow, SavedReceipt, Store, StoreKind, StoreLock } from "./store";
import type { Tables } from "./tables";

/** Receipts written in one transaction: more would make the first one wait, fewer would flush too often. */
const MAX_RECEIPTS_PER_COMMIT = 128;
const MAX_WORKS_PER_COMMIT = 128;

interface Opened {
  readonly kind: StoreKind;
  readonly db: Kysely<Tables>;
  readonly runNow?: RunNow;
  tryLock(name: string): Promise<StoreLock | undefined>;
  afterClose(): void;
}

/** `file:/path/of/directory` and `memory:` are the embedded database, `postgres://…` a server. */
export async function openStore(options: {
  readonly url: string;
  readonly log: Log;
  readonly clock?: Clock;
}): Promise<Store> {
  const opened = connect(options.url, options.log);
  try {
    await migrate(opened.db, opened.kind);
  } catch (error) {
    await opened.db.destroy();
    opened.afterClose();
    throw error;
  }
  return createStore(opened, options.log, options.clock ?? systemClock);
}

function connect(url: string, log: Log): Opened {
  if (url.startsWith("postgres:") || url.startsWith("postgresql:")) {
    const { dialect, tryLock } = openPostgres(url, log);
    return { kind: "postgres", db: new Kysely({ dialect }), tryLock, afterClose: () => {} };
  }
  if (url === "memory:" || url.startsWith("file:")) {
    const directory = url === "memory:" ? undefined : url.slice("file:".length);
    const { dialect, runNow, unlock } = openEmbedded(directory);
    return {
      kind: "embedded",
      db: new Kysely({ dialect }),
      runNow,
      tryLock: localLocks(),
      afterClose: unlock,
    };
  }
  throw new FinalError(
    "CONFIG_INVALID",
    "The store's URL must be file:<directory>, memory: or postgres://<server>/<database>.",
  );
}

/** The process holds the whole embedded database, so names need guarding only inside it. */
function localLocks(): Opened["tryLock"] {
  const names = new Set<string>();
  return async (name) => {
    if (names.has(name)) {
      return undefined;
    }
    names.add(name);
    return {
      held: () => names.has(name),
      release: async () => {
        names.delete(name);
      },
    };
  };
}

function createStore(opened: Opened, log: Log, clock: Clock): Store {
  const { kind, db } = opened;
  const receipts = createGroupCommit<ReceiptRecord, SavedReceipt>({
    maxBatch: MAX_RECEIPTS_PER_COMMIT,
    commit: (items) => store.transaction((tx) => commitReceipts(tx, { items })),
  });
  const works = createGroupCommit<Work, unknown>({
    maxBatch: MAX_WORKS_PER_COMMIT,
    commit: (batch) => runBatch(store, batch),
  });
  const lock = async (name: string) => {
    const held = await opened.tryLock(name);
    if (held === undefined) {
      throw new FinalError(
        "STORE_FAILED",
        `Another process already works on ${name}: stop it before starting this one.`,
        { name },
      );
    }
    return held;
  };
  const store: Store = {
    kind,
    db,
    clock,
    log,
    receiptQueue: receipts,
    transaction: (work) =>
      db.transaction().execute((tx) => work(joined(store, { db: tx, runNow: opened.runNow }))),
    // The outcomes come back in the order of the works, so this one is what `work` answered.
    batched: <T>(work: (tx: Store) => Promise<T>, options?: { readonly patienceMs: number }) =>
      works.add(work, options?.patienceMs) as Promise<T>,
    lock,
    close: async () => {
      await works.drain();
      await receipts.drain();
      await db.destroy();
      opened.afterClose();
    },
  };
  return store;
}

/** The same store inside a transaction. */
function joined(outer: Store, inside: Pick<Store, "db" | "runNow">): Store {
  const tx: Store = {
    ...outer,
    ...inside,
    transaction: (work) => work(tx),
    batched: (work) => work(tx),
    receiptQueue: {
      add: async (record) => {
        const [outcome] = await commitReceipts(tx, { items: [record] });
        if (outcome?.ok !== true) {
          throw outcome?.error ?? new FinalError("INTERNAL", "A receipt's commit gave no outcome.");
        }
        return outcome.value;
      },
    },
  };
  return tx;
}
