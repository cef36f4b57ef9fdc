import { z } from "zod";
import type { Config } from "../../config";
import { readConfig } from "../../config";
import { FinalError, RetryableError, toCocoonError } from "../../errors";
import { formatTon } from "../../protocol";
import { askGateway, callGateway, type Gateway, type GatewayAnswer, type Question } from "../askGateway";
import { sentenceOf } from "./exitCode";
import { colorsOf, type Io, table, toJson, withProgress } from "./output";

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

/**
 * A chat until an empty line or the end of the input; each answer tells what it cost, and the sum so far. On a terminal
 * it outlives a question that fails, which is forgotten.
 */
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
    const tell = (text: string) => (options.json === true ? undefined : io.stdout.write(text));
    const answer = await answerOf(io, { gateway, question: { model: name, messages }, tell }).catch(
      (thrown: unknown) => {
        if (io.stdout.isTTY !== true) {
          throw thrown;
        }
        io.stderr.write(`${sentenceOf(thrown)}\n`);
      },
    );
    if (answer === undefined) {
      messages.pop();
      continue;
    }
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

/** Asks, and says that it waits until the answer begins: the first one of a model may open a job. */
async function answerOf(
  io: Io,
  asked: {
    readonly gateway: Gateway;
    readonly question: Question;
    readonly tell: (text: string) => unknown;
  },
): Promise<GatewayAnswer> {
  // Nothing is told while the line of the progress is there: it would be wiped with it.
  let held: string | undefined = "";
  let begin = () => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const answer = askGateway(asked.gateway, asked.question, (text) => {
    if (held === undefined) {
      asked.tell(text);
    } else if (text !== "") {
      held += text;
      begin();
    }
  }).finally(() => begin());
  await withProgress(io, "Waiting for the answer", begun);
  asked.tell(held);
  held = undefined;
  return await answer;
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
    return list.length === 1 ? "1 model" : `${list.length} models`;
  } catch (thrown) {
    throw new Error(toCocoonError(thrown).message, { cause: thrown });
  }
}
