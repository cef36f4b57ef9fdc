import type { Address } from "@ton/core";
import type { SandboxContract } from "@ton/sandbox";
import { contractCodes } from "../../../wrappers/codes";
import { type ModelMarket, modelMarket } from "../../../wrappers/ModelMarket";
import {
  type BidOnJob,
  type OpenAuction,
  storeAwardJob,
  storeBidOnJob,
  storeOpenAuction,
  storeRegisterProvider,
} from "../../../wrappers/messages";
import { type ProviderStake, providerStake } from "../../../wrappers/ProviderStake";
import { attest, body, type Delivery, deliver, type Job, QUERY, type Wallet } from "../../support/actors";
import { bidOnJob, catalog, MODEL, openAuction, STAKE, type World } from "../../support/world";

export type Market = SandboxContract<ModelMarket>;

export async function marketOf(world: World, modelHash = MODEL): Promise<Market> {
  return world.chain.openContract(await modelMarket({ registry: world.network.address, modelHash }));
}

/** A market that exists: somebody has declared demand. */
export async function deployMarket(world: World): Promise<Market> {
  const market = await marketOf(world);
  await market.send(
    world.stranger.getSender(),
    { value: 50_000_000n },
    { $$type: "DeclareDemand", queryId: QUERY, tokensPerDay: 1_000n },
  );
  return market;
}

export interface Short {
  readonly short?: bigint;
  readonly from?: Wallet;
}

/** Puts the job of that nonce up for auction at exactly the least value, or `short` of it. */
export async function putUp(
  world: World,
  market: Address,
  {
    short = 0n,
    from = world.developer,
    nonce = 1n,
    ...overrides
  }: Partial<OpenAuction> &
    Short & {
      nonce?: bigint;
      modelHash?: bigint;
    } = {},
): Promise<Delivery & { readonly job: Job }> {
  const job = await world.job(nonce);
  const message = openAuction(world, { market, ...overrides });
  const least = await world.network.getMinValueToOpenAuction();
  const delivery = await deliver(world, {
    from,
    to: job.address,
    value: message.budget + least - short,
    body: body(storeOpenAuction(message)),
    ...(job.init === undefined ? {} : { init: job.init }),
  });
  return { ...delivery, job };
}

export async function bid(
  world: World,
  overrides: Partial<BidOnJob> & Short & { provider?: SandboxContract<ProviderStake> } = {},
): Promise<Delivery> {
  const { short = 0n, from = world.operator, provider = world.provider, ...fields } = overrides;
  return deliver(world, {
    from,
    to: provider.address,
    value: (await provider.getMinValueToBid()) - short,
    body: body(storeBidOnJob(bidOnJob(world, fields))),
  });
}

export async function award(world: World, job: Job, { short = 0n, from = world.stranger }: Short = {}) {
  return deliver(world, {
    from,
    to: job.address,
    value: (await job.getMinValueToAwardJob()) - short,
    body: body(storeAwardJob({ $$type: "AwardJob", queryId: QUERY })),
  });
}

/** A second provider of the world's, with the same worker key attested for it; its owner is the treasury's wallet. */
export async function enlistRival(world: World): Promise<SandboxContract<ProviderStake>> {
  const owner = world.treasury;
  const codes = await contractCodes();
  const rival = world.chain.openContract(
    await providerStake({
      registry: world.network.address,
      owner: owner.address,
      index: 0,
      jobCode: codes.job,
    }),
  );
  await deliver(world, {
    from: owner,
    to: rival.address,
    value: STAKE + (await world.network.getMinValueToRegister()),
    body: body(
      storeRegisterProvider({
        $$type: "RegisterProvider",
        queryId: QUERY,
        stake: STAKE,
        catalog: catalog(owner.address),
      }),
    ),
    ...(rival.init === undefined ? {} : { init: rival.init }),
  });
  await attest(world, { provider: rival.address });
  return rival;
}
