import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { FinalError } from "../errors";
import { type Call, findCall, forgetCall, listCalls, overwriteDeleted } from "../store";
import type { Caller } from "./apiKeys";
import { type Context, callerOf } from "./context";

const PAGE = 100;
const REQUEST_ID = /^[0-9a-f]{32}$/;
const listSchema = z.object({
  limit: z.coerce.number().int().min(1).max(1_000).default(20),
  /** The last id of the page before. */
  after: z.string().max(64).optional(),
});

/** Receipts: one, the export of all, and their deletion. A key sees its own; a managing key reads all. */
export function receiptRoutes(app: FastifyInstance, context: Context): void {
  app.get<{ Params: { id: string } }>("/v1/receipts/:id", async (request) => {
    const caller = await callerOf(context, request);
    return await receiptOf(context, caller, request.params.id);
  });
  app.get("/v1/receipts", async (request) => {
    const caller = await callerOf(context, request);
    return await page(context, caller, request.query);
  });
  app.delete<{ Params: { id: string } }>("/v1/receipts/:id", async (request) => {
    const caller = await callerOf(context, request);
    const { id } = request.params;
    await receiptOf(context, caller, id);
    await forgetCall(context.store, { requestId: requestIdOf(context, caller, id) });
    await overwriteDeleted(context.store);
    return { id, object: "cocoon.receipt.deleted", deleted: true };
  });
  app.delete("/v1/receipts", async (request) => {
    const caller = await callerOf(context, request);
    return { object: "cocoon.receipts.deleted", deleted: await forgetAll(context, caller) };
  });
}

/** Another key's receipt is as unknown as one that does not exist. */
export async function receiptOf(context: Context, caller: Caller, named: string) {
  const id = requestIdOf(context, caller, named);
  const receipt = await context.client.receipt(id);
  const call = receipt === undefined ? undefined : await findCall(context.store, { requestId: id });
  if (receipt === undefined || (call?.apiKeyId !== caller.id && !caller.isAdmin)) {
    throw new FinalError("NOT_FOUND", "No receipt with this id is stored.", { param: "id" });
  }
  return receipt;
}

/** The id in an answer's body names its receipt too, unless the model's server has called it like another receipt. */
function requestIdOf({ answerIds }: Context, caller: Caller, named: string): string {
  const id = named.replace(/^resp_/, "");
  return REQUEST_ID.test(id) ? id : (answerIds.find(caller.id, named) ?? id);
}

async function page(context: Context, caller: Caller, query: unknown) {
  const parsed = listSchema.safeParse(query);
  if (!parsed.success) {
    const param = parsed.error.issues[0]?.path.join(".") ?? "";
    throw new FinalError("BAD_REQUEST", "`limit` is 1 to 1000, and `after` the id of a receipt.", { param });
  }
  const { limit, after } = parsed.data;
  const olderThan = after === undefined ? undefined : await findCall(context.store, { requestId: after });
  if (after !== undefined && (olderThan === undefined || !mayRead(caller, olderThan))) {
    throw new FinalError("NOT_FOUND", "No receipt with this id is stored.", { param: "after" });
  }
  const own = caller.isAdmin ? {} : { apiKeyId: caller.id };
  const calls = await listCalls(context.store, { ...own, olderThan, isKept: true, limit: limit + 1 });
  const shown = calls.slice(0, limit);
  const data = await Promise.all(shown.map((call) => entryOf(context, call)));
  return { object: "list", data, has_more: calls.length > limit };
}

/** A call and its receipt; null while there is none: the answer was not read to its end, and its receipt is sought. */
async function entryOf(context: Context, call: Call) {
  return {
    id: call.requestId,
    object: "cocoon.receipt",
    created_at: Math.floor(call.createdAt / 1_000),
    model: call.model,
    status: call.status,
    cost_nano: call.costNano?.toString() ?? null,
    receipt: (await context.client.receipt(call.requestId)) ?? null,
  };
}

function mayRead(caller: Caller, call: Call): boolean {
  return caller.isAdmin || call.apiKeyId === caller.id;
}

/** Every call of the caller's own key that has ended. */
async function forgetAll(context: Context, caller: Caller): Promise<number> {
  let forgotten = 0;
  let olderThan: Call | undefined;
  for (;;) {
    const calls = await listCalls(context.store, {
      apiKeyId: caller.id,
      olderThan,
      isKept: true,
      limit: PAGE,
    });
    for (const call of calls.filter(({ finishedAt }) => finishedAt !== undefined)) {
      forgotten += Number(await forgetCall(context.store, call));
    }
    olderThan = calls.at(-1);
    if (olderThan === undefined) {
      await overwriteDeleted(context.store);
      return forgotten;
    }
  }
}
