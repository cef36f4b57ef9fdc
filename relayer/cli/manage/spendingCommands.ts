import { readFile } from "node:fs/promises";
import { Address } from "@ton/core";
import { z } from "zod";
import { FinalError } from "../../errors";
import { formatTon } from "../../protocol";
import { callGateway } from "../askGateway";
import { type GatewayOptions, gatewayOf } from "./gatewayCommands";
import { type Io, table, toJson, withProgress } from "./output";

const nano = z.coerce.bigint();
const estimateSchema = z.looseObject({
  model: z.string(),
  providers: z.array(
    z.looseObject({
      provider: z.string(),
      attestation: z.string(),
      has_job: z.boolean(),
      prompt_tokens_at_most: z.number(),
      completion_tokens_at_most: z.number(),
      max_cost_nano: nano,
    }),
  ),
});
const usageSchema = z.looseObject({
  name: z.string(),
  spent_nano: nano,
  limit_nano: nano.nullable(),
  today: z.array(z.looseObject({ model: z.string().nullable(), spent_nano: nano, limit_nano: nano })),
});
const jobSchema = z.looseObject({
  address: z.string(),
  /** null while it is up for auction. */
  provider: z.string().nullable(),
  model: z.string(),
  state: z.string(),
  budget_nano: nano,
  spent_nano: nano,
  free_nano: nano,
  runs_dry_at: z.number().nullable(),
  auction: z
    .looseObject({ ends_at: z.number(), best_bid: z.looseObject({ bps: z.number() }).nullable() })
    .optional(),
});

export interface EstimateOptions extends GatewayOptions {
  readonly maxTokens?: string;
  readonly request?: string;
  readonly kind?: string;
}

const KINDS = {
  chat: "chat/completions",
  completions: "completions",
  embeddings: "embeddings",
  responses: "responses",
} as const;

/** What a request would cost at each provider, the next to be asked first. Nothing is sent to a worker. */
export async function estimate(
  io: Io,
  model: string | undefined,
  prompt: string | undefined,
  options: EstimateOptions,
): Promise<void> {
  const kind = Object.keys(KINDS).find(
    (name): name is keyof typeof KINDS => name === (options.kind ?? "chat"),
  );
  if (kind === undefined) {
    throw new FinalError("BAD_REQUEST", `--kind is one of ${Object.keys(KINDS).join(", ")}.`);
  }
  const body = await requestOf({ model, prompt }, options);
  const path = `/estimate/${KINDS[kind]}`;
  const found = await callGateway(gatewayOf(io, options), { path, schema: estimateSchema, body });
  if (options.json === true) {
    io.stdout.write(toJson(found));
    return;
  }
  const rows = found.providers.map((each) => [
    Address.parse(each.provider).toString(),
    each.attestation,
    each.has_job ? "open" : "new",
    String(each.prompt_tokens_at_most),
    String(each.completion_tokens_at_most),
    formatTon(each.max_cost_nano),
  ]);
  io.stdout.write(table(["provider", "machine", "job", "read", "written", "TON at most"], rows));
  io.stdout.write("Tokens are the most that there may be: a byte of the request is one.\n");
}

/** A chat of one question, or the request in a file. */
async function requestOf(
  { model, prompt }: { readonly model: string | undefined; readonly prompt: string | undefined },
  { request, maxTokens, kind }: EstimateOptions,
): Promise<string> {
  if (request !== undefined) {
    return await readFile(request, "utf8").catch((cause: unknown) => {
      throw new FinalError("BAD_REQUEST", `${request} cannot be read.`, {}, { cause });
    });
  }
  if (model === undefined || prompt === undefined || (kind !== undefined && kind !== "chat")) {
    throw new FinalError(
      "BAD_REQUEST",
      "Name a model and a prompt for a chat, or a file with any request: --request FILE.",
    );
  }
  if (maxTokens !== undefined && !/^[1-9]\d{0,8}$/.test(maxTokens)) {
    throw new FinalError("BAD_REQUEST", "--max-tokens is a number.");
  }
  return JSON.stringify({
    model,
    messages: [{ role: "user", content: prompt }],
    ...(maxTokens === undefined ? {} : { max_tokens: Number(maxTokens) }),
  });
}

