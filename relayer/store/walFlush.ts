import fs from "node:fs";

/** Flushes a database's write-ahead log to the disk. */
export interface WalFlush {
  /**
   * Resolves once everything written before the call is on the disk. Calls that come while it flushes share the next
   * one. Throws what the disk said.
   */
  flush(): Promise<void>;
  close(): void;
}

/** Of the log `file`, which SQLite has made by the first call. */
export function createWalFlush(file: string): WalFlush {
  let descriptor: number | undefined;
  let running: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  const sync = () =>
    new Promise<void>((resolve, reject) => {
      descriptor ??= fs.openSync(file, "r");
      // The log's length and bytes, without the times that `fsync` would write to the file system's journal.
      fs.fdatasync(descriptor, (error) => (error === null ? resolve() : reject(error)));
    });
  return {
    flush() {
      // What runs now may have begun before the caller wrote.
      next ??= running
        .catch(() => undefined)
        .then(() => {
          next = undefined;
          running = sync();
          return running;
        });
      return next;
    },
    close() {
      if (descriptor !== undefined) {
        fs.closeSync(descriptor);
        descriptor = undefined;
      }
    },
  };
}
