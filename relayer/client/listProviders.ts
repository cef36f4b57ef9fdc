import type { Cell } from "@ton/core";
import { decodeEvent } from "../../wrappers/events";
import { ingestOnce } from "../chain";
import { listEvents } from "../store";
import type { ClientDeps } from "./deps";

const PAGE = 200;
const KIND = "ProviderRegisteredEvent";

/** Raw addresses of every ProviderStake that the network admitted; new ones are read from the chain first. */
export async function listProviders(
  deps: Pick<ClientDeps, "reader" | "store" | "log" | "network">,
): Promise<readonly string[]> {
  const account = deps.network.registry;
  await ingestOnce(deps, { account, decode, kindOf: (event) => event.kind, apply: async () => {} });
  const found = new Set<string>();
  let fromLt = 0n;
  for (;;) {
    const page = await listEvents(deps.store, { account: account.toRawString(), fromLt, limit: PAGE });
    for (const event of page) {
      const provider = event.kind === KIND ? providerOf(event.body) : undefined;
      if (provider !== undefined) {
        found.add(provider);
      }
    }
    const last = page.at(-1);
    if (page.length < PAGE || last === undefined) {
      return [...found];
    }
    // The registry emits one event per transaction, so a page never ends inside one.
    fromLt = last.lt + 1n;
  }
}

function decode(body: Cell): { readonly kind: string; readonly provider?: string } | undefined {
  const event = decodeEvent(body);
  if (event === undefined) {
    return undefined;
  }
  return event.$$type === KIND
    ? { kind: event.$$type, provider: event.provider.toRawString() }
    : { kind: event.$$type };
}

function providerOf(body: unknown): string | undefined {
  return typeof body === "object" && body !== null && "provider" in body && typeof body.provider === "string"
    ? body.provider
    : undefined;
}
