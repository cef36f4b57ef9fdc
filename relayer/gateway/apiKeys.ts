import { createHash } from "node:crypto";
import type { Spender } from "../client";
import { FinalError, toCocoonError } from "../errors";
import type { Clock } from "../observe/clock";
import type { Log } from "../observe/log";
import {
  type ApiKey,
  findApiKey,
  listApiKeys,
  revokeApiKey,
  type Store,
  saveApiKey,
  spendApiKey,
  UNHURRIED,
} from "../store";
import type { ApiKeyOption } from "./options";

/** A revoked key works this long at most. */
const REMEMBER_MS = 2_000;
/** Keys remembered; unknown ones are not, so nobody can fill it. */
const MAX_REMEMBERED = 10_000;

export interface Caller {
  readonly id: string;
  readonly name: string;
  readonly limitNano: bigint | undefined;
  readonly isAdmin: boolean;
}

export interface ApiKeys extends Spender {
  /** By the `authorization` header. Throws `UNAUTHORIZED`. */
  identify(authorization: string | undefined): Promise<Caller>;
}

/** SHA-256 of the key, hex. Keys are long and random, so a slow hash would only slow the gateway. */
export function hashApiKey(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

/**
 * Makes the given keys the valid ones, stored by their hash; a key of an earlier start that is not among them is
 * revoked. Throws `CONFIG_INVALID` when there are none.
 */
export async function createApiKeys(
  deps: { readonly store: Store; readonly clock: Clock; readonly log: Log },
  options: readonly ApiKeyOption[],
): Promise<ApiKeys> {
  const { store, clock, log } = deps;
  if (options.length === 0) {
    throw new FinalError("CONFIG_INVALID", "The gateway has no API key: give it at least one.");
  }
  for (const { key, name, limitNano, admin } of options) {
    const hash = hashApiKey(key);
    const limits = { admin: admin ?? limitNano === undefined };
    await saveApiKey(store, { apiKey: { id: hash.slice(0, 16), hash, name, limitNano, limits } });
  }
  const given = new Set(options.map(({ key }) => hashApiKey(key)));
  for (const { id, name, hash, revokedAt } of await listApiKeys(store)) {
    if (revokedAt === undefined && !given.has(hash)) {
      await revokeApiKey(store, { id });
      log.info({ msg: "api key revoked", apiKey: id, name });
    }
  }
  const known = new Map<string, { readonly caller: Caller; readonly untilMs: number }>();
  const limited = new Set<string>();

  const look = async (hash: string): Promise<Caller> => {
    const found = await findApiKey(store, { hash });
    if (found === undefined) {
      known.delete(hash);
      throw unauthorized();
    }
    const caller = callerOf(found);
    if (caller.limitNano === undefined) {
      limited.delete(caller.id);
    } else {
      limited.add(caller.id);
    }
    if (known.size >= MAX_REMEMBERED) {
      known.clear();
    }
    known.set(hash, { caller, untilMs: clock.nowMs() + REMEMBER_MS });
    return caller;
  };
  return {
    identify: async (authorization) => {
      if (authorization?.startsWith("Bearer ") !== true) {
        throw unauthorized();
      }
      const hash = hashApiKey(authorization.slice("Bearer ".length).trim());
      const remembered = known.get(hash);
      return remembered !== undefined && remembered.untilMs > clock.nowMs()
        ? remembered.caller
        : await look(hash);
    },
    // Only a limited key needs its worst case set aside before; the others are charged afterwards.
    reserve: async (id, nano) => {
      if (id !== undefined && limited.has(id)) {
        await spendApiKey(store, { id, amountNano: nano });
      }
    },
    settle: (id, { reservedNano, costNano }) => {
      const amountNano = id !== undefined && limited.has(id) ? costNano - reservedNano : costNano;
      if (id === undefined || amountNano === 0n) {
        return;
      }
      const booked = store.batched((tx) => spendApiKey(tx, { id, amountNano }), UNHURRIED);
      booked.catch((thrown: unknown) => {
        const { code, message } = toCocoonError(thrown);
        log.error({ msg: "spending not booked", apiKey: id, amountNano, code, detail: message });
      });
    },
  };
}

function callerOf(key: ApiKey): Caller {
  return { id: key.id, name: key.name, limitNano: key.limitNano, isAdmin: key.limits.admin === true };
}

function unauthorized(): FinalError {
  return new FinalError("UNAUTHORIZED", "Send a valid API key as `Authorization: Bearer …`.");
}
