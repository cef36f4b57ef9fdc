import { beginCell, Cell, Dictionary } from "@ton/core";
import { slimConfig } from "@ton/sandbox/dist/config/slimConfig";

/** Told apart from mainnet (-239) and testnet (-3) by everything that signs or binds a network id. */
export const LOCALNET_GLOBAL_ID = -23911;
export const MAINNET_GLOBAL_ID = -239;

/**
 * Mainnet's prices of June 2026. `@ton/sandbox` 0.41 still carries those of 2025, six times higher.
 * Masterchain prices did not change; they are repeated here so that the whole price list is in one place.
 */
const STORAGE = { bit: 0n, cell: 135n, masterchainBit: 1000n, masterchainCell: 500_000n };
const GAS = { pricePerUnit: 4_369_067n, flatLimit: 100n, flatPrice: 6_667n, creditLimit: 10_000n };
const MASTERCHAIN_GAS = { pricePerUnit: 655_360_000n, flatLimit: 100n, flatPrice: 1_000_000n };
const FORWARD = { lump: 66_667n, bit: 4_369_067n, cell: 436_906_667n };
const MASTERCHAIN_FORWARD = { lump: 10_000_000n, bit: 655_360_000n, cell: 65_536_000_000n };

/**
 * The network configuration with current prices and the given global id, for a localnet or for
 * `Blockchain.create({ config })`. It has every parameter that execution reads (0 to 31) but no validator sets,
 * which keeps it 75 times smaller than a full one: sandbox copies it into the TVM for each getter call.
 */
export function networkConfig(globalId: number = LOCALNET_GLOBAL_ID): Cell {
  const parameters = Dictionary.loadDirect(
    Dictionary.Keys.Int(32),
    Dictionary.Values.Cell(),
    Cell.fromBase64(slimConfig),
  );
  parameters.set(18, storagePrices());
  parameters.set(19, beginCell().storeInt(globalId, 32).endCell());
  parameters.set(20, gasPrices({ ...MASTERCHAIN_GAS, specialLimit: 70_000_000n, blockLimit: 2_500_000n }));
  parameters.set(21, gasPrices({ ...GAS, specialLimit: 1_000_000n, blockLimit: 10_000_000n }));
  parameters.set(24, forwardPrices(MASTERCHAIN_FORWARD));
  parameters.set(25, forwardPrices(FORWARD));
  return beginCell().storeDictDirect(parameters).endCell();
}

/** What a contract meets on mainnet, for tests that assert fees. */
export const MAINNET_2026_CONFIG: Cell = networkConfig(MAINNET_GLOBAL_ID);

/** One entry since time 0, so that the price does not depend on a test's clock. */
function storagePrices(): Cell {
  const prices = Dictionary.empty(Dictionary.Keys.Uint(32), {
    serialize: (since: number, builder) => {
      builder
        .storeUint(0xcc, 8)
        .storeUint(since, 32)
        .storeUint(STORAGE.bit, 64)
        .storeUint(STORAGE.cell, 64)
        .storeUint(STORAGE.masterchainBit, 64)
        .storeUint(STORAGE.masterchainCell, 64);
    },
    parse: (slice) => slice.skip(8).loadUint(32),
  });
  prices.set(0, 0);
  return beginCell().storeDictDirect(prices).endCell();
}

function gasPrices(prices: {
  readonly pricePerUnit: bigint;
  readonly flatLimit: bigint;
  readonly flatPrice: bigint;
  readonly specialLimit: bigint;
  readonly blockLimit: bigint;
}): Cell {
  return beginCell()
    .storeUint(0xd1, 8)
    .storeUint(prices.flatLimit, 64)
    .storeUint(prices.flatPrice, 64)
    .storeUint(0xde, 8)
    .storeUint(prices.pricePerUnit, 64)
    .storeUint(1_000_000n, 64) // gas limit of one transaction
    .storeUint(prices.specialLimit, 64)
    .storeUint(GAS.creditLimit, 64)
    .storeUint(prices.blockLimit, 64)
    .storeUint(100_000_000n, 64) // debt that freezes an account
    .storeUint(1_000_000_000n, 64) // debt that deletes an account
    .endCell();
}

function forwardPrices(prices: { readonly lump: bigint; readonly bit: bigint; readonly cell: bigint }): Cell {
  return beginCell()
    .storeUint(0xea, 8)
    .storeUint(prices.lump, 64)
    .storeUint(prices.bit, 64)
    .storeUint(prices.cell, 64)
    .storeUint(98_304, 32) // instant hypercube routing, not used
    .storeUint(0x5555, 16)
    .storeUint(0x5555, 16)
    .endCell();
}