/** What the key has spent, and what it may. */
export async function usage(io: Io, options: GatewayOptions): Promise<void> {
  const found = await callGateway(gatewayOf(io, options), { path: "/cocoon/usage", schema: usageSchema });
  if (options.json === true) {
    io.stdout.write(toJson(found));
    return;
  }
  const row = (what: string, spent: bigint, limit: bigint | null) => [
    what,
    formatTon(spent),
    limit === null ? "-" : formatTon(limit),
    limit === null ? "-" : formatTon(limit > spent ? limit - spent : 0n),
  ];
  const rows = [
    row("in all", found.spent_nano, found.limit_nano),
    ...found.today.map((day) =>
      row(day.model === null ? "today" : `today, ${day.model}`, day.spent_nano, day.limit_nano),
    ),
  ];
  io.stdout.write(`key ${found.name}\n`);
  io.stdout.write(table(["", "TON spent", "limit", "left"], rows));
}

/** The gateway's jobs: the money that it has locked. */
export async function jobList(io: Io, options: GatewayOptions): Promise<void> {
  const schema = z.object({ data: z.array(jobSchema) });
  const { data } = await callGateway(gatewayOf(io, options), { path: "/cocoon/jobs", schema });
  if (options.json === true) {
    io.stdout.write(toJson(data));
    return;
  }
  // No table: an address cut in its middle is of no use to the next command.
  for (const job of data) {
    const dry = job.runs_dry_at === null ? "" : `, dry at ${minuteOf(job.runs_dry_at)}`;
    io.stdout.write(`${Address.parse(job.address).toString()}  ${job.state}\n`);
    io.stdout.write(
      `  ${formatTon(job.spent_nano)} of ${formatTon(job.budget_nano)} TON, ${formatTon(job.free_nano)} free${dry}\n  ${job.model}\n`,
    );
    if (job.auction !== undefined) {
      const { ends_at, best_bid } = job.auction;
      const best = best_bid === null ? "no bid yet" : `best bid ${best_bid.bps / 100} % of the ceiling`;
      io.stdout.write(`  providers bid until ${minuteOf(ends_at)}, ${best}\n`);
    }
  }
  if (data.length === 0) {
    io.stdout.write("The gateway has no job.\n");
  }
}

function minuteOf(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().slice(0, 16);
}

/** Hands a job to the gateway with its session key. The seed is read from a file or a prompt: arguments are public. */
export async function jobAdopt(
  io: Io,
  job: string,
  options: GatewayOptions & { readonly seedFile?: string },
): Promise<void> {
  const gateway = gatewayOf(io, options);
  const address = rawAddress(job);
  const given =
    options.seedFile === undefined
      ? await io.ask("The session key's seed: ")
      : await readFile(options.seedFile, "utf8").catch((cause: unknown) => {
          throw new FinalError("BAD_REQUEST", `${options.seedFile} cannot be read.`, {}, { cause });
        });
  const seed = given.trim().toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(seed)) {
    throw new FinalError(
      "BAD_REQUEST",
      "A session key's seed is 64 hex digits, as `cocoon job open` shows it.",
    );
  }
  const body = JSON.stringify({ address, session_seed: seed });
  const asked = callGateway(gateway, { path: "/cocoon/jobs/adopt", schema: jobSchema, body });
  const taken = await withProgress(io, "Handing over", asked);
  if (options.json === true) {
    io.stdout.write(toJson(taken));
    return;
  }
  const { model, state, free_nano } = taken;
  io.stdout.write(`${job} is the gateway's: ${model}, ${state}, ${formatTon(free_nano)} TON to spend\n`);
}

function rawAddress(text: string): string {
  try {
    return Address.parse(text).toRawString();
  } catch (cause) {
    throw new FinalError("BAD_REQUEST", `${text} is not an address.`, {}, { cause });
  }
}
