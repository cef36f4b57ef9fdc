import { readFileSync } from "node:fs";
import { join } from "node:path";
import { toNano } from "@ton/core";
import { modelMarket } from "../../wrappers/ModelMarket";
import { BUDGET, createWorld, enlistProvider, MODEL, openJob } from "../support/world";

const PAGE = join(__dirname, "../../docs/protocol.md");
const HEADER = "| message | getter | asks for | pays for |";

/** The amounts of each row of "Least values", by the first getter that it names. */
function amountsOfTable(): Record<string, readonly string[]> {
  const [, after = ""] = readFileSync(PAGE, "utf8").split(HEADER);
  const [table = ""] = after.split("\n\n");
  const rows = table
    .trim()
    .split("\n")
    .slice(1)
    .map((row) => row.split("|"));
  return Object.fromEntries(
    rows.map(([, , getter = "", amounts = ""]) => [
      /minValueTo(\w+)/.exec(getter)?.[1] ?? getter,
      amounts.match(/0\.\d{4}/g) ?? [],
    ]),
  );
}

/** In TON, rounded up. */
async function amounts(...getters: readonly Promise<bigint>[]): Promise<string[]> {
  const nanos = await Promise.all(getters);
  return nanos.map((nano) => (Number((nano + 99_999n) / 100_000n) / 10_000).toFixed(4));
}

async function cast(jobCode: "library" | "whole") {
  const world = await createWorld({ jobCode });
  await enlistProvider(world);
  const job = await world.job(1n);
  const value = BUDGET + (await world.network.getMinValueToOpenJob());
  await job.send(world.developer.getSender(), { value }, openJob(world));
  const config = { registry: world.network.address, modelHash: MODEL, jobCode };
  const market = world.chain.openContract(await modelMarket(config));
  await market.send(
    world.developer.getSender(),
    { value: toNano("0.1") },
    { $$type: "DeclareDemand", queryId: 1n, tokensPerDay: 1n },
  );
  return { ...world, job, market };
}

describe("The least values that docs/protocol.md tells", () => {
  it("are the getters' answers at mainnet's prices of June 2026, rounded up", async () => {
    const { job, market, provider, network, attestation } = await cast("library");
    const whole = await cast("whole");
    expect(amountsOfTable()).toEqual({
      OpenJob: await amounts(network.getMinValueToOpenJob(), whole.network.getMinValueToOpenJob()),
      OpenAuction: await amounts(
        network.getMinValueToOpenAuction(),
        whole.network.getMinValueToOpenAuction(),
      ),
      OpenTask: await amounts(network.getMinValueToOpenTask(), whole.network.getMinValueToOpenTask()),
      DeliverTask: await amounts(job.getMinValueToDeliverTask(1n, 1_023n)),
      Bid: await amounts(provider.getMinValueToBid()),
      AwardJob: await amounts(job.getMinValueToAwardJob()),
      DeclareDemand: await amounts(market.getMinValueToDeclareDemand()),
      AskPrice: await amounts(market.getMinValueToAskPrice()),
      RequestAcceptance: await amounts(job.getMinValueToRequestAcceptance()),
      TopUpJob: await amounts(job.getMinValueToTopUpJob()),
      Settle: await amounts(job.getMinValueToSettle()),
      ReleaseClaims: await amounts(job.getMinValueToReleaseClaims()),
      CloseJob: await amounts(job.getMinValueToCloseJob()),
      EndJob: await amounts(job.getMinValueToEndJob()),
      Dispute: await amounts(job.getMinValueToDispute()),
      ResolveDispute: await amounts(job.getMinValueToResolveDispute()),
      Demand: await amounts(job.getMinValueToDemand()),
      ShowReceipt: await amounts(job.getMinValueToShowReceipt()),
      ProveFraud: await amounts(job.getMinValueToProveFraud()),
      Register: await amounts(network.getMinValueToRegister()),
      SyncParams: await amounts(provider.getMinValueToSyncParams()),
      ChangeStake: await amounts(provider.getMinValueToChangeStake()),
      SetCatalog: await amounts(provider.getMinValueToSetCatalog()),
      DropWorker: await amounts(provider.getMinValueToDropWorker()),
      RecheckWorker: await amounts(provider.getMinValueToRecheckWorker()),
      SyncLane: await amounts(provider.getMinValueToSyncLane()),
      SubmitStatement: await amounts(attestation.getMinValueToSubmitStatement(2n)),
      SubmitQuote: await amounts(
        attestation.getMinValueToSubmitQuote(false, false),
        attestation.getMinValueToSubmitQuote(true, false),
        attestation.getMinValueToSubmitQuote(true, true),
      ),
      RegisterAuthority: await amounts(attestation.getMinValueToRegisterAuthority()),
      PostTcbInfo: await amounts(
        attestation.getMinValueToPostTcbInfo(),
        attestation.getMinValueToPostQeIdentity(),
        attestation.getMinValueToPostRevocation(),
      ),
      Govern: await amounts(network.getMinValueToGovern()),
    });
  });
});
