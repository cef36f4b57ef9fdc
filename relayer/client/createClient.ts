import { NetworkRegistry } from "../../wrappers/NetworkRegistry";
import { openContract } from "../chain";
import { FinalError, RetryableError, toCocoonError } from "../errors";
import type { Clock } from "../observe/clock";
import type { Prices } from "../protocol";
import { listBans, saveBan } from "../store";
import { adoptSession, type HandedJob } from "./adoptSession";
import { type AttestationReport, attestationReport } from "./attestationReport";
import { createAuctions } from "./auctions/auctions";
import type { OwnAuction } from "./auctions/ownAuction";
import type { VerifiedWorker } from "./checkWorker";
import { takesJobs } from "./choose";
import type { CompletionRequest, EstimatedRequest } from "./complete";
import { createCosigner } from "./cosigner";
import type { ClientDeps } from "./deps";
import { createDirectory, type ModelInfo } from "./directory";
import { type Estimate, estimate } from "./estimate";
import { exportReceipt } from "./exportReceipt";
import { createInFlight } from "./inFlight";
import { keepWarm } from "./keepWarm";
import type { Outcome, ReadDeps } from "./readAnswer";
import type { ReceiptFile } from "./receiptFile";
import { recoverCalls, recoverReceipt } from "./recover";
import { noProvider } from "./rules";
import { freeNano, type Session, spentNano } from "./session";
import { createSessions } from "./sessions";
import { freeSpender, type Spender } from "./spender";
import { createSuccessors } from "./successors";
import { createTrackRecord } from "./trackRecord";
import { tryWorkers } from "./tryWorkers";
import { watchClaims } from "./watchClaims";

/** An answer that has begun. `read` once; `abort` stops the generation. */
export interface Completion {
  readonly requestId: string;
  readonly job: string;
  readonly provider: string;
  readonly model: string;
  readonly status: number;
  readonly contentType: string;
  /** Of its job. */
  readonly prices: Prices;
  read(onPayload: (payload: Uint8Array) => void | Promise<void>): Promise<Outcome>;
  abort(): void;
}

export interface JobInfo {
  readonly address: string;
  /** Undefined while it is up for auction. */
  readonly provider: string | undefined;
  readonly model: string;
  /** auction: providers may bid, or it is being awarded. withdrawn: nobody has won it, the money is on its way back. */
  readonly state: Session["state"] | OwnAuction["state"];
  readonly budgetNano: bigint;
  readonly spentNano: bigint;
  readonly freeNano: bigint;
  /** What was spent lately, by the hour. */
  readonly nanoPerHour: bigint;
  /** When the budget runs dry at this rate, if nothing tops it up; undefined while nothing is spent. */
  readonly emptyAtMs: number | undefined;
  readonly settledNano: bigint;
  readonly deadlineSeconds: number;
  /** The job that this one was bought to follow. */
  readonly follows?: string | undefined;
  readonly auction?: {
    readonly endsAtSeconds: number;
    /** The most that may be bid. */
    readonly ceiling: Prices;
    /** The best bid, as last read: `bps` hundredths of a percent of the ceiling. */
    readonly best: { readonly provider: string; readonly bps: number } | undefined;
  };
}

