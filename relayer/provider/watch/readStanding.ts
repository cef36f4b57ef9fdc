import { listIntents, listJobs, listLanes } from "../../store";
import { type Context, nowSeconds } from "../context";
import { LIVE_STATES } from "../jobFacts";
import { listWorkerInfos, type WorkerInfo } from "../workers/workerSet";

const DAY_MS = 86_400_000;
/** Messages whose failure the relayer overcomes by itself, or that an attestation's own alert tells of. */
const OWN_CARE: ReadonlySet<string> = new Set(["quote", "authority", "attest", "lane", "accept"]);

/** How the provider stands, in the numbers that an operator watches. */
export interface ProviderStanding {
  readonly nowSeconds: number;
  readonly workers: readonly WorkerInfo[];
  /** Undefined while no chain endpoint answers. */
  readonly walletNano: bigint | undefined;
  readonly unsettledNano: bigint;
  /** Live jobs by state. */
  readonly jobs: ReadonlyMap<string, number>;
  /** Messages of the last day to jobs that came back, or that the wallet could not pay for. */
  readonly failedMessages: readonly {
    readonly kind: string;
    readonly to: string;
    readonly exitCode: number | undefined;
  }[];
  /** Until when the network allows each serving image (hex), unix seconds. */
  readonly images: ReadonlyMap<string, number>;
  /** Jobs of which a receipt is demanded on the chain that is not stored here, and by when it would be due, unix seconds. */
  readonly unanswerable: ReadonlyMap<string, number>;
}

/** Reads it, and shows it in the metrics. */
export async function readStanding(context: Context): Promise<ProviderStanding> {
  const { store, wallet, metrics, clock } = context;
  const [account, jobs, lanes, failed, images, unanswerable] = await Promise.all([
    context.reader.account(wallet.address).catch(() => undefined),
    listJobs(store, { role: "provider", states: LIVE_STATES }),
    listLanes(store),
    listIntents(store, { wallet: wallet.address.toRawString(), statuses: ["bounced", "skipped"] }),
    metrics.imageExpires.get(),
    metrics.unanswerable.get(),
  ]);
  const live = new Set(jobs.map(({ address }) => address));
  const byState = new Map<string, number>();
  for (const { state } of jobs) {
    byState.set(state, (byState.get(state) ?? 0) + 1);
  }
  const standing: ProviderStanding = {
    nowSeconds: nowSeconds(clock),
    workers: listWorkerInfos(context),
    walletNano: account?.balanceNano,
    unsettledNano: lanes
      .filter(({ job }) => live.has(job))
      .reduce((sum, { head, settledNano }) => sum + head.amountNano - settledNano, 0n),
    jobs: byState,
    failedMessages: failed
      .filter(({ createdAt, note = "" }) => clock.nowMs() - createdAt < DAY_MS && !OWN_CARE.has(note))
      .map(({ note = "message", destination, exitCode }) => ({ kind: note, to: destination, exitCode })),
    images: new Map(images.values.map(({ labels, value }) => [String(labels.image), value])),
    unanswerable: new Map(unanswerable.values.map(({ labels, value }) => [String(labels.job), value])),
  };
  show(context, standing);
  return standing;
}

function show({ metrics }: Context, standing: ProviderStanding): void {
  if (standing.walletNano !== undefined) {
    metrics.walletNano.set(Number(standing.walletNano));
  }
  metrics.unsettledNano.set(Number(standing.unsettledNano));
  metrics.failedMessages.set(standing.failedMessages.length);
  metrics.jobs.reset();
  for (const [state, count] of standing.jobs) {
    metrics.jobs.set({ state }, count);
  }
  metrics.workers.reset();
  metrics.attestationExpires.reset();
  for (const { state, key, attestedUntil } of standing.workers) {
    metrics.workers.inc({ state });
    if (key !== undefined && attestedUntil !== undefined) {
      metrics.attestationExpires.set({ worker: key }, attestedUntil);
    }
  }
}
