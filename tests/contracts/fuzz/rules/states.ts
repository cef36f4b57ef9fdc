import type { Address } from "@ton/core";
import { must } from "../arrival";
import { ACTIVE, CLOSING, DISPUTED, type JobView, sameAddress } from "../views";

export const RUNNING = [ACTIVE, CLOSING, DISPUTED];

export function was(view: JobView | undefined, states: readonly number[]): JobView {
  must(view !== undefined && states.includes(view.state), `it was carried out in state ${view?.state}`);
  return view;
}

export function is(view: JobView | undefined, state: number): JobView {
  must(view?.state === state, `it led to state ${view?.state} and not ${state}`);
  return view;
}

export function mustBe(sender: Address, role: Address | undefined, name: string): void {
  must(sameAddress(sender, role), `somebody else than ${name} could do it`);
}
