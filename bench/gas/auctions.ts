import { toNano } from "@ton/core";
import type { SandboxContract } from "@ton/sandbox";
import { settle } from "../../tests/support/heads";
import {
  AUCTION_SECONDS,
  BUDGET,
  bidOnJob,
  MODEL,
  openAuction,
  START,
  WORKER,
  type World,
} from "../../tests/support/world";
import { type ModelMarket, modelMarket } from "../../wrappers/ModelMarket";
import { chainOfKeys, fullWorld, MAX_LANES, MUCH, putLanes, QUERY } from "./fullWorld";
import { accountSize, type Recorder, sentEvents, sentInternal } from "./recorder";

/** Two jobs are sold, each to the second bid of the same provider. */
export async function measureAuction(record: Recorder): Promise<void> {
  const world = await fullWorld();
  const { stranger, chain } = world;
  const value = MUCH;
  const market = chain.openContract(await modelMarket({ registry: world.network.address, modelHash: MODEL }));
  const declared = await market.send(
    stranger.getSender(),
    { value },
    { $$type: "DeclareDemand", ...QUERY, tokensPerDay: 1_000_000_000n },
  );
  record.note("GasDeclareDemand", declared, market.address, "DeclareDemand");
  for (const nonce of [1n, 2n]) {
    await measureSale(record, world, market, nonce);
  }
  const asked = await market.send(stranger.getSender(), { value }, { $$type: "AskPrice", ...QUERY });
  record.note("GasAskPrice", asked, market.address, "AskPrice");
  record.sizes.ModelMarket = accountSize(await chain.getContract(market.address));
}

async function measureSale(
  record: Recorder,
  world: World,
  market: SandboxContract<ModelMarket>,
  nonce: bigint,
): Promise<void> {
  const { developer, operator, provider, stranger, chain } = world;
  const value = MUCH;
  const job = await world.job(nonce);
  const openedAt = BigInt(chain.now ?? START);
  const opened = await job.send(
    developer.getSender(),
    { value: BUDGET + value },
    openAuction(world, { market: market.address }),
  );
  record.note("GasOpenAuction", opened, job.address, "OpenAuction");
  record.note("GasAnnounceAuction", opened, market.address, "AnnounceAuction");
  record.noteSizes(
    "AnnounceAuction",
    ...sentInternal(opened, job.address, "OpenAuction"),
    ...sentEvents(opened, market.address, "AnnounceAuction"),
  );
  for (const bps of [9_000n, 8_000n]) {
    const result = await provider.send(
      operator.getSender(),
      { value },
      bidOnJob(world, { bps, nonce, openedAt }),
    );
    record.note("GasBidOnJob", result, provider.address, "BidOnJob");
    record.note("GasBidPlaced", result, job.address, "BidPlaced");
    if (bps === 8_000n) {
      record.note("GasBidLost", result, provider.address, "BidLost");
      record.noteSizes(
        "BidPlaced",
        ...sentInternal(result, provider.address, "BidOnJob"),
        ...sentInternal(result, job.address, "BidPlaced"),
      );
    }
  }
  chain.now = Number(openedAt) + AUCTION_SECONDS;
  const awarded = await job.send(stranger.getSender(), { value }, { $$type: "AwardJob", ...QUERY });
  record.note("GasAwardJob", awarded, job.address, "AwardJob");
  record.note("GasConfirmBid", awarded, provider.address, "ConfirmBid");
  record.note("GasBondReserved", awarded, job.address, "BondReserved");
  record.noteSizes(
    "Award",
    ...sentInternal(awarded, job.address, "AwardJob"),
    ...sentEvents(awarded, job.address, "AwardJob"),
    ...sentInternal(awarded, provider.address, "ConfirmBid"),
  );
  await putLanes(world, job.address, chainOfKeys(WORKER.id, MAX_LANES), 0n);
  await job.send(
    operator.getSender(),
    { value },
    settle({ job: job.address, amount: toNano("0.5"), issuedAt: chain.now }),
  );
  const ended = await job.send(operator.getSender(), { value }, { $$type: "ReleaseJob", ...QUERY });
  record.note("GasEndJob", ended, job.address, "ReleaseJob");
  record.note("GasReportSale", ended, market.address, "ReportSale");
  record.noteSizes(
    "ReportSale",
    sentInternal(ended, job.address, "ReleaseJob").find((cell) => {
      const message = cell.beginParse().skip(4);
      message.loadAddress(); // from
      return message.loadAddress().equals(market.address);
    }),
  );
}
