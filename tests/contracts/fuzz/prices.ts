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
  const config = Dictionary.loadDirect(
    Dictionary.Keys.Int(32),
    Dictionary.Values.Cell(),
    MAINNET_2026_CONFIG,
  );
  const parameter = (id: number) => {
    const cell = config.get(id);
    if (cell === undefined) {
      throw new Error(`The configuration has no parameter ${id}.`);
    }
    return cell.beginParse();
  };
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

  const storage = Dictionary.loadDirect(
    Dictionary.Keys.Uint(32),
    Dictionary.Values.BitString(8 + 32 + 4 * 64),
    parameter(STORAGE).asCell(),
  );
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
