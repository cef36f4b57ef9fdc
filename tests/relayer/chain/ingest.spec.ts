import { beginCell, type Cell } from "@ton/core";
import { type ChainEvent, type IngestOptions, ingestOnce } from "../../../relayer/chain";
import { silentLog } from "../../../relayer/observe/log";
import { findCursor, listEvents, openStore, type Store } from "../../../relayer/store";
import {
  ACCOUNT,
  createEndpoint,
  createHistory,
  emitted,
  type FakeEndpoint,
  type History,
} from "./support/fakeChain";

interface Ping {
  readonly kind: "ping";
  readonly value: bigint;
}

const PING = 0xe0010001;
const ping = (value: bigint) => beginCell().storeUint(PING, 32).storeUint(value, 64).endCell();

function decode(body: Cell): Ping | undefined {
  const slice = body.beginParse();
  return slice.loadUint(32) === PING ? { kind: "ping", value: slice.loadUintBig(64) } : undefined;
}

describe("ingest", () => {
  const account = ACCOUNT.toRawString();
  let store: Store;
  let history: History;
  let endpoint: FakeEndpoint;
  let applied: ChainEvent<Ping>[];
  let unknown: number;

  const options = (): IngestOptions<Ping> => ({
    account: ACCOUNT,
    decode,
    kindOf: ({ kind }) => kind,
    apply: async (_tx, event) => {
      applied.push(event);
    },
    onUnknown: () => {
      unknown += 1;
    },
  });
  const run = (changes: Partial<IngestOptions<Ping>> = {}) =>
    ingestOnce({ store, reader: endpoint, log: silentLog }, { ...options(), ...changes });

  beforeEach(async () => {
    store = await openStore({ url: "memory:", log: silentLog });
    history = createHistory(2);
    endpoint = createEndpoint("a", history);
    applied = [];
    unknown = 0;
  });
  afterEach(() => store.close());

  it("applies each event once, with its account, time and place, however often it is read", async () => {
    const { lt } = history.add(emitted(ping(7n), 1n), emitted(ping(8n), 2n));
    expect(await run()).toBe(3);
    expect(await run()).toBe(0);
    expect(applied).toEqual([
      { account, lt, index: 0, utime: Number(lt), event: { kind: "ping", value: 7n } },
      { account, lt, index: 1, utime: Number(lt), event: { kind: "ping", value: 8n } },
    ]);
    expect(await listEvents(store, { account, limit: 10 })).toHaveLength(2);
  });

  it("counts an unknown opcode and an unreadable body and goes on", async () => {
    history.add(
      emitted(beginCell().storeUint(1, 32).endCell(), 1n),
      emitted(beginCell().storeUint(PING, 32).endCell(), 2n),
      emitted(ping(9n), 3n),
    );
    await run();
    expect(unknown).toBe(2);
    expect(applied.map(({ index, event }) => [index, event.value])).toEqual([[2, 9n]]);
  });

  it("saves neither event nor cursor when applying fails, and takes the same event again", async () => {
    history.add(emitted(ping(7n), 1n));
    const failing = run({
      apply: async () => {
        throw new Error("stop");
      },
    });
    await expect(failing).rejects.toThrow("stop");
    expect(await listEvents(store, { account, limit: 10 })).toEqual([]);
    expect((await findCursor(store, { account }))?.lt).toBe(history.transactions[1]?.lt);
    expect(await run()).toBe(1);
    expect(applied).toHaveLength(1);
  });

  it("does not apply an event again after its cursor was lost", async () => {
    history.add(emitted(ping(7n), 1n));
    const racing = run({
      apply: async (tx) => {
        await tx.db.deleteFrom("cursors").execute();
      },
    });
    await racing;
    expect(await findCursor(store, { account })).toBeUndefined();
    expect(await run()).toBe(3);
    expect(applied).toEqual([]);
  });
});
