import { type Address, beginCell, type Cell, Dictionary, toNano } from "@ton/core";
import { createShardAccount } from "@ton/sandbox";
import {
  createWorld,
  DAY,
  MODEL,
  PRICES,
  STAKE,
  START,
  statement,
  WORKER,
  type World,
} from "../../tests/support/world";
import { type Offer, storeProviderCatalog, storeProviderProfile } from "../../wrappers/messages";
import { type Recorder, sentEvents, sentInternal } from "./recorder";

export const MUCH = toNano("3");
export const QUERY = { queryId: 1n } as const;
export const MAX_LANES = 16;
const MAX_WORKERS = 32;
const MAX_OFFERS = 16;

/** `count` keys of which the first lies as deep in a dictionary as that many can make it. */
export function chainOfKeys(first: bigint, count: number): bigint[] {
  return [first, ...Array.from({ length: count - 1 }, (_, i) => first ^ (1n << BigInt(255 - i)))];
}

/** A world whose provider has every offer and worker that fits, in the deepest dictionaries. */
export async function fullWorld(record?: Recorder): Promise<World> {
  const world = await createWorld();
  const { provider, owner, operator, attestation, network } = world;
  const registered = await provider.send(
    owner.getSender(),
    { value: STAKE + MUCH },
    { $$type: "RegisterProvider", ...QUERY, stake: STAKE, catalog: fullCatalog(operator.address) },
  );
  record?.note("GasRegisterProvider", registered, provider.address, "RegisterProvider");
  record?.note("GasAnnounceProvider", registered, network.address, "AnnounceProvider");
  record?.note("GasProviderAdmitted", registered, provider.address, "ProviderAdmitted");
  for (const key of chainOfKeys(WORKER.id, MAX_WORKERS).reverse()) {
    const attested = await attestation.send(operator.getSender(), { value: MUCH }, statement(world, { key }));
    record?.note("GasWorkerAttested", attested, provider.address, "WorkerAttested");
    record?.noteSizes(
      "Attested",
      ...sentInternal(attested, attestation.address, "SubmitStatement"),
      ...sentEvents(attested, provider.address, "WorkerAttested"),
    );
  }
  if (record !== undefined) {
    record.noteSizes(
      "Admission",
      ...sentInternal(registered, provider.address, "RegisterProvider"),
      ...sentInternal(registered, network.address, "AnnounceProvider"),
      ...sentEvents(registered, network.address, "AnnounceProvider"),
    );
    const catalogEvents = sentEvents(registered, provider.address, "RegisterProvider");
    record.noteSizes("Catalog", catalogEvents[1]);
    record.noteSizes("Event", catalogEvents[0]);
  }
  return world;
}

export function fullCatalog(operator: Address): Cell {
  return beginCell()
    .store(
      storeProviderCatalog({
        $$type: "ProviderCatalog",
        operator,
        maxOpenJobs: 100n,
        offers: fullOffers(),
        profile: fullProfile(),
      }),
    )
    .endCell();
}

export function fullOffers(): Dictionary<bigint, Offer> {
  const offers = Dictionary.empty<bigint, Offer>();
  chainOfKeys(MODEL, MAX_OFFERS).forEach((model, i) => {
    offers.set(model, { $$type: "Offer", prices: PRICES, contextLength: BigInt(4_096 + i), concurrency: 8n });
  });
  return offers;
}

export function fullProfile(): Cell {
  return beginCell()
    .store(
      storeProviderProfile({
        $$type: "ProviderProfile",
        gpuCount: 8n,
        vramGb: 141n,
        availability: (1n << 168n) - 1n,
        gpuModel: "G".repeat(127),
        region: "R".repeat(127),
        endpoint: "E".repeat(127),
      }),
    )
    .endCell();
}

/** Writes lanes into an Active job, as 16 attested workers could have made them. */
export async function putLanes(
  world: World,
  job: Address,
  keys: readonly bigint[],
  pending: bigint,
): Promise<void> {
  const account = await world.chain.getContract(job);
  const state = account.account.account?.storage.state;
  if (state?.type !== "active" || !state.state.code || !state.state.data) {
    throw new Error("The job is not deployed.");
  }
  const lanes = Dictionary.empty<bigint, bigint>(Dictionary.Keys.BigUint(256), {
    serialize: (latest, builder) =>
      builder
        .storeUint(0, 64)
        .storeUint(START + DAY, 32)
        .storeUint(latest, 192),
    parse: () => 0n,
  });
  for (const key of keys) {
    lanes.set(key, pending);
  }
  const old = state.state.data.beginParse();
  const data = beginCell().storeUint(old.loadUint(8), 8).storeCoins(old.loadCoins());
  old.loadCoins();
  data.storeCoins(pending === 0n ? 0n : 2_000n * BigInt(keys.length)); // committed
  data.storeCoins(old.loadCoins()).storeCoins(old.loadCoins()).storeUint(old.loadUint(32), 32);
  old.loadMaybeRef();
  data.storeDict(lanes).storeRef(old.loadRef());
  await world.chain.setShardAccount(
    job,
    createShardAccount({
      address: job,
      code: state.state.code,
      data: data.endCell(),
      balance: account.balance,
      workchain: 0,
    }),
  );
}
