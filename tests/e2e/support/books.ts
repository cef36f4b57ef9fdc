import { silentLog } from "../../../relayer/observe/log";
import {
  type Call,
  type Job,
  type Lane,
  listCalls,
  listJobs,
  listLanes,
  listReceipts,
  openStore,
  type Store,
  type StoredReceipt,
} from "../../../relayer/store";

const EVERYTHING = 100_000;

/** What one party has written down; read from its store while its process is stopped. */
export interface Books {
  readonly jobs: readonly Job[];
  readonly lanes: readonly (Lane & { readonly receipts: readonly StoredReceipt[] })[];
  readonly calls: readonly Call[];
}

export async function readBooks(directory: string, role: "provider" | "gateway"): Promise<Books> {
  const store = await openStore({ url: `file:${directory}`, log: silentLog });
  try {
    const jobs = await listJobs(store, { role });
    const perJob = await Promise.all(jobs.map(({ address }) => lanesOf(store, address)));
    return { jobs, lanes: perJob.flat(), calls: await listCalls(store, { limit: EVERYTHING }) };
  } finally {
    await store.close();
  }
}

async function lanesOf(store: Store, job: string) {
  const lanes = await listLanes(store, { job });
  return await Promise.all(
    lanes.map(async (lane) => ({
      ...lane,
      receipts: await listReceipts(store, { job, worker: lane.worker, limit: EVERYTHING }),
    })),
  );
}

/** The session keys of a stopped gateway, as it keeps them: encrypted. */
export async function readSealedSecrets(
  directory: string,
): Promise<readonly { readonly job: string; readonly sealedSecret: string }[]> {
  const store = await openStore({ url: `file:${directory}`, log: silentLog });
  try {
    return await store.db.selectFrom("sessions").select(["job", "sealedSecret"]).execute();
  } finally {
    await store.close();
  }
}
