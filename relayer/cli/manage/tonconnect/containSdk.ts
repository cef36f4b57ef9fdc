/**
 * The SDK is made for a web page. In a process it would write its log to stdout, where results belong; and it drops the
 * promise in which it opens a letter, so that one bad letter from a bridge would end the process and print the
 * session's secret key with it. Both are kept in here until the returned function is called.
 */
export function containSdk(onLost: () => void): () => void {
  const terminal = globalThis.console;
  const { debug, warn, error } = terminal;
  Object.assign(terminal, { debug: ignore, warn: ignore, error: ignore });
  const lost = (reason: unknown) => {
    if (!isOfSdk(reason)) {
      throw reason;
    }
    onLost();
  };
  process.on("unhandledRejection", lost);
  return () => {
    process.off("unhandledRejection", lost);
    Object.assign(terminal, { debug, warn, error });
  };
}

function isOfSdk(reason: unknown): boolean {
  return reason instanceof Error && /[\\/]@tonconnect[\\/]/.test(reason.stack ?? "");
}

function ignore(): void {}
