import { JobEscrow } from "../wrappers/JobEscrow";
import { ProviderStake } from "../wrappers/ProviderStake";
import { ask, askAddress, confirmSend, type ScriptHost, waitFor } from "../wrappers/scripting";

/** bidOnJob PROVIDER JOB BPS [WORKER]: bids BPS hundredths of a percent of the job's ceiling, as operator or owner. */
export async function run(provider: ScriptHost, args: string[]): Promise<void> {
  const stake = provider.open(
    ProviderStake.fromAddress(await askAddress(provider, args, 0, "ProviderStake")),
  );
  const job = provider.open(JobEscrow.fromAddress(await askAddress(provider, args, 1, "JobEscrow")));
  const typed = await ask(provider, args, 2, "Hundredths of a percent of the ceiling");
  if (!/^\d{1,5}$/.test(typed) || Number(typed) > 10_000) {
    throw new Error("A bid is a whole number of hundredths of a percent, from 0 to 10000.");
  }
  const bps = BigInt(typed);
  const [auction, { developer, nonce, budget }] = await Promise.all([job.getAuction(), job.getJobState()]);
  if (auction === null) {
    throw new Error("The job is not up for auction.");
  }
  const now = BigInt(Math.floor(Date.now() / 1000));
  const fit = [...(await stake.getWorkers())].find(
    ([, { modelHash, expiresAt }]) => modelHash === auction.modelHash && expiresAt > now,
  );
  const worker = args[3] === undefined ? fit?.[0] : BigInt(`0x${args[3]}`);
  if (worker === undefined) {
    throw new Error("This provider has no live worker of that model.");
  }
  const value = await stake.getMinValueToBid();
  await confirmSend(provider, { action: "Bid", to: stake.address, valueNano: value });
  await stake.send(
    provider.sender(),
    { value },
    { $$type: "BidOnJob", queryId: 0n, developer, nonce, budget, openedAt: auction.openedAt, bps, worker },
  );
  await waitFor("The bid", async () => {
    const best = await job.getAuction();
    return best?.provider.equals(stake.address) === true && best.bps === bps;
  });
  provider.ui().write(`best bid   ${Number(bps) / 100} % of the ceiling`);
}
