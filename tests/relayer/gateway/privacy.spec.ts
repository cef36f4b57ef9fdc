import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { parseReceiptFile, verifyReceipt } from "../../../relayer/client";
import { fromHex, toBase64 } from "../../../relayer/protocol";
import { ADMIN_KEY, createWorld, LIMITED_KEY, MODEL, patient, until, type World } from "./support/world";

// Every process of the network runs in this one, on whatever cores the machine has left.
jest.setTimeout(300_000);

const PROMPT = "the prompt that nobody else shall read";
const ANSWER = "Hello from the enclave";
const OLD_SECRET = Buffer.alloc(32, 5);
const NEW_SECRET = Buffer.alloc(32, 6);
const messages = [{ role: "user" as const, content: PROMPT }];
const listSchema = z.object({
  has_more: z.boolean(),
  data: z.array(z.object({ id: z.string(), cost_nano: z.string().nullable(), receipt: z.unknown() })),
});

describe("gateway, and what it keeps of what was said", () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ settleMinNano: 10n ** 18n });
  });
  afterAll(() => world.close());

  const ask = async (key?: string) => {
    const body = { model: MODEL, messages, max_tokens: 20 };
    const answer = await patient(() => world.post("/v1/chat/completions", body, key));
    expect(answer.status).toBe(200);
    return answer.headers.get("cocoon-receipt") ?? "";
  };
  const receiptOf = async (id: string, key?: string) => {
    const answer = await world.get(`/v1/receipts/${id}`, key);
    return answer.status === 200 ? parseReceiptFile(await answer.text()) : undefined;
  };
  const list = async (query: string, key?: string) =>
    listSchema.parse(await (await world.get(`/v1/receipts${query}`, key)).json());
  const remove = (path: string, key: string) =>
    fetch(`${world.gateway.url}${path}`, { method: "DELETE", headers: { authorization: `Bearer ${key}` } });
  /** Every byte that the gateway has on its disk. */
  const disk = () => {
    const folder = join(world.folder, "gateway");
    return Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name))));
  };

  let receipt = "";
  it("has neither prompt, answer nor salt in clear on its disk or in its log, and proves them all the same", async () => {
    receipt = await ask();
    const file = await receiptOf(receipt);
    expect([file?.request, file?.response]).toEqual([
      expect.stringContaining(PROMPT),
      expect.stringContaining(ANSWER),
    ]);
    const salt = fromHex(file?.salt ?? "", 32);
    const secrets = [PROMPT, ANSWER, file?.salt ?? "", toBase64(salt), Buffer.from(salt)];
    const found = () => secrets.filter((secret) => disk().includes(secret));
    expect(found()).toEqual([]);
    await world.gateway.close();
    expect(found()).toEqual([]);
    // The id is there: it is the right place to look.
    expect(disk().includes(receipt)).toBe(true);
    for (const secret of [PROMPT, ANSWER, file?.salt ?? ""]) {
      expect(world.logLines.join("\n")).not.toContain(secret);
    }
  });

  it("reads what an earlier store key sealed, as long as that key is given behind the new one", async () => {
    await world.startGateway({}, { sessionSecret: NEW_SECRET, formerSecrets: [OLD_SECRET] });
    const file = await receiptOf(receipt);
    expect(file !== undefined && verifyReceipt(file).ok).toBe(true);
    const second = await ask();
    await world.gateway.close();
    await expect(world.startGateway({}, { sessionSecret: NEW_SECRET })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
    });
    await world.startGateway({}, { sessionSecret: NEW_SECRET, formerSecrets: [OLD_SECRET] });
    expect((await receiptOf(second))?.request).toContain(PROMPT);
  });

  it("exports a key's own receipts page by page, the newest first, and all of them to a managing key", async () => {
    const own = [await ask(LIMITED_KEY), await ask(LIMITED_KEY), await ask(LIMITED_KEY)];
    await until("all are saved", async () =>
      (await list("", LIMITED_KEY)).data.every(({ receipt }) => receipt !== null) ? true : undefined,
    );
    const first = await list("?limit=2", LIMITED_KEY);
    const last = first.data.at(-1)?.id;
    const rest = await list(`?limit=2&after=${last}`, LIMITED_KEY);
    expect([first.has_more, rest.has_more]).toEqual([true, false]);
    const pages = [...first.data, ...rest.data];
    expect(new Set(pages.map(({ id }) => id))).toEqual(new Set(own));
    expect(pages.map(({ cost_nano }) => cost_nano)).toEqual(["5200", "5200", "5200"]);
    for (const entry of pages) {
      expect(verifyReceipt(parseReceiptFile(JSON.stringify(entry.receipt))).ok).toBe(true);
    }
    expect((await list("?limit=1000")).data).toHaveLength(5);
    expect((await world.get(`/v1/receipts?after=${receipt}`, LIMITED_KEY)).status).toBe(404);
    expect((await world.get("/v1/receipts?limit=0")).status).toBe(400);
  });

  it("deletes a receipt for good: another key cannot, and nothing of its content is left on the disk", async () => {
    expect((await remove(`/v1/receipts/${receipt}`, LIMITED_KEY)).status).toBe(404);
    const texts = Buffer.from(`texts:${receipt}`);
    expect(disk().includes(texts)).toBe(true);
    // By a response's id, as by its own.
    expect(await (await remove(`/v1/receipts/resp_${receipt}`, ADMIN_KEY)).json()).toMatchObject({
      deleted: true,
    });
    expect(await receiptOf(receipt)).toBeUndefined();
    expect((await remove(`/v1/receipts/${receipt}`, ADMIN_KEY)).status).toBe(404);
    await world.gateway.close();
    expect(disk().includes(texts)).toBe(false);
    await world.startGateway({}, { sessionSecret: NEW_SECRET, formerSecrets: [OLD_SECRET] });
  });

  it("deletes all that a key has, and goes on serving it in the same job", async () => {
    expect(await (await remove("/v1/receipts", LIMITED_KEY)).json()).toMatchObject({ deleted: 3 });
    expect((await list("", LIMITED_KEY)).data).toEqual([]);
    expect((await list("")).data).toHaveLength(1);
    const next = await ask(LIMITED_KEY);
    const file = await receiptOf(next, LIMITED_KEY);
    expect(file !== undefined && verifyReceipt(file).ok).toBe(true);
  });
});
