import { beginCell, type Cell, Dictionary } from "@ton/core";
import { decodeAccount } from "./accounts";
import type { AccountKey } from "./records";

const MASTERCHAIN = "-1:";

/** Public libraries of masterchain accounts, which code anywhere may refer to by their hash. */
export interface Libraries {
  readonly byHash: ReadonlyMap<string, Cell>;
  /** Base64, as the executor takes them; undefined when there is none. */
  readonly boc: string | undefined;
}

export function isMasterchain(key: AccountKey): boolean {
  return key.startsWith(MASTERCHAIN);
}

/** Collects the libraries that these accounts publish; accounts of other workchains are passed over. */
export function collectLibraries(accounts: ReadonlyMap<AccountKey, string>): Libraries {
  const found = Dictionary.empty(Dictionary.Keys.Buffer(32), Dictionary.Values.Cell());
  const byHash = new Map<string, Cell>();
  for (const [key, boc] of accounts) {
    const state = isMasterchain(key) ? decodeAccount(boc).account?.storage.state : undefined;
    for (const { public: isPublic, root } of state?.type === "active"
      ? published(state.state.libraries)
      : []) {
      if (isPublic) {
        found.set(root.hash(), root);
        byHash.set(root.hash().toString("hex"), root);
      }
    }
  }
  const boc =
    byHash.size === 0 ? undefined : beginCell().storeDictDirect(found).endCell().toBoc().toString("base64");
  return { byHash, boc };
}

function published<T>(libraries: Dictionary<bigint, T> | null | undefined): readonly T[] {
  return libraries?.values() ?? [];
}
