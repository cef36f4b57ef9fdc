import type { FastifyRequest } from "fastify";
import type { Client } from "../client";
import type { Clock } from "../observe/clock";
import type { Log } from "../observe/log";
import type { Store } from "../store";
import type { AnswerIds } from "./answerIds";
import type { ApiKeys, Caller } from "./apiKeys";
import type { Metrics } from "./metrics";
import type { UsdRate } from "./usdRate";

/** What every route gets. */
export interface Context {
  readonly client: Client;
  readonly store: Store;
  readonly apiKeys: ApiKeys;
  readonly answerIds: AnswerIds;
  readonly metrics: Metrics;
  readonly usdRate: UsdRate;
  readonly log: Log;
  readonly clock: Clock;
}

/** Who calls. Throws `UNAUTHORIZED`. */
export function callerOf(context: Context, request: FastifyRequest): Promise<Caller> {
  return context.apiKeys.identify(request.headers.authorization);
}
