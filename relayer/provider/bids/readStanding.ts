import { ProviderStake } from "../../../wrappers";
import { loadNetworkParams, loadProviderCatalog } from "../../../wrappers/messages";
import { openContract } from "../../chain";
import type { Context } from "../context";

const FULL = 10_000n;

/** What the provider's contract would let it bid; a round counts down what it uses. */
export interface Standing {
  freeStakeNano: bigint;
  room: number;
  /** Auctions in which its bid is the best; counted by the round. */
  openBids: number;
  /** What a bid for a job of that budget locks. */
  readonly bondOf: (budgetNano: bigint) => bigint;
}

/** A provider that is paused, not admitted or below the least stake has no room. */
export async function readStanding(context: Pick<Context, "reader" | "provider">): Promise<Standing> {
  const stake = openContract(context.reader, ProviderStake.fromAddress(context.provider));
  const [state, paramsCell, catalogCell] = await Promise.all([
    stake.getProviderState(),
    stake.getParams(),
    stake.getCatalog(),
  ]);
  const params = paramsCell === null ? undefined : loadNetworkParams(paramsCell.beginParse());
  const catalog = catalogCell === null ? undefined : loadProviderCatalog(catalogCell.beginParse());
  const mayBid =
    params !== undefined && catalog !== undefined && !state.paused && state.stake >= params.minStake;
  return {
    freeStakeNano: state.stake - state.bonded,
    room: mayBid ? Number(catalog.maxOpenJobs - state.openJobs) : 0,
    openBids: 0,
    bondOf: (budgetNano) => (budgetNano * (params?.bondBps ?? FULL) + FULL - 1n) / FULL,
  };
}
