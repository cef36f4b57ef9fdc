import pino from "pino";

/** The logging port: constant words in `msg`, everything variable as a field. */
export interface Log {
  debug(entry: LogEntry): void;
  info(entry: LogEntry): void;
  warn(entry: LogEntry): void;
  error(entry: LogEntry): void;
}

export interface LogEntry {
  readonly msg: string;
  readonly [field: string]: string | number | bigint | boolean | undefined | null;
}

/** Lines are written together: a write for each would wake a thread for each request. */
const BUFFER = { minLength: 4_096, periodicFlush: 100 } as const;

/**
 * JSON lines on stderr, so that stdout stays for results; at most a tenth of a second late, and at once for errors.
 * Bigints are written as decimal strings.
 */
export function createLog(options: {
  readonly name: string;
  readonly level: string;
  readonly destination?: pino.DestinationStream;
}): Log {
  const sink = options.destination ?? pino.destination({ dest: 2, sync: false, ...BUFFER });
  const logger = pino({ name: options.name, level: options.level, base: { name: options.name } }, sink);
  const write = (level: "debug" | "info" | "warn" | "error") => (entry: LogEntry) => {
    const { msg, ...fields } = entry;
    const plain: Record<string, unknown> = fields;
    for (const key in plain) {
      const value = plain[key];
      if (typeof value === "bigint") {
        plain[key] = value.toString();
      }
    }
    logger[level](plain, msg);
    if (level === "error") {
      logger.flush();
    }
  };
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}

/** Drops everything: for tests that do not look at the log. */
export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
