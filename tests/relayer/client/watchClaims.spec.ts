import { beginCell } from "@ton/core";
import { createOutbox, createToncenterClient, type Outbox, walletFromMnemonic } from "../../../relayer/chain";
import { DEFAULT_POLICY } from "../../../relayer/client/policy";
import { createSecretBox } from "../../../relayer/client/secretBox";
import { createSession, type Session } from "../../../relayer/client/session";
import { freeSpender } from "../../../relayer/client/spender";
import { storedOf } from "../../../relayer/client/storedRecord";
import { type WatchDeps, watchClaims } from "../../../relayer/client/watchClaims";
import { devWallet } from "../../../relayer/localnet/devWallets";
import { silentLog } from "../../../relayer/observe/log";
import type { ReceiptRecord } from "../../../relayer/protocol";
import { listReceipts, openStore, type Store, saveReceipt } from "../../../relayer/store";
import type { Answer } from "../provider/support/developer";
import { createWorld, type OpenJob, SESSION_SEED, until, type World } from "../provider/support/world";

// A real relayer on the local network, and a developer's store that lacks what somebody else has asked with its session key.
jest.setTimeout(240_000);

const recordOf = (answer: Answer): ReceiptRecord => {
  if (answer.record === undefined || !answer.complete) {
    throw new Error(`The request failed: ${answer.code ?? "cut off"}`);
  }
  return answer.record;
};

describe("a client and a claim over receipts that never came", () => {
  let world: World;
  let store: Store;
  let outbox: Outbox;
  let deps: WatchDeps;
  const banned = new Set<string>();
  const stop = new AbortController();
  let running: Promise<void>;
  beforeAll(async () => {
    world = await createWorld({ policy: { settleMinNano: 10n ** 18n, cosignGraceMs: 10 ** 9 } });
    const { clock, net } = world;
    store = await openStore({ url: "memory:", log: silentLog, clock });
    const reader = createToncenterClient({ endpoint: net.endpoint, timeoutMs: 10_000, log: silentLog });
    const wallet = await walletFromMnemonic({
      words: devWallet("developer").mnemonic.split(" "),
      networkGlobalId: undefined,
      deriveKey: undefined,
    });
    outbox = await createOutbox({ store, reader, wallet, log: silentLog }, { pollMs: 100 });
    running = outbox.run(stop.signal);
    const policy = { ...DEFAULT_POLICY, demandLeastNano: 1n };
    deps = {
      store,
      reader,
      wallet,
      policy,
      log: silentLog,
      clock,
      secretBox: createSecretBox(undefined),
      saving: new Map(),
      inFlight: { ban: (worker) => banned.add(worker), isBanned: (worker) => banned.has(worker) },
      cosigner: { touch: () => {} },
      spender: freeSpender,
    };
  });
  afterAll(async () => {
    stop.abort();
    await running;
    await outbox.close();
    await store.close();
    await world.close();
  });

  /** The session as the developer has it, with the receipts that came. */
  async function sessionOf(
    { terms }: OpenJob,
    nonce: bigint,
    held: readonly ReceiptRecord[],
  ): Promise<Session> {
    for (const record of held) {
      const place = { requestId: `${nonce} ${record.leaf.index}`, job: terms.job };
      await saveReceipt(store, { receipt: storedOf(record, place) });
    }
    return createSession({
      address: terms.job,
      terms,
      seed: SESSION_SEED,
      endpoint: world.provider.url,
      model: "test",
      modelHash: Buffer.from(terms.modelHash).toString("hex"),
      nonce,
      developer: deps.wallet?.address.toRawString() ?? "",
      acceptBySeconds: 0,
      deadlineSeconds: world.net.chain.now() + 86_400,
      state: "active",
      budgetNano: 2_000_000_000n,
      lastUsedMs: 0,
    });
  }

  /** The operator claims by that head, without the developer; two minutes pass. */
  async function claim({ contract }: OpenJob, { head, signature, worker }: ReceiptRecord): Promise<void> {
    await contract.send(
      await world.network.via("operator"),
      { value: (await contract.getMinValueToSettle()) + 10_000_000n },
      {
        $$type: "Settle",
        queryId: 1n,
        worker: BigInt(`0x${worker}`),
        size: BigInt(head.size),
        root: BigInt(`0x${Buffer.from(head.root).toString("hex")}`),
        amount: head.amount,
        issuedAt: BigInt(head.issuedAt),
        signature: beginCell().storeBuffer(Buffer.from(signature)).endCell(),
        cosignature: null,
      },
    );
    await until("the claim waits", async () =>
      (await contract.getJobState()).committed === head.amount ? true : undefined,
    );
    await world.net.chain.setTime(world.net.chain.now() + 120);
  }

  const sentFor = async (session: Session) =>
    (
      await store.db.selectFrom("intents").select("key").where("destination", "=", session.address).execute()
    ).map(({ key }) => key.split(":")[0]);

  it("demands the first of them, once, and lets go when the provider shows it", async () => {
    const job = await world.openJob(1n);
    const first = recordOf(await job.ask());
    await job.ask();
    const third = recordOf(await job.ask());
    const session = await sessionOf(job, 1n, [first]);
    await claim(job, third);
    await watchClaims(deps, session);
    await watchClaims(deps, session);
    expect(await sentFor(session)).toEqual(["demand"]);
    await until("it was demanded and shown", async () => {
      const [state] = await Promise.all([job.contract.getDemand(), watchClaims(deps, session)]);
      const lines = world.logLines.join("");
      return state === null && lines.includes('"kind":"show"') ? true : undefined;
    });
    expect(await sentFor(session)).toEqual(["demand"]);
    // This store has made no call at all: nothing says that the request was the developer's.
    await until("it is looked at", async () => {
      await watchClaims(deps, session);
      return banned.has(first.worker) ? true : undefined;
    });
    expect(await listReceipts(store, { job: session.address, worker: first.worker, limit: 9 })).toHaveLength(
      1,
    );
    banned.clear();
  });

  it("demands nothing when it holds every receipt, or has nothing to gain by it", async () => {
    const job = await world.openJob(2n);
    const first = recordOf(await job.ask());
    const second = recordOf(await job.ask());
    const session = await sessionOf(job, 2n, [first]);
    await claim(job, second);
    const policy = { ...deps.policy, demandLeastNano: second.head.amount - first.head.amount + 1n };
    await watchClaims({ ...deps, policy }, session);
    await sessionOf(job, 2n, [second]);
    await watchClaims(deps, session);
    expect(await sentFor(session)).toEqual([]);
  });

  it("files the proof when nobody has shown it in time, and the job ends without the claim", async () => {
    const job = await world.openJob(3n);
    const first = recordOf(await job.ask());
    const second = recordOf(await job.ask());
    const session = await sessionOf(job, 3n, [first]);
    await world.provider.close();
    await claim(job, second);
    await watchClaims(deps, session);
    const demand = await until("it is demanded", async () => (await job.contract.getDemand()) ?? undefined);
    expect(demand).toMatchObject({ index: 1n, size: 2n, amount: second.head.amount });
    await watchClaims(deps, session);
    expect(await sentFor(session)).toEqual(["demand"]);
    await world.net.chain.setTime(Number(demand.answerBy) + 31);
    await watchClaims(deps, session);
    expect(await sentFor(session)).toEqual(["demand", "withheld"]);
    await until("the provider is slashed", async () =>
      (await world.network.provider.getProviderState()).slashed === 1n ? true : undefined,
    );
    await world.startProvider();
  });
});
