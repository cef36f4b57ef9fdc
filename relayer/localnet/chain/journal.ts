import { closeSync, constants, ftruncateSync, mkdirSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { FinalError } from "../../errors";
import { decodeRecord, encodeRecord, type JournalRecord } from "./journalRecord";
import { lockDirectory } from "./lockDirectory";

/**
 * The write-ahead log of a localnet: one line per record, appended before the record takes effect. It survives a
 * SIGKILL at any moment. It is not synced to the disk, so it may lose its end when the machine itself fails.
 */
export interface Journal {
  append(record: JournalRecord): void;
  /** The newest block's number, kept apart in one small place because empty blocks are not journalled. */
  saveHead(seqno: number): void;
  size(): number;
  /** Forgets everything after `size`. */
  truncate(size: number): void;
  close(): void;
}

export interface OpenedJournal {
  readonly journal: Journal;
  readonly records: readonly JournalRecord[];
  readonly headSeqno: number;
  /** Bytes cut off because the last write had not finished. */
  readonly tornBytes: number;
}

const CHUNK = 1 << 20;
const HEAD_DIGITS = 16;

export function openJournal(directory: string): OpenedJournal {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const unlock = lockDirectory(directory);
  try {
    return openLocked(directory, unlock);
  } catch (thrown) {
    unlock();
    throw thrown;
  }
}

function openLocked(directory: string, unlock: () => void): OpenedJournal {
  const log = openSync(join(directory, "journal.jsonl"), "a+", 0o600);
  // Not "a+": appending files ignore the position that `saveHead` writes at.
  const headFile = openSync(join(directory, "head"), constants.O_RDWR | constants.O_CREAT, 0o600);

  const { records, size, read } = readRecords(log);
  // Appending behind a torn line would glue the next record to it and lose both.
  ftruncateSync(log, size);
  const position = { size };

  const journal: Journal = {
    append(record) {
      const line = Buffer.from(`${encodeRecord(record)}\n`);
      for (let done = 0; done < line.length; ) {
        done += writeSync(log, line, done);
      }
      position.size += line.length;
    },
    saveHead(seqno) {
      writeSync(headFile, seqno.toString().padStart(HEAD_DIGITS, "0"), 0);
    },
    size: () => position.size,
    truncate(size) {
      ftruncateSync(log, size);
      position.size = size;
    },
    close() {
      closeSync(log);
      closeSync(headFile);
      unlock();
    },
  };
  return { journal, records, headSeqno: readHead(headFile), tornBytes: read - size };
}

function readHead(file: number): number {
  const digits = Buffer.alloc(HEAD_DIGITS);
  return readSync(file, digits, 0, HEAD_DIGITS, 0) === HEAD_DIGITS ? Number(digits.toString()) : 0;
}

/** Complete lines only; what follows the last line feed is a write that a crash cut short. */
function readRecords(file: number): { records: JournalRecord[]; size: number; read: number } {
  const records: JournalRecord[] = [];
  const chunk = Buffer.alloc(CHUNK);
  let rest: Buffer[] = [];
  let size = 0;
  let read = 0;
  for (;;) {
    const count = readSync(file, chunk, 0, CHUNK, read);
    if (count === 0) {
      return { records, size, read };
    }
    let from = 0;
    for (let end = chunk.indexOf(10, from); end >= 0 && end < count; end = chunk.indexOf(10, from)) {
      const line = Buffer.concat([...rest, chunk.subarray(from, end)]);
      rest = [];
      records.push(parseLine(line, size));
      size += line.length + 1;
      from = end + 1;
    }
    rest.push(Buffer.from(chunk.subarray(from, count)));
    read += count;
  }
}

function parseLine(line: Buffer, offset: number): JournalRecord {
  try {
    return decodeRecord(line.toString());
  } catch (cause) {
    throw new FinalError(
      "STORE_FAILED",
      "The localnet's journal is damaged before its end. Start with another data directory.",
      { offset },
      { cause },
    );
  }
}
