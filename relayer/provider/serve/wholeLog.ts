import { FinalError } from "../../errors";
import { countWhole, type Store } from "../../store";

/** Answers that end at once arrive within this in the order of their receipts; what comes later is fetched. */
const ORDER_MS = 100;

/**
 * A lane's receipts as they are stored, one after the other. A head is passed on only over a log that is stored whole:
 * whoever has a worker's signed head may demand any receipt under it on the chain.
 */
export interface WholeLog {
  /**
   * Stores a receipt once every one before it is stored or being stored, and resolves once all of them are durable.
   * `fetch` brings those that do not come by themselves. Throws `RECEIPT_INVALID` when they do not come.
   */
  keep(
    index: number,
    save: () => Promise<unknown>,
    fetch?: (missing: { readonly from: number; readonly count: number }) => Promise<void>,
  ): Promise<void>;
}

export function createWholeLog(
  store: Store,
  lane: { readonly job: string; readonly worker: string },
): WholeLog {
  /** The first receipt that is neither stored nor being stored; undefined until the store was asked. */
  let next: number | undefined;
  let asking: Promise<void> | undefined;
  let fetching: Promise<void> | undefined;
  let written: Promise<unknown> = Promise.resolve();
  const waiting = new Set<() => void>();

  const ask = async (): Promise<number> => {
    if (next === undefined) {
      asking ??= countWhole(store, lane)
        .then((count) => {
          next ??= count;
        })
        .finally(() => {
          asking = undefined;
        });
      await asking;
    }
    return next ?? 0;
  };

  /** Waits a moment for the receipts before this one. */
  const inOrder = (index: number): Promise<void> =>
    new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        waiting.delete(look);
        resolve();
      };
      const look = () => {
        if (next === undefined || next >= index) {
          end();
        }
      };
      const timer = setTimeout(end, ORDER_MS);
      waiting.add(look);
    });

  const write = async (index: number, save: () => Promise<unknown>): Promise<void> => {
    const saving = save();
    if (next === index) {
      next = index + 1;
      written = Promise.all([written, saving]);
      for (const look of waiting) {
        look();
      }
    }
    try {
      await Promise.all([written, saving]);
    } catch (error) {
      // The store is asked anew, and what is missing there is fetched before the next one.
      next = undefined;
      written = Promise.resolve();
      throw error;
    }
  };

  return {
    async keep(index, save, fetch) {
      for (;;) {
        if ((await ask()) < index) {
          await inOrder(index);
        }
        const from = await ask();
        if (from >= index) {
          break;
        }
        if (fetching !== undefined && fetch !== undefined) {
          await fetching; // somebody else's; it may end just before what is missing here
          continue;
        }
        if (fetch !== undefined) {
          fetching = fetch({ from, count: index - from }).finally(() => {
            fetching = undefined;
          });
          await fetching;
        }
        if ((await ask()) <= from) {
          throw new FinalError("RECEIPT_INVALID", "The worker does not show the receipts before this one.", {
            ...lane,
            missing: from,
          });
        }
      }
      // Nothing waits between the last look and the write.
      await write(index, save);
    },
  };
}
