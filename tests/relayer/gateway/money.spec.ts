import { Address } from "@ton/core";
import { mnemonicNew } from "@ton/crypto";
import { z } from "zod";
import { readJob } from "../../../relayer/client/readJob";
import { devWallet } from "../../../relayer/localnet/devWallets";
import { JobEscrow } from "../../../wrappers";
import { readHistory } from "../../e2e/support/jobHistory";
import {
  ADMIN_KEY,
  API_KEYS,
  createWorld,
  LIMITED_KEY,
  MODEL,
  patient,
  until,
  type World,
} from "./support/world";

// Every process of the network runs in this one, on whatever cores the machine has left.
jest.setTimeout(300_000);

const messages = [{ role: "user" as const, content: "what is left?" }];
const BUDGET = 20_000_000n;
const HOUR = 3_600;
const DAY = 86_400;
const jobsSchema = z.object({
  data: z.array(
    z.object({ address: z.string(), state: z.string(), budget_nano: z.string(), free_nano: z.string() }),
  ),
});

describe("gateway, and the money of its jobs", () => {
  let world: World;
  beforeAll(async () => {
    const policy = { refreshMs: 300, jobBudgetNano: BUDGET, maxJobBudgetNano: 4n * BUDGET, jobSeconds: HOUR };
    world = await createWorld({ policy, settleMinNano: 10n ** 18n });
  });
  afterAll(() => world.close());

  const ask = (more: object = {}, key?: string) =>
    patient(() =>
      world.post("/v1/chat/completions", { model: MODEL, messages, max_tokens: 20, ...more }, key),
    );
  const jobs = async () => jobsSchema.parse(await (await world.get("/v1/cocoon/jobs")).json()).data;
  const refusalOf = async (answer: Response) => {
    const { error } = z
      .object({ error: z.object({ code: z.string(), type: z.string() }) })
      .parse(await answer.json());
    return [answer.status, error.code, error.type];
  };
  const onChain = (address: string) => readJob({ reader: world.network.reader }, { address });
  const isThere = async (address: string) =>
    (await world.network.reader.account(Address.parseRaw(address))).state === "active";
  const balance = async () => (await world.network.reader.account(devWallet("developer").v5)).balanceNano;
  const restart = async (...options: Parameters<World["startGateway"]>) => {
    await world.gateway.close();
    await world.startGateway(...options);
  };

  /** The provider's own words, before it knows what the chain says. */
  const refuseAsTooLarge = (times: number) => {
    let left = times;
    world.supply.proxy.reply = (path) => {
      if (path !== "/v1/sealed" || left === 0) {
        return undefined;
      }
      left -= 1;
      return { status: 402, body: { error: { code: "INSUFFICIENT_FUNDS", message: "too large" } } };
    };
  };

  it("tops a job up when a request would leave little, and again until a large one fits", async () => {
    expect((await ask()).status).toBe(200);
    expect(await jobs()).toMatchObject([{ budget_nano: BUDGET.toString() }]);
    // Five answers of full length leave less than a fifth.
    expect((await ask({ max_tokens: 4_096, n: 5 })).status).toBe(200);
    await until("the top-up is there", async () => {
      const [job] = await jobs();
      return job?.budget_nano === (2n * BUDGET).toString() ? true : undefined;
    });
    // 50,000,000 is the most that the policy lets a request cost: it needs a third budget, of which the provider may
    // learn a little later than the gateway.
    refuseAsTooLarge(2);
    expect((await ask({ max_tokens: 4_096, n: 100 })).status).toBe(200);
    // While it was under way it left little: a fourth comes.
    await until("the last top-up is there", async () => {
      const [job] = await jobs();
      return job?.budget_nano === (4n * BUDGET).toString() ? true : undefined;
    });
  });

  it("refuses what the job's budget cannot cover, before anything is sent", async () => {
    await restart({ topUpBelowBps: 0, maxCostPerRequestNano: 10n * BUDGET });
    const sealed = world.supply.proxy.sealed;
    expect(await refusalOf(await ask({ max_tokens: 4_096, n: 100 }))).toEqual([
      402,
      "insufficient_funds",
      "insufficient_quota",
    ]);
    expect(world.supply.proxy.sealed).toBe(sealed);
    expect((await ask()).status).toBe(200);
    // It has not grown since: nothing that the provider could still be about to learn.
    refuseAsTooLarge(1_000);
    expect((await ask()).status).toBe(402);
    refuseAsTooLarge(0);
  });

  it("forgets a key that its configuration no longer names, and what it has spent never", async () => {
    expect((await ask({}, LIMITED_KEY)).status).toBe(200);
    await restart({}, { apiKeys: API_KEYS.slice(0, 1) });
    expect(await refusalOf(await ask({}, LIMITED_KEY))).toEqual([
      401,
      "unauthorized",
      "authentication_error",
    ]);
    expect((await ask({}, ADMIN_KEY)).status).toBe(200);
    const [admin, limited] = API_KEYS;
    if (admin === undefined || limited === undefined) {
      throw new Error("no keys");
    }
    await restart({}, { apiKeys: [admin, { ...limited, limitNano: 5_200n }] });
    expect(await refusalOf(await ask({}, LIMITED_KEY))).toEqual([
      429,
      "spend_limit_exceeded",
      "insufficient_quota",
    ]);
    await expect(world.startGateway({}, { apiKeys: [], store: "memory:" })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
    });
  });

  it("says that the wallet is empty when it cannot open a job", async () => {
    await restart({}, { mnemonic: (await mnemonicNew(24)).join(" "), store: "memory:" });
    expect(await refusalOf(await ask())).toEqual([402, "insufficient_funds", "insufficient_quota"]);
  });

  it("ends a job that nobody used for the time that the policy says, without a message of its own", async () => {
    await restart({ idleCloseMs: 600_000 });
    expect((await ask()).status).toBe(200);
    const [job] = await jobs();
    await world.net.chain.setTime(world.net.chain.now() + 601);
    await until("its provider has released it", async () =>
      (await isThere(job?.address ?? "")) ? undefined : true,
    );
    await until("the gateway knows", async () => ((await jobs()).length === 0 ? true : undefined));
    const { closed, settled, received } = await readHistory(world.network.reader, job?.address ?? "");
    expect(settled.length).toBeGreaterThan(0);
    expect(closed?.earned).toBe(settled.reduce((sum, { paid }) => sum + paid, 0n));
    expect(received).toContain(JobEscrow.opcodes.ReleaseJob);
    expect(received).not.toContain(JobEscrow.opcodes.CloseJob);
  });

  it("closes the job by a message when its provider does not release it in time", async () => {
    await restart({ releaseWaitMs: 600_000 });
    expect((await ask()).status).toBe(200);
    const [job] = await jobs();
    const address = job?.address ?? "";
    world.supply.proxy.reply = (path) => (path === "/v1/jobs/release" ? "break" : undefined);
    await world.post(`/v1/cocoon/jobs/${address}/close`, {});
    expect(await jobs()).toMatchObject([{ address, state: "releasing" }]);
    // A restart goes on waiting; a new request takes another job.
    await restart({ releaseWaitMs: 600_000 });
    const next = (await ask()).headers.get("cocoon-job");
    expect(next).not.toBe(address);
    expect((await onChain(address)).state).toBe("active");
    await world.net.chain.setTime(world.net.chain.now() + 601);
    await until("it is closing, or ended by its provider after that", async () =>
      (await onChain(address)).state === "active" ? undefined : true,
    );
    const { received } = await readHistory(world.network.reader, address);
    expect(received).toContain(JobEscrow.opcodes.CloseJob);
    world.supply.proxy.reply = undefined;
    await world.post(`/v1/cocoon/jobs/${next}/close`, {});
    await until("both are gone", async () => ((await jobs()).length === 0 ? true : undefined));
  });

  it("opens another job before the old one's deadline, ends both by their dates alone, and has its money back", async () => {
    await restart({ releaseWaitMs: 1_000, consolidateAfterMs: 7 * 24 * HOUR * 1_000 });
    const addressOf = (answer: Response) => answer.headers.get("cocoon-job") ?? "";
    const first = addressOf(await ask());
    await world.net.chain.setTime(world.net.chain.now() + HOUR - 120);
    const answer = await ask();
    const second = addressOf(answer);
    expect([answer.status, second === first]).toEqual([200, false]);
    // From here on the gateway is the only one who pokes.
    await world.stopProvider();
    const before = await balance();
    await world.net.chain.setTime(world.net.chain.now() + HOUR + 1);
    for (const address of [first, second]) {
      await until("it is expired", async () =>
        (await onChain(address)).state === "closing" ? true : undefined,
      );
    }
    await world.net.chain.setTime(world.net.chain.now() + DAY + 61);
    for (const address of [first, second]) {
      await until("it is final", async () => ((await isThere(address)) ? undefined : true));
    }
    await until("the gateway knows", async () => ((await jobs()).length === 0 ? true : undefined));
    // Both budgets and the rent of both; nothing was claimed.
    expect((await balance()) - before).toBeGreaterThan(2n * BUDGET);
  });
});
