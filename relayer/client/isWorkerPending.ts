import { z } from "zod";
import type { ProviderHttp } from "./providerHttp";

const healthSchema = z.looseObject({ pending: z.int().min(0).default(0) });

/** True while the provider has a worker that answers and is on its way into its contract. */
export async function isWorkerPending(http: ProviderHttp, endpoint: string): Promise<boolean> {
  const health = await http
    .json(endpoint, { method: "GET", path: "/healthz", schema: healthSchema })
    .catch(() => undefined);
  return health !== undefined && health.pending > 0;
}
