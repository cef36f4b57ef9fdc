import { z } from "zod";
import type { World } from "./world";

const jobsSchema = z.object({
  data: z.array(
    z.object({
      address: z.string(),
      provider: z.string().nullable(),
      state: z.string(),
      budget_nano: z.coerce.bigint(),
      free_nano: z.coerce.bigint(),
      deadline: z.number(),
      follows: z.string().nullable(),
    }),
  ),
});

export type ShownJob = z.infer<typeof jobsSchema>["data"][number];

/** Every job that the gateway has. */
export async function jobsOf(world: World): Promise<readonly ShownJob[]> {
  return jobsSchema.parse(await (await world.get("/v1/cocoon/jobs")).json()).data;
}

/** Lines of the gateway's log that say this. */
export function linesOf(world: World, msg: string): readonly Record<string, unknown>[] {
  return world.logLines.map((line) => JSON.parse(line)).filter((line) => line.msg === msg);
}

/** A number that the gateway shows to Prometheus. */
export async function metricOf(world: World, name: string): Promise<number> {
  const text = await (await world.get("/metrics")).text();
  return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
}
