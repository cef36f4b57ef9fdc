import type { Chain } from "../chain/createChain";
import type { Faults } from "../faults";
import type { Params } from "./params";

/** What every route works with. */
export interface ApiContext {
  readonly chain: Chain;
  readonly faults: Faults;
}

/** `target` is the method or path that faults are matched against. */
export type Method = (context: ApiContext, params: Params, target: string) => unknown;

export type Methods = Readonly<Record<string, Method>>;
