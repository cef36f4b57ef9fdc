import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { request } from "undici";
import { z } from "zod";
import { type ReceiptFile, receiptFileSchema } from "../../relayer/client/receiptFile";
import { inParallel } from "./support/asker";
import { type Command, cocoon } from "./support/cocoon";
import { freshDir } from "./support/paths";
import { isAlive, killHard, untilGone } from "./support/pids";
import { until } from "./support/until";

const START_MS = 300_000;
const nano = z.string().regex(/^[1-9]\d*$/);

/** What `--once --json` promises to scripts. */
const resultSchema = z.looseObject({
  answer: z.string().min(1),
  receiptId: z.string().regex(/^[0-9a-f]{32}$/),
  receiptFile: z.string(),
  jobAddress: z.string().regex(/^0:[0-9a-f]{64}$/),
  settleTx: z.string().regex(/^[0-9a-f]{64}$/),
  paidNano: nano,
  feesNano: nano,
  conserved: z.literal(true),
  // The chain itself verified the worker's quote, from the pinned root on.
  attestation: z.strictObject({
    path: z.literal("cold"),
    machine: z.string(),
    transaction: z.string().regex(/^[0-9a-f]{64}$/),
    gas: z.int().min(40_000).max(1_000_000),
    costNano: nano,
  }),
  secondsToFirstAnswer: z.number().positive(),
});

const started: Command[] = [];

function up(dir: string, ...flags: string[]): Command {
  const command = cocoon(["up", "--json", "--port", "0", "--dir", dir, ...flags]);
  started.push(command);
  return command;
}

afterAll(async () => {
  await Promise.all(started.flatMap((command) => command.pids().map(killHard)));
}, 60_000);

describe("cocoon up --once --json", () => {
  const dir = freshDir("once");
  let result: z.infer<typeof resultSchema>;
  let receipt: ReceiptFile;

  it(
    "goes from nothing to a paid answer, says so in its last line, and leaves no process",
    async () => {
      const { code, stdout, stderr, pids } = await up(dir, "--once").ended;
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      result = resultSchema.parse(JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? ""));
      // Itself, localnet, worker, relayer, gateway at least.
      expect(pids.length).toBeGreaterThanOrEqual(5);
      expect(pids.filter(isAlive)).toEqual([]);
    },
    START_MS,
  );

  it("leaves a receipt that verifies without the network", async () => {
    receipt = receiptFileSchema.parse(JSON.parse(readFileSync(result.receiptFile, "utf8")));
    expect(await verify(result.receiptFile, "--offline")).toEqual({ code: 0, failed: [] });
  }, 60_000);

  it("leaves a receipt of which no part can be changed", async () => {
    const forged = join(dir, "forged");
    const verdicts = await inParallel(FORGERIES.length, 2, async (index) => {
      const [name, change] = FORGERIES[index] ?? ["", () => ({})];
      const file = `${forged}-${index}.json`;
      writeFileSync(file, JSON.stringify({ ...receipt, ...change(receipt) }));
      const { code, failed } = await verify(file, "--offline");
      return { name, refused: code === 2 || (code === 10 && failed.length > 0), failed };
    });
    expect(verdicts.filter(({ refused }) => !refused)).toEqual([]);
    expect(Object.fromEntries(verdicts.map(({ name, failed }) => [name, failed]))).toMatchObject({
      "one letter of the request": ["request"],
      "one letter of the answer": ["response"],
      salt: ["request", "response"],
      signature: ["head signature"],
      "head's amount": expect.arrayContaining(["head signature"]),
      "head's root": expect.arrayContaining(["head signature", "inclusion"]),
      "leaf's counter": expect.arrayContaining(["inclusion", "amount"]),
      "terms' prompt price": ["amount"],
      "bind's keys": ["bind"],
      "another worker": expect.arrayContaining(["bind", "head signature"]),
    });
  }, 300_000);
});

