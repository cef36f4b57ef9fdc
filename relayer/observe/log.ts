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

/** JSON lines on stderr, so that stdout stays for results. Bigints are written as decimal strings. */
export function createLog(options: {
  readonly name: string;
  readonly level: string;
  readonly destination?: pino.DestinationStream;
}): Log {
  const sink = options.destination ?? pino.destination({ dest: 2, sync: false });
  const logger = pino({ name: options.name, level: options.level, base: { name: options.name } }, sink);
  const write = (level: "debug" | "info" | "warn" | "error") => (entry: LogEntry) => {
    const { msg, ...fields } = entry;
    const plain = Object.fromEntries(
      Object.entries(fields).map(([key, value]) => [
        key,
        typeof value === "bigint" ? value.toString() : value,
      ]),
    );
    logger[level](plain, msg);
  };
  return { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}

/** Drops everything: for tests that do not look at the log. */
export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
