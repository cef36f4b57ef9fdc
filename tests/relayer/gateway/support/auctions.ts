import { Address } from "@ton/core";
import { z } from "zod";
import { JobEscrow, ProviderStake } from "../../../../wrappers";
import { readHistory } from "../../../e2e/support/jobHistory";
import type { Supply } from "./supply";
import { MODEL, patient, until, type World } from "./world";

const jobsSchema = z.object({
  data: z.array(
    z.object({
      address: z.string(),
      provider: z.string().nullable(),
      state: z.string(),
      auction: z
        .object({
          ends_at: z.number(),
          ceiling: z.record(z.string(), z.string()),
          best_bid: z.object({ provider: z.string(), bps: z.number() }).nullable(),
        })
        .optional(),
    }),
  ),
});
const answerSchema = z.object({
  usage: z.object({ cost_nano: z.coerce.bigint() }),
  choices: z.tuple([z.object({ message: z.object({ content: z.string() }) })]),
});
const messages = [{ role: "user" as const, content: "what do you ask?" }];

/** What the tests of a gateway's auctions ask of it and of the chain. */
export function auctionHelpers(world: World) {
  const jobs = async () => jobsSchema.parse(await (await world.get("/v1/cocoon/jobs")).json()).data;
  const askOnce = () => world.post("/v1/chat/completions", { model: MODEL, messages, max_tokens: 20 });
  return {
    jobs,
    askOnce,
    ask: () => patient(askOnce),
    answerOf: async (answer: Response) => {
      const { usage, choices } = answerSchema.parse(await answer.json());
      return { costNano: usage.cost_nano, content: choices[0].message.content };
    },
    /** By its own hand, whatever the policy; its address. */
    putUp: async () => {
      const opened = await world.post("/v1/cocoon/jobs", { model: MODEL, buy: "auction" });
      return z.object({ address: z.string(), state: z.literal("auction") }).parse(await opened.json())
        .address;
    },
    upForAuction: (isBidOn: (bps: number | undefined) => boolean = () => true) =>
      until("it is up for auction, with the bid that is waited for", async () => {
        const job = (await jobs()).find(({ state }) => state === "auction");
        return job?.auction !== undefined && isBidOn(job.auction.best_bid?.bps)
          ? { address: job.address, provider: job.provider, ...job.auction }
          : undefined;
      }),
    active: (address: string) =>
      until("it is active", async () =>
        (await jobs()).some((job) => job.address === address && job.state === "active") ? true : undefined,
      ),
    onChain: (address: string) =>
      until("it is on the chain", async () =>
        (await world.network.reader.account(Address.parseRaw(address))).state === "active" ? true : undefined,
      ),
    /** The auction is over, and so is the time in which its winner may award it first. */
    passed: ({ ends_at }: { readonly ends_at: number }) => world.net.chain.setTime(ends_at + 11),
    restart: async (...[policy, options]: Parameters<World["startGateway"]>) => {
      await world.gateway.close();
      await world.startGateway(policy, options);
    },
    /** Opcodes of what has reached a job. */
    received: async (address: string) => (await readHistory(world.network.reader, address)).received,
    jobAt: (address: string) => world.network.open(JobEscrow.fromAddress(Address.parseRaw(address))),
  };
}

/** A bid that the provider's owner places, since its relayer has no policy to bid by. */
export async function bidByHand(
  world: World,
  supply: Supply,
  { address, bps }: { readonly address: string; readonly bps: bigint },
): Promise<void> {
  const job = world.network.open(JobEscrow.fromAddress(Address.parseRaw(address)));
  const [{ developer, nonce, budget }, auction] = [await job.getJobState(), await job.getAuction()];
  const stake = world.network.open(ProviderStake.fromAddress(Address.parseRaw(supply.address)));
  await stake.send(
    await world.network.via("provider"),
    { value: (await stake.getMinValueToBid()) + 10_000_000n },
    {
      $$type: "BidOnJob",
      queryId: 1n,
      developer,
      nonce,
      budget,
      openedAt: auction?.openedAt ?? 0n,
      bps,
      worker: BigInt(`0x${supply.worker().receiptPublicKey}`),
    },
  );
}
