import type { Transaction } from "@ton/core";
import { BEFORE_FIRST, type ChainReader, catchUp, fallback, follow } from "../../../relayer/chain";
import { silentLog } from "../../../relayer/observe/log";
import { ACCOUNT, createEndpoint, createHistory, nextTransaction, pointOf } from "./support/fakeChain";

async function taken(reader: ChainReader, cursor = BEFORE_FIRST): Promise<readonly bigint[]> {
  const lts: bigint[] = [];
  for await (const step of catchUp({ reader, log: silentLog }, { account: ACCOUNT, cursor })) {
    lts.push(step.transaction.lt);
  }
  return lts;
}

const lts = (transactions: readonly Transaction[]) => transactions.map(({ lt }) => lt);

describe("catchUp", () => {
  it("yields the whole history oldest first, over pages that are no longer kept", async () => {
    const history = createHistory(100);
    expect(await taken(createEndpoint("a", history))).toEqual(lts(history.transactions));
  });

  it("yields only what is after the cursor, and nothing twice", async () => {
    const history = createHistory(10);
    const endpoint = createEndpoint("a", history);
    const cursor = pointOf(history.transactions[6]);
    expect(await taken(endpoint, cursor)).toEqual(lts(history.transactions.slice(7)));
    expect(await taken(endpoint, pointOf(history.transactions[9]))).toEqual([]);
  });

  it("yields nothing for an account without transactions", async () => {
    expect(await taken(createEndpoint("a", createHistory(0)))).toEqual([]);
  });

  it("yields nothing while the endpoint is behind the cursor", async () => {
    const history = createHistory(10);
    const endpoint = createEndpoint("a", history);
    endpoint.visible = 5;
    expect(await taken(endpoint, pointOf(history.transactions[9]))).toEqual([]);
  });

  it("takes a transaction that a page repeats once", async () => {
    const history = createHistory(7);
    const endpoint = createEndpoint("a", history);
    endpoint.distort = (page) => page.flatMap((transaction) => [transaction, transaction]);
    expect(await taken(endpoint)).toEqual(lts(history.transactions));
  });

  it("accepts a page that is shorter than asked for", async () => {
    const history = createHistory(7);
    const endpoint = createEndpoint("a", history);
    endpoint.distort = (page) => page.slice(0, 1);
    expect(await taken(endpoint)).toEqual(lts(history.transactions));
  });

  it("finds the end of a destroyed account's history through the index", async () => {
    const history = createHistory(5);
    const endpoint = createEndpoint("a", history);
    endpoint.destroyed = true;
    expect(await taken(endpoint, pointOf(history.transactions[2]))).toEqual(
      lts(history.transactions.slice(3)),
    );
  });

  describe("yields nothing of a walk and reports CHAIN_GAP when the endpoint", () => {
    const lies: Record<string, (page: readonly Transaction[]) => readonly Transaction[]> = {
      "leaves one out": (page) => page.filter((_, i) => i !== 1),
      "answers an empty page": () => [],
      "answers newest last": (page) => [...page].reverse(),
      "answers an invented one": (page) =>
        page.map((transaction, i) => (i === 1 ? nextTransaction(BEFORE_FIRST, transaction.lt) : transaction)),
    };
    it.each(Object.entries(lies))("%s", async (_, lie) => {
      const endpoint = createEndpoint("a", createHistory(9));
      endpoint.distort = lie;
      const seen: bigint[] = [];
      const walk = async () => {
        for await (const step of catchUp(
          { reader: endpoint, log: silentLog },
          { account: ACCOUNT, cursor: BEFORE_FIRST },
        )) {
          seen.push(step.transaction.lt);
        }
      };
      await expect(walk()).rejects.toMatchObject({ code: "CHAIN_GAP", name: "RetryableError" });
      expect(seen).toEqual([]);
    });

    it("shows another chain than the cursor's", async () => {
      const history = createHistory(5);
      const cursor = { lt: pointOf(history.transactions[2]).lt, hash: "cd".repeat(32) };
      await expect(taken(createEndpoint("a", history), cursor)).rejects.toMatchObject({ code: "CHAIN_GAP" });
    });
  });

  describe("with several endpoints", () => {
    it("leaves the lying one and takes everything from the next", async () => {
      const history = createHistory(9);
      const [liar, honest] = [createEndpoint("liar", history), createEndpoint("honest", history)];
      liar.distort = (page) => page.filter((_, i) => i !== 1);
      expect(await taken(fallback([liar, honest]))).toEqual(lts(history.transactions));
    });

    it("does not mix one walk: the second endpoint starts its own from the account on", async () => {
      const history = createHistory(9);
      const [first, second] = [createEndpoint("a", history), createEndpoint("b", history)];
      first.failAfter = 1;
      await taken(fallback([first, second]));
      expect(first.calls).toEqual(["account", "transactions", "transactions"]);
      expect(second.calls).toEqual(["account", "transactions", "transactions", "transactions"]);
    });

    it("goes on where a walk broke off after its first transactions, without a repeat", async () => {
      const history = createHistory(99);
      const [first, second] = [createEndpoint("a", history), createEndpoint("b", history)];
      // The way back takes 33 pages; the oldest 20 are still kept when the way forward begins.
      first.failAfter = 33;
      expect(await taken(fallback([first, second]))).toEqual(lts(history.transactions));
      expect(second.calls.length).toBeGreaterThan(0);
    });
  });
});

describe("follow", () => {
  it("waits at the end, wakes up for what is new, and survives an outage", async () => {
    const history = createHistory(2);
    const endpoint = createEndpoint("a", history);
    const stop = new AbortController();
    const steps = follow(
      { reader: endpoint, log: silentLog },
      { account: ACCOUNT, cursor: BEFORE_FIRST, signal: stop.signal, pollMs: 3_600_000 },
    );
    const next = async () => (await steps.next()).value?.transaction.lt;
    expect(await next()).toBe(1_000n);
    expect(await next()).toBe(1_010n);
    const third = next();
    endpoint.failAfter = 0;
    history.add();
    endpoint.ring();
    endpoint.failAfter = undefined;
    endpoint.ring();
    expect(await third).toBe(1_020n);
    stop.abort();
    expect(await next()).toBeUndefined();
  });
});
