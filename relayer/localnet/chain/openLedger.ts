import { Address, beginCell, type Cell } from "@ton/core";
import { FinalError } from "../../errors";
import { devWallets } from "../devWallets";
import { newAccount } from "./accounts";
import type { ChainClock } from "./chainClock";
import { type Journal, type OpenedJournal, openJournal } from "./journal";
import type { JournalRecord } from "./journalRecord";
import { createLedger, type Ledger } from "./ledger";

export interface GenesisOptions {
  readonly globalId: number;
  readonly config: Cell;
  readonly finalityBlocks: number;
  readonly dataDir?: string;
  /** More accounts to fund, beside the development wallets. */
  readonly funded: readonly { readonly address: Address; readonly amountNano: bigint }[];
}

export interface OpenedLedger {
  readonly ledger: Ledger;
  readonly journal: Journal;
  readonly tornBytes: number;
}

export const DEV_WALLET_BALANCE_NANO = 100_000_000_000_000n;
/** Where clients read the network's configuration: reference 0 of this account's data. */
export const CONFIG_ADDRESS = Address.parseRaw(`-1:${"5".repeat(64)}`);

/** Keeps nothing: for a chain that lives in memory only. */
const noJournal: Journal = {
  append: () => {},
  saveHead: () => {},
  size: () => 0,
  truncate: () => {},
  close: () => {},
};

/** Replays the journal of `dataDir`, or starts a new chain with its genesis accounts. */
export function openLedger(options: GenesisOptions, clock: ChainClock): OpenedLedger {
  const opened: OpenedJournal =
    options.dataDir === undefined
      ? { journal: noJournal, records: [], headSeqno: 0, tornBytes: 0 }
      : openJournal(options.dataDir);
  const { journal, records, tornBytes } = opened;
  const first = records[0];
  const genesis = first ?? { kind: "genesis", globalId: options.globalId, utime: clock.nowSeconds() };
  if (genesis.kind !== "genesis" || genesis.globalId !== options.globalId) {
    journal.close();
    throw new FinalError(
      "CONFIG_INVALID",
      "The data directory belongs to a localnet with another global id. Use that id or another directory.",
      { wanted: options.globalId, found: genesis.kind === "genesis" ? genesis.globalId : undefined },
    );
  }
  const ledger = createLedger({ ...genesis, finalityBlocks: options.finalityBlocks });
  if (first === undefined) {
    journal.append(genesis);
  }
  for (const record of records) {
    replay(ledger, clock, record);
  }
  if (first !== undefined) {
    ledger.blocks.fillTo(opened.headSeqno, Math.max(ledger.blocks.head().utime, clock.nowSeconds()));
    ledger.setFinalityBlocks(options.finalityBlocks);
  }
  fund(ledger, journal, options);
  return { ledger, journal, tornBytes };
}

function replay(ledger: Ledger, clock: ChainClock, record: JournalRecord): void {
  switch (record.kind) {
    case "genesis":
      return;
    case "accounts":
      ledger.credit(record.accounts);
      return;
    case "clock":
      clock.setOffset(record.offsetMs);
      return;
    case "block":
      ledger.apply(record.entry);
  }
}

/** Credits the accounts that do not exist yet, so that a restart may name new ones. */
function fund(ledger: Ledger, journal: Journal, options: GenesisOptions): void {
  const wallets = devWallets().flatMap((wallet) => [wallet.v5, wallet.v5Testnet, wallet.v4]);
  const wanted = [
    ...wallets.map((address) => ({ address, amountNano: DEV_WALLET_BALANCE_NANO })),
    ...options.funded,
  ];
  const accounts = wanted.map(
    ({ address, amountNano }) => [address.toRawString(), newAccount(address, amountNano)] as const,
  );
  const config = newAccount(CONFIG_ADDRESS, 1_000_000_000n, {
    code: beginCell().endCell(),
    data: beginCell().storeRef(options.config).endCell(),
  });
  const missing = [...accounts, [CONFIG_ADDRESS.toRawString(), config] as const].filter(
    ([key]) => !ledger.hasAccount(key),
  );
  if (missing.length > 0) {
    journal.append({ kind: "accounts", accounts: missing });
    ledger.credit(missing);
  }
}
