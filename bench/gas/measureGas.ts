import { measureAuction } from "./auctions";
import { measureJob } from "./jobs";
import { measureProvider } from "./providers";
import { measureQuoteHandlers } from "./quotes";
import { type Measured, Recorder } from "./recorder";
import { measureGovernance, measureStatements } from "./registries";
import { measureTask } from "./tasks";

/** Measures every handler. */
export async function measureGas(): Promise<Measured> {
  const record = new Recorder();
  await measureProvider(record);
  await measureJob(record);
  await measureAuction(record);
  await measureTask(record);
  await measureGovernance(record);
  await measureStatements(record);
  await measureQuoteHandlers(record);
  return { gas: record.gas, sizes: record.sizes };
}