describe("cocoon up --json", () => {
  it(
    "prints where to ask, serves receipts that the chain confirms, and ends every process at Ctrl-C",
    async () => {
      const dir = freshDir("stay");
      const command = up(dir);
      let printed = "";
      command.child.stdout?.on("data", (chunk: Buffer) => {
        printed += chunk.toString("utf8");
      });
      const { baseUrl, apiKey } = await until(
        "its line is printed",
        async () => (printed.endsWith("\n") ? placeSchema.parse(JSON.parse(printed)) : undefined),
        START_MS,
      );
      const answer = await request(`${baseUrl}/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
        body: JSON.stringify({ model: "cocoon-tiny", messages: [{ role: "user", content: "Hello" }] }),
      });
      expect(answer.statusCode).toBe(200);
      await answer.body.dump();
      const headers = { authorization: `Bearer ${apiKey}` };
      const { body } = await request(`${baseUrl}/receipts/${answer.headers["cocoon-receipt"]}`, { headers });
      const receipt = receiptFileSchema.parse(await body.json());
      const file = join(dir, "checked.json");
      writeFileSync(file, JSON.stringify(receipt));
      const endpoint = /^http\S+$/m.exec(readFileSync(join(dir, "localnet.log"), "utf8"))?.[0] ?? "";
      expect(await verify(file, "--endpoint", endpoint)).toEqual({ code: 0, failed: [] });
      const elsewhere = { ...receipt.network, registry: `0:${"0".repeat(64)}` };
      writeFileSync(file, JSON.stringify({ ...receipt, network: elsewhere }));
      expect((await verify(file, "--endpoint", endpoint)).code).toBe(10);

      const pids = command.pids();
      expect(pids.length).toBeGreaterThanOrEqual(5);
      command.child.kill("SIGINT");
      expect((await command.ended).code).toBe(0);
      expect(printed.trimEnd().split("\n")).toHaveLength(1);
      await untilGone(pids);
    },
    START_MS,
  );
});

const placeSchema = z.strictObject({ baseUrl: z.url(), apiKey: z.string().min(16) });
const verdictSchema = z.object({
  checks: z.array(z.object({ name: z.string(), outcome: z.string() })),
});

/** The command's exit code and the names of the checks that failed. */
async function verify(
  file: string,
  ...where: readonly string[]
): Promise<{ readonly code: number | null; readonly failed: readonly string[] }> {
  const { code, stdout, stderr } = await cocoon(["verify", file, "--json", ...where]).ended;
  if (code === 2) {
    expect(stderr).toContain("not a receipt");
    return { code, failed: [] };
  }
  const { checks } = verdictSchema.parse(JSON.parse(stdout));
  return { code, failed: checks.filter(({ outcome }) => outcome === "failed").map(({ name }) => name) };
}

/** Flips one bit of base64 bytes, at an offset from the start or, when negative, from the end. */
function flip(base64: string, offset: number): string {
  const bytes = Buffer.from(base64, "base64");
  const at = offset < 0 ? bytes.length + offset : offset;
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  return bytes.toString("base64");
}

const flipHex = (hex: string): string => (hex.startsWith("0") ? "1" : "0") + hex.slice(1);

const FORGERIES: readonly (readonly [string, (file: ReceiptFile) => Partial<ReceiptFile>])[] = [
  ["one letter of the request", ({ request: text = "" }) => ({ request: text.replace("Friday", "Sunday") })],
  ["one letter of the answer", ({ response = "" }) => ({ response: response.replace("cocoon", "Cocoon") })],
  ["salt", ({ salt }) => ({ salt: flipHex(salt) })],
  ["leaf's counter", ({ leaf }) => ({ leaf: flip(leaf, 81) })],
  ["a proof that is too long", ({ proof, head }) => ({ proof: [...proof, head.root] })],
  ["head's root", ({ head }) => ({ head: { ...head, root: flip(head.root, 0) } })],
  ["head's amount", ({ head }) => ({ head: { ...head, amount: (BigInt(head.amount) + 1n).toString() } })],
  ["signature", ({ signature }) => ({ signature: flip(signature, 0) })],
  ["bind's keys", ({ bind }) => ({ bind: flip(bind, 120) })],
  ["terms' prompt price", ({ terms }) => ({ terms: flip(terms, -29) })],
  ["another worker", ({ worker }) => ({ worker: flipHex(worker) })],
  ["a field that is not known", () => ({ note: "paid" }) as Partial<ReceiptFile>],
];
