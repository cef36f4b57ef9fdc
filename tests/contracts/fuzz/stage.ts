import { type Address, beginCell, type StateInit, storeShardAccount } from "@ton/core";
import { toRawAddress } from "../../../relayer/protocol";
import { contractCodes } from "../../../wrappers/codes";
import { guestBook } from "../../../wrappers/GuestBook";
import { jobEscrow } from "../../../wrappers/JobEscrow";
import { storeRegisterProvider } from "../../../wrappers/messages";
import { providerStake } from "../../../wrappers/ProviderStake";
import { attest, body, deliver, open, QUERY } from "../../support/actors";
import { registerAuthority, showBlocks, submitQuote } from "../../support/quotes";
import { catalog, createWorld, enlistProvider, MODEL, PRICES, STAKE, type World } from "../../support/world";
import { deployMarket } from "../model-market/cast";
import { type Accounts, type Chain, createChain } from "./chain";
import { type LeastValues, leastValues } from "./least";
import { IMAGES, MACHINE, QUOTE_POLICY, shownBlocks } from "./machine";
import { PRICE_LISTS } from "./prices";

export interface Deployable {
  readonly address: Address;
  readonly init: StateInit;
}

export interface StagedJob extends Deployable {
  readonly developer: Address;
  readonly nonce: bigint;
}

export interface StagedProvider extends Deployable {
  readonly owner: Address;
  readonly operator: Address;
}

/** A network with two enlisted providers, a market and a contract that asks a model, and everyone who may act on it. */
export interface Stage {
  readonly chain: Chain;
  /** The accounts that every sequence begins with. */
  readonly start: Accounts;
  readonly network: Address;
  readonly attestation: Address;
  readonly market: Address;
  /** The account of the one TDX machine. */
  readonly platform: Address;
  readonly book: Deployable;
  readonly governor: Address;
  readonly guardian: Address;
  readonly treasury: Address;
  readonly arbiter: Address;
  readonly stranger: Address;
  /** Two wallets and the guest book. */
  readonly developers: readonly Address[];
  readonly providers: readonly StagedProvider[];
  /** Two of each developer. */
  readonly jobs: readonly StagedJob[];
  /** By price list. */
  readonly least: readonly LeastValues[];
}

export async function setStage(): Promise<Stage> {
  const world = await createWorld({ quotes: QUOTE_POLICY, images: IMAGES });
  await enlistProvider(world);
  const platform = await enlistMachine(world);
  const providers = await enlistBoth(world);
  const market = await deployMarket(world);
  const book = await guestBookOf(world);
  const developers = [
    world.developer.address,
    (await world.chain.treasury("other developer")).address,
    book.address,
  ];
  const start = await takeAccounts(world, [
    world.network.address,
    world.attestation.address,
    market.address,
    platform,
    ...providers.map(({ address }) => address),
  ]);
  const chain = await createChain({
    configs: PRICE_LISTS.map(({ config }) => config),
    blocks: shownBlocks(),
    libraries: world.chain.libs?.toBoc().toString("base64") ?? "",
  });
  const least = await leastValues(world, market, await open(world, {}, 99n)); // a job to ask, after the accounts were taken
  return {
    chain,
    start,
    network: world.network.address,
    attestation: world.attestation.address,
    market: market.address,
    platform,
    book,
    governor: world.governor.address,
    guardian: world.guardian.address,
    treasury: world.treasury.address,
    arbiter: world.guardian.address, // as the world's parameters have it
    stranger: world.stranger.address,
    developers,
    providers,
    jobs: await jobsOf(world, developers),
    least,
  };
}

/** The machine's account, which knows its certificate and attestation key from a quote of nobody's worker. */
async function enlistMachine(world: World): Promise<Address> {
  showBlocks(world);
  await registerAuthority(world);
  const provider = toRawAddress(world.stranger.address.toRawString());
  const { to } = await submitQuote(world, { machine: MACHINE, bind: { provider } });
  return to;
}

/** The world's provider, and a rival that is owned and operated by somebody else. */
async function enlistBoth(world: World): Promise<StagedProvider[]> {
  const owner = await world.chain.treasury("rival");
  const jobCode = (await contractCodes()).job;
  const of = (address: Address) =>
    providerStake({ registry: world.network.address, owner: address, index: 0, jobCode });
  const [first, rival] = [
    deployable(await of(world.owner.address)),
    deployable(await of(owner.address)),
  ] as const;
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
    init: rival.init,
  });
  await attest(world, { provider: rival.address });
  return [
    { ...first, owner: world.owner.address, operator: world.operator.address },
    { ...rival, owner: owner.address, operator: owner.address },
  ];
}

async function guestBookOf(world: World): Promise<Deployable> {
  const config = { registry: world.network.address, owner: world.owner.address, index: 0 };
  return deployable(await guestBook({ ...config, modelHash: MODEL, prices: PRICES }));
}

async function jobsOf(world: World, developers: readonly Address[]): Promise<StagedJob[]> {
  const providerCode = (await contractCodes()).provider;
  const jobs: StagedJob[] = [];
  for (const developer of developers) {
    for (const nonce of [1n, 2n]) {
      const job = await jobEscrow({ registry: world.network.address, developer, nonce, providerCode });
      jobs.push({ ...deployable(job), developer, nonce });
    }
  }
  return jobs;
}

function deployable({ address, init }: { address: Address; init?: StateInit }): Deployable {
  if (init === undefined) {
    throw new Error("The generated wrappers carry no code.");
  }
  return { address, init };
}

async function takeAccounts(world: World, addresses: readonly Address[]): Promise<Accounts> {
  const accounts = new Map<string, string>();
  for (const address of addresses) {
    const { account } = await world.chain.getContract(address);
    const cell = beginCell().store(storeShardAccount(account)).endCell();
    accounts.set(address.toRawString(), cell.toBoc().toString("base64"));
  }
  return accounts;
}