/** The developer's side without HTTP. */
export interface Client {
  complete(request: CompletionRequest): Promise<Completion>;
  /** What a request would cost at each provider; sends nothing. */
  estimate(request: EstimatedRequest): readonly Estimate[];
  models(): readonly ModelInfo[];
  openJob(job: {
    readonly model: string;
    readonly provider?: string;
    readonly budgetNano?: bigint;
    /** auction: resolves as soon as it is being put up; it becomes a job with a provider when it was won. */
    readonly buy?: "named" | "auction";
  }): Promise<JobInfo>;
  jobs(): readonly JobInfo[];
  /** Takes up a job that a wallet elsewhere has opened, with its session key. The same again changes nothing. */
  adoptJob(job: HandedJob): Promise<JobInfo>;
  closeJob(address: string): Promise<JobInfo>;
  receipt(requestId: string): Promise<ReceiptFile | undefined>;
  /** Evidence that a worker makes now, over the caller's nonce [32, hex]. */
  attestationReport(asked: {
    readonly model: string;
    readonly nonce: string;
    /** Receipt key; by default any of the model's. */
    readonly worker?: string | undefined;
  }): Promise<AttestationReport>;
  /** Reads the network now; the background does so by itself. */
  refresh(): Promise<void>;
  health(): {
    readonly providers: number;
    readonly models: number;
    readonly jobs: number;
    /** Those of them that are in use, end soon, and are followed by none yet. */
    readonly unfollowed: number;
    readonly inFlight: number;
  };
  /** Co-signs what is due and stops. Jobs stay open: a restart goes on with them. */
  close(): Promise<void>;
}

/** The AttestationRegistry that a network names. */
export async function attestationRegistryOf(
  deps: Pick<ClientDeps, "reader">,
  registry: ClientDeps["network"]["registry"],
) {
  const network = openContract(deps.reader, NetworkRegistry.fromAddress(registry));
  return (await network.getNetworkParams()).attestationRegistry;
}

