import type { AccountKey, TransactionRecord } from "./records";

/** The transactions that answers may show, found by account, by hash and by message. */
export interface TransactionIndex {
  add(record: TransactionRecord): void;
  /** Oldest first. */
  ofAccount(account: AccountKey): readonly TransactionRecord[];
  /** In block order, oldest first. */
  all(): readonly TransactionRecord[];
  /** Transactions that took in, or sent out, the message with this base64 hash. */
  byMessage(hash: string): readonly TransactionRecord[];
  byHash(hash: string): TransactionRecord | undefined;
  /** Keeps the first `count` transactions and forgets the rest. */
  truncate(count: number): void;
}

export function createTransactionIndex(): TransactionIndex {
  const everything: TransactionRecord[] = [];
  const accounts = new Map<AccountKey, TransactionRecord[]>();
  const messages = new Map<string, TransactionRecord[]>();
  const hashes = new Map<string, TransactionRecord>();

  const messageKeys = (record: TransactionRecord): string[] => [
    ...new Set(
      [record.inMessageHash, record.inMessageNormalizedHash, ...record.outMessageHashes].filter(
        (hash) => hash !== undefined,
      ),
    ),
  ];

  return {
    add(record) {
      everything.push(record);
      push(accounts, record.account, record);
      hashes.set(record.hash.toString("base64"), record);
      for (const key of messageKeys(record)) {
        push(messages, key, record);
      }
    },
    ofAccount: (account) => accounts.get(account) ?? [],
    all: () => everything,
    byMessage: (hash) => messages.get(hash) ?? [],
    byHash: (hash) => hashes.get(hash),
    truncate(count) {
      for (const record of everything.splice(count).reverse()) {
        accounts.get(record.account)?.pop();
        hashes.delete(record.hash.toString("base64"));
        for (const key of messageKeys(record)) {
          messages.get(key)?.pop();
        }
      }
    },
  };
}

function push<K>(lists: Map<K, TransactionRecord[]>, key: K, record: TransactionRecord): void {
  const list = lists.get(key);
  if (list === undefined) {
    lists.set(key, [record]);
  } else {
    list.push(record);
  }
}
