import { z } from "zod";
import type { Config } from "../../config";
import { readConfig } from "../../config";
import { FinalError, RetryableError, toCocoonError } from "../../errors";
import { formatTon } from "../../protocol";
import { askGateway, callGateway, type Gateway, type Question } from "../askGateway";
import { colorsOf, type Io, table, toJson } from "./output";

export interface GatewayOptions {
  readonly json?: boolean;
  readonly url?: string;
  readonly key?: string;
}

const modelsSchema = z.object({
  data: z.array(
    z.looseObject({
      id: z.string(),
      context_length: z.number(),
      providers: z.number(),
      attestation_levels: z.array(
        z.looseObject({ tee: z.string(), verified_by: z.string().nullable(), workers: z.number() }),
      ),
      pricing: z.looseObject({ prompt_nano: z.coerce.bigint(), completion_nano: z.coerce.bigint() }),
      market: z.looseObject({ price_nano: z.coerce.bigint().nullable() }).nullable(),
    }),
  ),
});

export async function models(io: Io, options: GatewayOptions): Promise<void> {
  const list = await listModels(gatewayOf(io, options));
  if (options.json === true) {
    io.stdout.write(toJson(list));
    return;
  }
  const rows = list.map(({ id, context_length, providers, attestation_levels, pricing, market }) => [
    id,
    String(context_length),
    String(providers),
    attestation_levels.map(levelText).join(" "),
    formatTon(pricing.prompt_nano),
    formatTon(pricing.completion_nano),
    market?.price_nano == null ? "-" : formatTon(market.price_nano),
  ]);
  io.stdout.write(table(["model", "context", "hosts", "workers", "read", "written", "sold"], rows));
  io.stdout.write(
    rows.length === 0
      ? "The gateway knows no attested worker yet.\n"
      : "TON for 1,000,000 tokens; sold: what auctions paid, 3 parts read and 1 written\n",
  );
}

/** "2 tdx/chain": so many workers in such machines, on whose word; "?" while that is not known. */
function levelText(level: { tee: string; verified_by: string | null; workers: number }): string {
  return `${level.workers} ${level.tee}/${level.verified_by ?? "?"}`;
}

/** A chat until an empty line or the end of the input; each answer tells what it cost, and the sum so far. */
export async function chat(
  io: Io,
  model: string | undefined,
  options: GatewayOptions & { readonly system?: string },
): Promise<void> {
  const gateway = gatewayOf(io, options);
  const name = model ?? (await listModels(gateway))[0]?.id;
  if (name === undefined) {
    throw new RetryableError("NO_PROVIDER", "The gateway knows no attested worker yet: try again soon.");
  }
  const colors = colorsOf(io);
  const messages: Question["messages"][number][] =
    options.system === undefined ? [] : [{ role: "system", content: options.system }];
  let spentNano = 0n;
  for (;;) {
    const line = (await io.ask(`${name}> `).catch(() => "")).trim();
    if (line === "") {
      return;
    }
    messages.push({ role: "user", content: line });
    const answer = await askGateway(gateway, { model: name, messages }, (text) => {
      if (options.json !== true) {
        io.stdout.write(text);
      }
    });
    messages.push({ role: "assistant", content: answer.text });
    spentNano += answer.costNano;
    const { text, costNano, receiptId, job, firstTokenMs, totalMs } = answer;
    if (options.json === true) {
      io.stdout.write(toJson({ text, costNano, spentNano, receiptId, job, firstTokenMs, totalMs }));
    } else {
      const cost = `${formatTon(costNano)} TON, ${formatTon(spentNano)} so far, receipt ${receiptId}`;
      io.stdout.write(`\n${colors.dim(cost)}\n`);
    }
  }
}

async function listModels(gateway: Gateway) {
  return (await callGateway(gateway, { path: "/models", schema: modelsSchema })).data;
}

export function gatewayOf(io: Io, options: GatewayOptions): Gateway {
  const config: Config<"manage"> = readConfig("manage", io.env);
  const apiKey = options.key ?? config.COCOON_API_KEYS[0];
  if (apiKey === undefined) {
    throw new FinalError("CONFIG_INVALID", "Give the gateway's API key: --key KEY, or COCOON_API_KEYS.");
  }
  return { baseUrl: options.url ?? config.COCOON_GATEWAY_URL, apiKey };
}

/** For those who look at a gateway without using it. */
export async function gatewayAnswers(io: Io): Promise<string> {
  try {
    const list = await listModels(gatewayOf(io, {}));
    return `${list.length} models`;
  } catch (thrown) {
    throw new Error(toCocoonError(thrown).message, { cause: thrown });
  }
}
