import { z } from "zod";
import { FinalError } from "../../errors";
import { encodeRecord, toJobAddress } from "../../protocol";
import { generationOf, type JsonAnswer, type RouteDeps } from "./routes";

/** Records in one answer: 8 KiB each at most, in a log of any size. */
const MAX_RECORDS = 64;

const pageQuery = z.object({
  worker: z.string(),
  from: z.coerce.number().int().min(0),
  count: z.coerce.number().int().min(1).max(MAX_RECORDS),
});

/**
 * `GET /v1/lanes/{job}/records?worker=&from=&count=`: what the lane of that receipt key has signed from that index on, for
 * a relayer that an answer did not reach whole. Throws `STALE_KEY` or `JOB_NOT_ACTIVE` where there is no such lane.
 */
export function recordsAnswer(deps: RouteDeps, job: string, query: string): JsonAnswer {
  const parsed = pageQuery.safeParse(Object.fromEntries(new URLSearchParams(query)));
  if (!parsed.success) {
    throw new FinalError("BAD_REQUEST", "Name the worker, the first index and how many records.");
  }
  const { worker, ...page } = parsed.data;
  const { keys, lanes } = generationOf(deps, worker);
  const records = lanes.find(toJobAddress(job)).records(keys, page);
  return {
    records: records.map(({ requestId, record }) => ({
      requestId,
      record: JSON.parse(Buffer.from(encodeRecord(record)).toString()),
    })),
  };
}
