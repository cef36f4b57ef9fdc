import { randomBytes } from "node:crypto";
import { beginCell } from "@ton/core";
import { contractCodes } from "../wrappers/codes";
import { readDeployment } from "../wrappers/deployments";
import { JOB_STATES, jobEscrow } from "../wrappers/JobEscrow";
import { modelMarket } from "../wrappers/ModelMarket";
import { type Prices, storeAuctionService } from "../wrappers/messages";
import { NetworkRegistry } from "../wrappers/NetworkRegistry";
import {
  ask,
  askAmount,
  askHash,
  confirmSend,
  readJobCodeForm,
  type ScriptHost,
  senderAddress,
  waitFor,
} from "../wrappers/scripting";

const AWARD_SECONDS = 3_600;
const JOB_SECONDS = 7 * 86_400;

/**
 * openAuction MODEL BUDGET SESSION_KEY CEILING SECONDS: puts a session up for auction. CEILING is the most you would pay,
 * prompt,cached,completion,reasoning in nanoton per 1,000,000 tokens. After SECONDS, anyone awards it with awardJob.
 */
export async function run(provider: ScriptHost, args: string[]): Promise<void> {
  const { networkRegistry } = readDeployment();
  const modelHash = await askHash(provider, args, 0, "Model hash");
  const budget = await askAmount(provider, args, 1, "Budget");
  const sessionPublicKey = await askHash(provider, args, 2, "Session public key");
  const prices = pricesOf(await ask(provider, args, 3, "Ceiling (prompt,cached,completion,reasoning)"));
  const seconds = Number(await ask(provider, args, 4, "Seconds to bid"));
  const registry = provider.open(NetworkRegistry.fromAddress(networkRegistry));
  const form = await readJobCodeForm(registry);
  const market = await modelMarket({ registry: networkRegistry, modelHash, jobCode: form });
  if (!(await provider.isContractDeployed(market.address))) {
    throw new Error(
      "This model has no market yet, so no provider would hear of the auction: run declareDemand.",
    );
  }
  const job = provider.open(
    await jobEscrow({
      registry: networkRegistry,
      developer: senderAddress(provider),
      nonce: BigInt(`0x${randomBytes(8).toString("hex")}`),
      providerCode: (await contractCodes()).provider,
      form,
    }),
  );
  const now = Math.floor(Date.now() / 1000);
  const value = budget + (await registry.getMinValueToOpenAuction());

  await confirmSend(provider, { action: "Open an auction", to: job.address, valueNano: value });
  await job.send(
    provider.sender(),
    { value },
    {
      $$type: "OpenAuction",
      queryId: 0n,
      budget,
      endsAt: BigInt(now + seconds),
      acceptBy: BigInt(now + seconds + AWARD_SECONDS),
      deadline: BigInt(now + seconds + JOB_SECONDS),
      sessionPublicKey,
      service: beginCell()
        .store(storeAuctionService({ $$type: "AuctionService", modelHash, prices, market: market.address }))
        .endCell(),
    },
  );
  await waitFor("The auction", async () => (await job.getAuction()) !== null);
  provider
    .ui()
    .write(`JobEscrow  ${job.address.toString()}  ${JOB_STATES[Number((await job.getJobState()).state)]}`);
}

function pricesOf(text: string): Prices {
  const [prompt, cached, completion, reasoning, ...more] = text
    .split(",")
    .map((part) => (/^\d{1,19}$/.test(part.trim()) ? BigInt(part.trim()) : undefined));
  if (
    prompt === undefined ||
    cached === undefined ||
    completion === undefined ||
    reasoning === undefined ||
    more.length > 0
  ) {
    throw new Error(
      "A ceiling is four prices in nanoton for 1,000,000 tokens: prompt,cached,completion,reasoning.",
    );
  }
  return { $$type: "Prices", prompt, cached, completion, reasoning };
}
