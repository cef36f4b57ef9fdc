import { createHash } from "node:crypto";
import type { Charge, Spender } from "../client";
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
  spendKeyDay,
  spentOnDay,
  UNHURRIED,
} from "../store";
import { type DayLimit, dayLimits, type KeyLimits } from "./keyLimits";
import type { ApiKeyOption } from "./options";

/** A revoked key works this long at most. */
const REMEMBER_MS = 2_000;
/** Keys remembered; unknown ones are not, so nobody can fill it. */
const MAX_REMEMBERED = 10_000;

export interface Caller {
  readonly id: string;
  readonly name: string;
  readonly hash: string;
  readonly limitNano: bigint | undefined;
  readonly isAdmin: boolean;
  readonly limits: KeyLimits;
}

/** What a key may still spend. */
export interface KeyUsage {
  readonly spentNano: bigint;
  readonly limitNano: bigint | undefined;
  readonly days: readonly (DayLimit & { readonly spentNano: bigint })[];
}

export interface ApiKeys extends Spender {
  /** By the `authorization` header. Throws `UNAUTHORIZED`. */
  identify(authorization: string | undefined): Promise<Caller>;
  usage(caller: Caller): Promise<KeyUsage>;
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
  const limitsById = new Map<string, KeyLimits>();
  for (const option of options) {
    const { key, name, limitNano, admin } = option;
    const hash = hashApiKey(key);
    limitsById.set(idOf(hash), option);
    const limits = { admin: admin ?? isUnlimited(option) };
    await saveApiKey(store, { apiKey: { id: idOf(hash), hash, name, limitNano, limits } });
  }
  const given = new Set(options.map(({ key }) => hashApiKey(key)));
  for (const { id, name, hash, revokedAt } of await listApiKeys(store)) {
    if (revokedAt === undefined && !given.has(hash)) {
      await revokeApiKey(store, { id });
      log.info({ msg: "api key revoked", apiKey: id, name });
    }
  }
  const known = new Map<string, { readonly caller: Caller; readonly untilMs: number }>();
  // Known from the start: calls that an earlier run left behind are booked before anybody calls.
  const limited = new Set(
    options.filter(({ limitNano }) => limitNano !== undefined).map(({ key }) => idOf(hashApiKey(key))),
  );
  const limitsOf = (id: string): KeyLimits => limitsById.get(id) ?? {};
  const daysOf = ({ apiKeyId, model }: Charge): readonly DayLimit[] =>
    apiKeyId === undefined ? [] : dayLimits(limitsOf(apiKeyId), model);

  const look = async (hash: string): Promise<Caller> => {
    const found = await findApiKey(store, { hash });
    if (found === undefined) {
      known.delete(hash);
      throw unauthorized();
    }
    const caller = callerOf(found, limitsOf(found.id));
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
    usage: async ({ id: apiKeyId, hash, limits }) => {
      const found = await findApiKey(store, { hash });
      const atMs = clock.nowMs();
      const days = ["", ...Object.keys(limits.models ?? {})]
        .flatMap((model) => dayLimits(limits, model))
        .filter((day, index, all) => all.findIndex(({ scope }) => scope === day.scope) === index);
      return {
        spentNano: found?.spentNano ?? 0n,
        limitNano: found?.limitNano,
        days: await Promise.all(
          days.map(async (day) => ({
            ...day,
            spentNano: await spentOnDay(store, { apiKeyId, scope: day.scope, atMs }),
          })),
        ),
      };
    },
    // Only a limited key needs its worst case set aside before; the others are charged afterwards.
    reserve: async (charge, amountNano) => {
      const { apiKeyId: id, atMs } = charge;
      const days = daysOf(charge);
      if (id === undefined || (days.length === 0 && !limited.has(id))) {
        return;
      }
      await store.transaction(async (tx) => {
        if (limited.has(id)) {
          await spendApiKey(tx, { id, amountNano });
        }
        for (const day of days) {
          await spendKeyDay(tx, { apiKeyId: id, atMs, amountNano, ...day });
        }
      });
    },
    settle: (charge, { reservedNano, costNano }) => {
      const { apiKeyId: id, atMs } = charge;
      const unusedNano = costNano - reservedNano;
      if (id === undefined) {
        return;
      }
      const amountNano = limited.has(id) ? unusedNano : costNano;
      const days = unusedNano === 0n ? [] : daysOf(charge);
      if (amountNano === 0n && days.length === 0) {
        return;
      }
      const booked = store.batched(async (tx) => {
        await spendApiKey(tx, { id, amountNano });
        for (const day of days) {
          await spendKeyDay(tx, { apiKeyId: id, atMs, amountNano: unusedNano, ...day });
        }
      }, UNHURRIED);
      booked.catch((thrown: unknown) => {
        const { code, message } = toCocoonError(thrown);
        log.error({ msg: "spending not booked", apiKey: id, amountNano, code, detail: message });
      });
    },
  };
}

function callerOf({ id, name, hash, limitNano, limits: { admin } }: ApiKey, limits: KeyLimits): Caller {
  return { id, name, hash, limitNano, isAdmin: admin === true, limits };
}

function idOf(hash: string): string {
  return hash.slice(0, 16);
}

/** A key that nothing limits may manage, unless it is told not to. */
function isUnlimited({ limitNano, perDayNano, perRequestNano, models }: ApiKeyOption): boolean {
  return [limitNano, perDayNano, perRequestNano, models].every((limit) => limit === undefined);
}

function unauthorized(): FinalError {
  return new FinalError("UNAUTHORIZED", "Send a valid API key as `Authorization: Bearer …`.");
}
