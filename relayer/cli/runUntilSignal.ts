/** Keeps the process until SIGINT or SIGTERM, then closes what runs; a second signal ends it at once. */
export async function runUntilSignal(running: { close(): Promise<void> }): Promise<void> {
  await new Promise<void>((resolve) => {
    const stop = () => {
      process.once("SIGINT", () => process.exit(130));
      process.once("SIGTERM", () => process.exit(143));
      resolve();
    };
    process.once("SIGINT", stop);
    process.once("SIGTERM", stop);
  });
  await running.close();
  process.exit(0);
}
