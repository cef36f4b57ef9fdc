import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import type { JobInfo } from "../client";
import { pricesBody } from "../client/openai";
import { usdText } from "../client/usd";
import { FinalError } from "../errors";
import { fromHex, isRawAddress } from "../protocol";
import { type Context, callerOf } from "./context";

const openSchema = z.strictObject({
  model: z.string().min(1).max(256),
  buy: z.enum(["named", "auction"]).default("named"),
  provider: z.string().refine(isRawAddress, "an address in raw form").optional(),
  budget_nano: z
    .string()
    .regex(/^[1-9]\d{0,18}$/)
    .optional(),
});

const adoptSchema = z.strictObject({
  address: z.string().refine(isRawAddress, "an address in raw form"),
  /** The session key's seed, hex. */
  session_seed: z.string().regex(/^[0-9a-f]{64}$/, "32 bytes as lower-case hex"),
});

/** Jobs are the developer's money: only keys that may manage open, list and close them. */
export function jobRoutes(app: FastifyInstance, context: Context): void {
  app.post("/v1/cocoon/jobs", async (request, reply) => {
    await requireAdmin(context, request);
    const { model, provider, budget_nano, buy } = parseBody(openSchema, request.body);
    const budgetNano = budget_nano === undefined ? undefined : BigInt(budget_nano);
    const job = await context.client.openJob({ model, provider, budgetNano, buy });
    return await reply.code(201).send(jobBody(job, context.usdRate.now()));
  });
  app.post("/v1/cocoon/jobs/adopt", async (request, reply) => {
    await requireAdmin(context, request);
    const { address, session_seed } = parseBody(adoptSchema, request.body);
    const job = await context.client.adoptJob({ address, seed: fromHex(session_seed, 32) });
    return await reply.code(201).send(jobBody(job, context.usdRate.now()));
  });
  app.get("/v1/cocoon/jobs", async (request) => {
    await requireAdmin(context, request);
    return { object: "list", data: context.client.jobs().map((job) => jobBody(job, context.usdRate.now())) };
  });
  app.post<{ Params: { address: string } }>("/v1/cocoon/jobs/:address/close", async (request) => {
    await requireAdmin(context, request);
    const closed = await context.client.closeJob(request.params.address);
    return jobBody(closed, context.usdRate.now());
  });
}

async function requireAdmin(context: Context, request: FastifyRequest): Promise<void> {
  const caller = await callerOf(context, request);
  if (!caller.isAdmin) {
    throw new FinalError("UNAUTHORIZED", "This API key may not manage jobs.");
  }
}

function parseBody<T>(schema: z.ZodType<T>, body: unknown): T {
  let json: unknown;
  try {
    json = body instanceof Uint8Array ? JSON.parse(Buffer.from(body).toString("utf8")) : undefined;
  } catch {
    throw new FinalError("BAD_REQUEST", "The body is not valid JSON.");
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new FinalError("BAD_REQUEST", `The job is not well described: ${issue?.message}`, {
      param: issue?.path.join(".") || undefined,
    });
  }
  return parsed.data;
}

function auctionBody({ endsAtSeconds, ceiling, best }: NonNullable<JobInfo["auction"]>) {
  return {
    ends_at: endsAtSeconds,
    ceiling: pricesBody(ceiling),
    best_bid: best === undefined ? null : { provider: best.provider, bps: best.bps },
  };
}

function jobBody(job: JobInfo, usdPerTon: number | undefined) {
  return {
    object: "cocoon.job",
    address: job.address,
    /** null while it is up for auction. */
    provider: job.provider ?? null,
    model: job.model,
    state: job.state,
    budget_nano: job.budgetNano.toString(),
    spent_nano: job.spentNano.toString(),
    free_nano: job.freeNano.toString(),
    settled_nano: job.settledNano.toString(),
    /** At the pace of the last minutes; null while nothing is spent. */
    spent_nano_per_hour: job.nanoPerHour.toString(),
    runs_dry_at: job.emptyAtMs === undefined ? null : Math.floor(job.emptyAtMs / 1_000),
    deadline: job.deadlineSeconds,
    /** null unless it was bought to follow another job. */
    follows: job.follows ?? null,
    ...(job.auction === undefined ? {} : { auction: auctionBody(job.auction) }),
    ...(usdPerTon === undefined
      ? {}
      : { spent_usd: usdText(job.spentNano, usdPerTon), free_usd: usdText(job.freeNano, usdPerTon) }),
  };
}