/** Starts the client: earlier jobs are taken up again, the network is read, lost receipts are fetched. */
export async function createClient(base: ClientDeps, spender: Spender = freeSpender): Promise<Client> {
  const { log, clock, policy } = base;
  const stop = new AbortController();
  const failed = (msg: string) => (thrown: unknown) => {
    const { code, message } = toCocoonError(thrown);
    log.error({ msg, code, detail: message });
  };
  const saving = new Map<string, Promise<unknown>>();
  const inFlight = createInFlight({
    clock,
    cooldownMs: policy.cooldownMs,
    banned: await listBans(base.store),
    onBan: (worker, reason) => {
      const name = `ban of ${worker}`;
      const kept = saveBan(base.store, { worker, reason }).catch(failed("ban not kept"));
      saving.set(
        name,
        kept.finally(() => saving.delete(name)),
      );
    },
  });
  const cosigner = createCosigner(base);
  const watching = { ...base, saving, inFlight, cosigner, spender };
  const synced = { ...base, watch: (session: Session) => watchClaims(watching, session) };
  const directory = createDirectory(base);
  const sessions = await createSessions(
    synced,
    (provider, key) => directory.worker(provider, key) !== undefined,
  );
  const auctions = await createAuctions({ ...synced, directory, sessions });
  const track = createTrackRecord({ clock });
  const successors = createSuccessors(
    { ...synced, directory, sessions, auctions, inFlight, track },
    stop.signal,
  );
  const shared = {
    ...synced,
    directory,
    sessions,
    auctions,
    successors,
    inFlight,
    track,
    spender,
    cosigner,
    saving,
    stop: stop.signal,
  };
  const deps: ReadDeps = {
    ...shared,
    recover: (missing) => {
      void recoverReceipt(shared, { ...missing, worker: missing.worker.key });
    },
  };
  await Promise.all([
    directory.refresh().catch(failed("network not read at start")),
    sessions.sync().catch(failed("jobs not read at start")),
  ]);
  await auctions.sync();
  void recoverCalls(shared).catch(failed("calls not recovered"));
  for (const session of sessions.list()) {
    for (const worker of session.lanes.keys()) {
      cosigner.touch(session, worker);
    }
  }
  const background = [
    directory.run(stop.signal),
    sessions.run(stop.signal),
    auctions.run(stop.signal),
    successors.run(stop.signal),
    keepWarm(deps, stop.signal),
  ];
  const workerFor = (model: string, provider: string | undefined): VerifiedWorker => {
    const workers = directory
      .workersOf(model)
      .filter((worker) => provider === undefined || worker.provider === provider);
    const best = workers.find((worker) => takesJobs(worker) && !inFlight.isBanned(worker.key));
    if (best === undefined) {
      throw workers.length === 0
        ? new FinalError("NOT_FOUND", "No attested worker serves this model.", { model })
        : noProvider(model, workers);
    }
    return best;
  };

  return {
    complete: async (request) => {
      if (stop.signal.aborted) {
        throw new RetryableError("SHUTTING_DOWN", "The gateway is stopping: try again soon.");
      }
      const begun = await tryWorkers(deps, request);
      const { requestId, session, worker, answer } = begun.attempt;
      return {
        requestId,
        job: session.address,
        provider: worker.provider,
        model: worker.model,
        status: answer.status,
        contentType: answer.contentType,
        prices: session.terms,
        read: begun.read,
        abort: () => answer.abort(),
      };
    },
    estimate: (request) => estimate(deps, request),
    models: () => directory.models(),
    openJob: async ({ model, provider, budgetNano, buy }) =>
      buy === "auction"
        ? auctionInfoOf(await auctions.hold({ model, budgetNano }))
        : infoOf(await sessions.ensure(workerFor(model, provider), { asked: { budgetNano } }), clock),
    jobs: () => [
      ...sessions.list().map((session) => infoOf(session, clock)),
      ...auctions.list().map(auctionInfoOf),
    ],
    adoptJob: async (handed) => {
      const known = sessions.byAddress(handed.address);
      if (known !== undefined) {
        return infoOf(known, clock);
      }
      const session = await adoptSession({ ...base, directory }, handed);
      sessions.add(session);
      await sessions.sync();
      return infoOf(session, clock);
    },
    closeJob: async (address) => {
      const auction = auctions.list().find((each) => each.address === address);
      if (auction !== undefined) {
        await auctions.withdraw(auction);
        return auctionInfoOf(auction);
      }
      const session = sessions.byAddress(address);
      if (session === undefined) {
        throw new FinalError("NOT_FOUND", "No such job of this gateway is open.", { job: address });
      }
      await cosigner.flush();
      await sessions.close(session);
      return infoOf(session, clock);
    },
    receipt: async (requestId) => {
      await saving.get(requestId)?.catch(() => undefined);
      return await exportReceipt(base, { requestId });
    },
    attestationReport: (asked) => attestationReport({ ...base, directory }, asked),
    refresh: () => directory.refresh(),
    health: () => ({
      providers: directory.providerCount(),
      models: directory.models().length,
      jobs: sessions.list().filter(({ state }) => state === "active").length,
      unfollowed: successors.waiting(),
      inFlight: inFlight.total(),
    }),
    close: async () => {
      stop.abort();
      await Promise.all(background);
      await Promise.allSettled(saving.values());
      await cosigner.flush();
      cosigner.stop();
    },
  };
}

function infoOf(session: Session, clock: Clock): JobInfo {
  const free = freeNano(session);
  return {
    address: session.address,
    provider: session.terms.provider,
    model: session.model,
    state: session.state,
    budgetNano: session.budgetNano,
    spentNano: spentNano(session),
    freeNano: free,
    nanoPerHour: session.burnRate.nanoPerHour(),
    emptyAtMs: session.burnRate.emptyAtMs(free, clock.nowMs()),
    settledNano: session.settledNano,
    deadlineSeconds: session.deadlineSeconds,
    follows: session.follows,
  };
}

function auctionInfoOf(auction: OwnAuction): JobInfo {
  const { address, model, state, budgetNano, deadlineSeconds, endsAtSeconds, ceiling, best } = auction;
  return {
    address,
    provider: undefined,
    model,
    state,
    budgetNano,
    spentNano: 0n,
    freeNano: 0n,
    nanoPerHour: 0n,
    emptyAtMs: undefined,
    settledNano: 0n,
    deadlineSeconds,
    auction: { endsAtSeconds, ceiling, best },
  };
}
