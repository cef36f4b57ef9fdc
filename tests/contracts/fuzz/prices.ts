import { beginCell, type Cell, Dictionary } from "@ton/core";
import { MAINNET_2026_CONFIG } from "../../../relayer/localnet/config";

const STORAGE = 18;
const GAS = 21;
const FORWARD = 25;

/** What the basechain may charge in a sequence; the first is where each begins. */
export const PRICE_LISTS = [
  { name: "mainnet's prices of June 2026", config: MAINNET_2026_CONFIG },
  { name: "all six times as dear", config: priced({ gas: [6n, 1n], forward: [6n, 1n], storage: [6n, 1n] }) },
  { name: "gas at a third", config: priced({ gas: [1n, 3n], forward: [1n, 1n], storage: [1n, 1n] }) },
] as const;

type Factor = readonly [bigint, bigint];

function priced(factors: { gas: Factor; forward: Factor; storage: Factor }): Cell {
  const config = parametersOf(MAINNET_2026_CONFIG);
  const parameter = (id: number) => parameterOf(config, id).beginParse();
  const times = (price: bigint, [up, down]: Factor) => (price * up) / down;

  const gas = parameter(GAS);
  const gasPrices = beginCell()
    .storeUint(gas.loadUint(8), 8)
    .storeUint(gas.loadUintBig(64), 64)
    .storeUint(times(gas.loadUintBig(64), factors.gas), 64)
    .storeUint(gas.loadUint(8), 8)
    .storeUint(times(gas.loadUintBig(64), factors.gas), 64)
    .storeSlice(gas);
  config.set(GAS, gasPrices.endCell());

  const forward = parameter(FORWARD);
  const forwardPrices = beginCell().storeUint(forward.loadUint(8), 8);
  for (let price = 0; price < 3; price += 1) {
    forwardPrices.storeUint(times(forward.loadUintBig(64), factors.forward), 64);
  }
  config.set(FORWARD, forwardPrices.storeSlice(forward).endCell());

  const storage = storageIn(config);
  for (const [since, entry] of storage) {
    const prices = beginCell().storeBits(entry).endCell().beginParse();
    const dearer = beginCell().storeUint(prices.loadUint(8), 8).storeUint(prices.loadUint(32), 32);
    for (let price = 0; price < 4; price += 1) {
      dearer.storeUint(times(prices.loadUintBig(64), factors.storage), 64);
    }
    storage.set(since, dearer.endCell().bits);
  }
  config.set(STORAGE, beginCell().storeDictDirect(storage).endCell());
  return beginCell().storeDictDirect(config).endCell();
}

/** What so much of an account costs over so long, at one of the price lists. */
export function rentOf(
  prices: number,
  { cells, bits, seconds }: { readonly cells: bigint; readonly bits: bigint; readonly seconds: bigint },
): bigint {
  const entry = [...storageIn(parametersOf(PRICE_LISTS[prices]?.config ?? MAINNET_2026_CONFIG)).values()].at(
    -1,
  );
  if (entry === undefined) {
    throw new Error("The configuration has no prices of storage.");
  }
  const fields = beginCell()
    .storeBits(entry)
    .endCell()
    .beginParse()
    .skip(8 + 32);
  const bitPrice = fields.loadUintBig(64);
  const cellPrice = fields.loadUintBig(64);
  const product = (bits * bitPrice + cells * cellPrice) * seconds;
  return (product + 0xffffn) >> 16n; // prices are in 2^-16 nanoton, rounded up
}

type Parameters = Dictionary<number, Cell>;

function parametersOf(config: Cell): Parameters {
  return Dictionary.loadDirect(Dictionary.Keys.Int(32), Dictionary.Values.Cell(), config);
}

function parameterOf(config: Parameters, id: number): Cell {
  const cell = config.get(id);
  if (cell === undefined) {
    throw new Error(`The configuration has no parameter ${id}.`);
  }
  return cell;
}

/** By the date from which each holds. */
function storageIn(config: Parameters) {
  return Dictionary.loadDirect(
    Dictionary.Keys.Uint(32),
    Dictionary.Values.BitString(8 + 32 + 4 * 64),
    parameterOf(config, STORAGE),
  );
}
