import { Pool } from "undici";

/** Whom a request goes to. */
export interface Side {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly pool: Pool;
}

/** What is asked, and how often. */
export interface Load {
  readonly rounds: number;
  readonly batch: number;
  readonly body: string;
}

export const CHAT: Load = { rounds: 40, batch: 25, body: bodyOf({ stream: false }) };
export const STREAM: Load = {
  rounds: 20,
  batch: 10,
  body: bodyOf({ stream: true, stream_options: { include_usage: true } }),
};

/** One connection to an OpenAI-compatible API, by its base URL up to the version. */
export function sideOf(
  baseUrl: string,
  headers: Readonly<Record<string, string>> = {},
  connections = 1,
): Side {
  const { origin, pathname } = new URL(baseUrl);
  return {
    pool: new Pool(origin, { connections }),
    path: `${pathname}/chat/completions`,
    headers: { "content-type": "application/json", ...headers },
  };
}

/** Every side's times in milliseconds. Batches alternate, so that all sides meet the same noise. */
export async function compare<Name extends string>(
  sides: Readonly<Record<Name, Side>>,
  load: Load,
): Promise<ReadonlyMap<Name, readonly number[]>> {
  const names = Object.keys(sides).filter((name): name is Name => name in sides);
  const times = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round < load.rounds; round += 1) {
    for (const name of names) {
      times.get(name)?.push(...(await timeBatch(sides[name], load.body, load.batch)));
    }
  }
  return times;
}

/** One request after the other; throws for an answer that is not whole. */
export async function timeBatch(side: Side, body: string, count: number): Promise<readonly number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i += 1) {
    const started = performance.now();
    const text = await send(side, body);
    times.push(performance.now() - started);
    const isWhole = body.includes('"stream":true') ? text.endsWith("data: [DONE]\n\n") : text.endsWith("}");
    if (!isWhole) {
      throw new Error(`An answer is not whole: ${text.slice(-200)}`);
    }
  }
  return times;
}

async function send({ pool, path, headers }: Side, body: string): Promise<string> {
  const answer = await pool.request({ method: "POST", path, headers, body });
  const text = await answer.body.text();
  if (answer.statusCode !== 200) {
    throw new Error(`Status ${answer.statusCode}: ${text.slice(0, 300)}`);
  }
  return text;
}

function bodyOf(more: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({
    model: "cocoon-tiny",
    max_tokens: 128,
    messages: [{ role: "user", content: "When do Anna and Ben meet? Answer in one sentence." }],
    ...more,
  });
}
