import { beginCell } from "@ton/core";
import { jobCodeForm } from "../../../wrappers/codes";
import { modelMarket } from "../../../wrappers/ModelMarket";
import { storeAuctionService, storeOpenAuction } from "../../../wrappers/messages";
import { NetworkRegistry } from "../../../wrappers/NetworkRegistry";
import { openContract } from "../../chain";
import { FinalError } from "../../errors";
import { type Prices, primitives, toHex, toJobAddress } from "../../protocol";
import { enqueueIntent, saveJob, saveSession } from "../../store";
import { type ClientDeps, nowSeconds } from "../deps";
import { jobIntent, newJob, requireBalance, stateInitOf, walletOf } from "../jobMessages";
import { uint256 } from "../readProvider";
import { noProvider, rulesOfParams, weaknessOf } from "../rules";
import { newSessionKey } from "../sessionRows";
import { jobOfAuction, type OwnAuction } from "./ownAuction";

/** What is put up for auction. */
export interface AuctionOrder {
  readonly model: string;
  readonly modelHash: string;
  readonly ceiling: Prices;
  readonly budgetNano: bigint;
}

/**
 * Decides on an auction and queues its opening. Key, job and message are stored in one transaction, so that a crash loses
 * none of them and a restart goes on with this auction instead of holding another.
 */
export async function openAuction(deps: ClientDeps, order: AuctionOrder): Promise<OwnAuction> {
  const { budgetNano } = order;
  const { seconds } = deps.policy.auction;
  const registry = openContract(deps.reader, NetworkRegistry.fromAddress(deps.network.registry));
  // Whoever wins takes over what the network has by then.
  const weakness = weaknessOf(deps.policy, rulesOfParams(await registry.getNetworkParams()));
  if (weakness !== undefined) {
    throw noProvider(order.model, [{ weakness }]);
  }
  const valueNano = budgetNano + (await registry.getMinValueToOpenAuction());
  await requireBalance(deps, valueNano);
  const market = await marketOf(deps, order);
  const nonce = BigInt(`0x${toHex(primitives.randomBytes(8))}`);
  const contract = await newJob(deps, nonce);
  const address = toJobAddress(contract.address.toRawString());
  const { seed, publicKey } = newSessionKey();
  const endsAtSeconds = nowSeconds(deps) + seconds;
  const acceptBySeconds = endsAtSeconds + deps.policy.acceptSeconds;
  const auction: OwnAuction = {
    ...order,
    address,
    seed,
    nonce,
    developer: walletOf(deps).address.toRawString(),
    endsAtSeconds,
    acceptBySeconds,
    deadlineSeconds: Math.max(acceptBySeconds, endsAtSeconds + deps.policy.jobSeconds),
    state: "auction",
    best: undefined,
    soldSinceMs: undefined,
  };
  const { promptPrice, cachedPrice, completionPrice, reasoningPrice } = order.ceiling;
  const service = storeAuctionService({
    $$type: "AuctionService",
    modelHash: uint256(order.modelHash),
    prices: {
      $$type: "Prices",
      prompt: promptPrice,
      cached: cachedPrice,
      completion: completionPrice,
      reasoning: reasoningPrice,
    },
    market,
  });
  const intent = jobIntent(deps, {
    key: `open:${address}`,
    job: address,
    valueNano,
    init: stateInitOf(contract),
    body: storeOpenAuction({
      $$type: "OpenAuction",
      queryId: 0n,
      budget: budgetNano,
      endsAt: BigInt(endsAtSeconds),
      acceptBy: BigInt(acceptBySeconds),
      deadline: BigInt(auction.deadlineSeconds),
      sessionPublicKey: uint256(toHex(publicKey)),
      service: beginCell().store(service).endCell(),
    }),
  });
  await deps.store.transaction(async (tx) => {
    const sealedSecret = deps.secretBox.seal(address, seed);
    await saveSession(tx, { session: { job: address, publicKey: toHex(publicKey), sealedSecret } });
    await saveJob(tx, { job: jobOfAuction(auction) });
    await enqueueIntent(tx, { intent });
  });
  deps.log.info({ msg: "auction opening", job: address, model: order.model, endsAtSeconds, budgetNano });
  return auction;
}

/** Where the model's providers hear of it. Throws `NO_BID` when nobody would. */
async function marketOf(deps: ClientDeps, { model, modelHash }: AuctionOrder) {
  const { registry } = deps.network;
  const network = openContract(deps.reader, NetworkRegistry.fromAddress(registry));
  const jobCode = await jobCodeForm((await network.getNetworkState()).jobCodeHash);
  const market = await modelMarket({ registry, modelHash: uint256(modelHash), jobCode });
  if ((await deps.reader.account(market.address)).state !== "active") {
    throw new FinalError(
      "NO_BID",
      "The model has no market yet, so no provider would hear of an auction: declare demand for it first.",
      { model, modelHash },
    );
  }
  return market.address;
}
