import { notFound } from "../apiError";
import type { ChainClock } from "./chainClock";
import type { Journal } from "./journal";
import type { Ledger, LedgerMark } from "./ledger";
import type { Mempool } from "./mempool";
import type { ExternalMessage } from "./message";

interface Snapshot {
  readonly mark: LedgerMark;
  readonly journalSize: number;
  readonly offsetMs: number;
  readonly externals: readonly ExternalMessage[];
}

/** Each holds copies of the account tables; a test that never reverts must not fill the memory. */
const MAX_SNAPSHOTS = 64;

export interface Snapshots {
  take(): number;
  /** Brings chain, clock and waiting externals back. Snapshots taken later are gone; this one stays usable. */
  revert(id: number): void;
}

/** Snapshots live as long as the process. The journal is cut back too, so a restart finds the reverted chain. */
export function createSnapshots(deps: {
  readonly ledger: Ledger;
  readonly journal: Journal;
  readonly mempool: Mempool;
  readonly clock: ChainClock;
}): Snapshots {
  const { ledger, journal, mempool, clock } = deps;
  const snapshots = new Map<number, Snapshot>();
  let lastId = 0;
  return {
    take() {
      lastId++;
      snapshots.set(lastId, {
        mark: ledger.mark(),
        journalSize: journal.size(),
        offsetMs: clock.offsetMs(),
        externals: mempool.waiting(),
      });
      const oldest = lastId - MAX_SNAPSHOTS;
      snapshots.delete(oldest);
      return lastId;
    },
    revert(id) {
      const snapshot = snapshots.get(id);
      if (snapshot === undefined) {
        throw notFound(`There is no snapshot ${id}`);
      }
      for (const later of [...snapshots.keys()].filter((known) => known > id)) {
        snapshots.delete(later);
      }
      journal.truncate(snapshot.journalSize);
      journal.saveHead(snapshot.mark.headSeqno);
      ledger.revert(snapshot.mark);
      clock.setOffset(snapshot.offsetMs);
      mempool.replace(snapshot.externals);
    },
  };
}
