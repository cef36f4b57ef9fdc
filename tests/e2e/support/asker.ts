import OpenAI from "openai";

/** An answer that its client saw to the end. */
export interface Seen {
  readonly question: string;
  readonly text: string;
  readonly receiptId: string;
  readonly job: string;
  /** Absent while the receipts before it were still on their way. */
  readonly costNano: bigint | undefined;
}

/** What the scripted backend says to a question. */
export const answerTo = (question: string): string => `You said: ${question}`;

/** Asks through the official client, as a developer would. Odd questions are streamed. */
export async function ask(client: OpenAI, question: string, stream: boolean): Promise<Seen> {
  const messages = [{ role: "user" as const, content: question }];
  if (!stream) {
    const { data, response } = await client.chat.completions
      .create({ model: "cocoon-tiny", messages })
      .withResponse();
    return { question, text: data.choices[0]?.message.content ?? "", ...idsOf(response, data.usage) };
  }
  const { data, response } = await client.chat.completions
    .create({ model: "cocoon-tiny", messages, stream: true, stream_options: { include_usage: true } })
    .withResponse();
  let text = "";
  let usage: unknown;
  let finished = false;
  for await (const chunk of data) {
    text += chunk.choices[0]?.delta.content ?? "";
    finished ||= typeof chunk.choices[0]?.finish_reason === "string";
    usage = chunk.usage ?? usage;
  }
  if (!finished) {
    throw new Error("The stream ended without a finish_reason.");
  }
  return { question, text, ...idsOf(response, usage) };
}

export function createAsker(network: {
  readonly baseUrl: string;
  readonly plan: { readonly apiKey: string };
}): OpenAI {
  return new OpenAI({
    baseURL: network.baseUrl,
    apiKey: network.plan.apiKey,
    maxRetries: 2,
    timeout: 60_000,
  });
}

function idsOf(response: Response, usage: unknown) {
  const costNano =
    typeof usage === "object" && usage !== null && "cost_nano" in usage ? usage.cost_nano : undefined;
  return {
    receiptId: response.headers.get("cocoon-receipt") ?? "",
    job: response.headers.get("cocoon-job") ?? "",
    costNano: typeof costNano === "string" ? BigInt(costNano) : undefined,
  };
}

/** Runs `count` tasks, `width` at a time. */
export async function inParallel<T>(
  count: number,
  width: number,
  task: (index: number) => Promise<T>,
): Promise<readonly T[]> {
  const results: T[] = [];
  let next = 0;
  const lane = async () => {
    while (next < count) {
      const index = next;
      next += 1;
      results[index] = await task(index);
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  return results;
}
