import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { request } from "undici";
import { contractCodes } from "../../../wrappers/codes";
import { readDeployment } from "../../../wrappers/deployments";
import { providerStake } from "../../../wrappers/ProviderStake";
import { type ChainReader, createToncenterClient } from "../../chain";
import { FinalError } from "../../errors";
import { devWallet } from "../../localnet/devWallets";
import { silentLog } from "../../observe/log";
import { askGateway } from "../askGateway";
import { ROOT } from "../root";
import { attestationFacts, readAttestation } from "./attestation";
import { runScript } from "./blueprint";
import { childEnvironments } from "./children";
import { auditChain, conserved, waitForSettlement } from "./money";
import { makePlan, type UpPlan } from "./plan";
import { createProcesses, type Processes } from "./processes";
import { readBalances, reportReady, showAttestation, showMoney } from "./report";
import { createTerminal, silentTerminal, type Terminal } from "./terminal";

export interface UpOptions {
  readonly once?: boolean;
  readonly json?: boolean;
  readonly port: string;
  readonly dir: string;
}

/** Says that `cocoon up` made this directory and may empty it; holds the endpoint of the network that it was made for. */
const MARKER = ".cocoon-up";
const STAKE_TON = "100";
const PROMPT =
  "Summarize this chat:\nAnna: Can we move the meeting to Friday at 10?\nBen: Yes, Friday at 10 works for me.";
const CHAIN_MS = 10_000;
/** A network of this machine answers at once. */
const ANSWER_MS = 2_000;
const WORKER_READY_MS = 60_000;

interface Stage {
  readonly terminal: Terminal;
  readonly processes: Processes;
  readonly plan: UpPlan;
  readonly dir: string;
  readonly reader: ChainReader;
}

/** Boots a network, pays for one answer, and stays until Ctrl-C unless `once`. Leaves no process behind. */
export async function up(options: UpOptions): Promise<void> {
  const startedAt = Date.now();
  const dir = resolve(ROOT, options.dir);
  const gatewayPort = readPort(options.port);
  await emptyDirectory(dir);
  const terminal = options.json === true ? silentTerminal : createTerminal(process.stdout);
  const processes = createProcesses({ root: ROOT, logDir: dir });
  const plan = await makePlan({ dir, root: ROOT, gatewayPort });
  writeFileSync(join(dir, MARKER), plan.endpoint);
  const reader = createToncenterClient({ endpoint: plan.endpoint, timeoutMs: CHAIN_MS, log: silentLog });
  const interrupted = onInterrupt();
  try {
    const work = run({ terminal, processes, plan, dir, reader }, options, startedAt);
    const stopped = await Promise.race([work.then(() => false), interrupted.then(() => true)]);
    if (!stopped && options.once !== true) {
      await interrupted;
    }
    work.catch(() => {}); // a start that was interrupted fails while its processes end
  } finally {
    await processes.stop();
    await reader.close();
  }
  process.exit(0);
}

function readPort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
    throw new FinalError("CONFIG_INVALID", "--port is a number from 0 to 65535; 0 takes any free one.");
  }
  return Number(text);
}

/** Removes what an earlier start left here, and nothing that it did not make or that still runs. */
async function emptyDirectory(dir: string): Promise<void> {
  const marker = join(dir, MARKER);
  if (existsSync(marker) && (await isAnswering(readFileSync(marker, "utf8")))) {
    throw new FinalError(
      "CONFIG_INVALID",
      `A network runs in ${dir} already: stop it, or give this one another --dir.`,
    );
  }
  if (existsSync(dir) && readdirSync(dir).length > 0 && !existsSync(marker)) {
    throw new FinalError(
      "CONFIG_INVALID",
      `${dir} holds other files: choose an empty directory, or a new one.`,
    );
  }
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  writeFileSync(marker, "");
}

async function isAnswering(endpoint: string): Promise<boolean> {
  if (!URL.canParse(endpoint)) {
    return false;
  }
  const timeouts = { headersTimeout: ANSWER_MS, bodyTimeout: ANSWER_MS };
  const answer = await request(new URL("/healthz", endpoint), timeouts).catch(() => undefined);
  await answer?.body.dump();
  return answer?.statusCode === 200;
}

function onInterrupt(): Promise<void> {
  return new Promise((done) => {
    process.once("SIGINT", () => done());
    process.once("SIGTERM", () => done());
  });
}

async function run(stage: Stage, options: UpOptions, startedAt: number): Promise<void> {
  const { terminal, plan, reader } = stage;
  terminal.title("Cocoon: a market for private AI inference on TON");
  const before = await startNetwork(stage);
  const gateway = { baseUrl: `http://127.0.0.1:${plan.ports.gateway}/v1`, apiKey: plan.apiKey };
  if (options.json === true && options.once !== true) {
    process.stdout.write(`${JSON.stringify(gateway)}\n`);
  }

  terminal.section("One question, sealed to the worker's attested key");
  terminal.field("prompt", PROMPT.replaceAll("\n", " / "));
  terminal.stream("    answer         ");
  const question = { model: "cocoon-tiny", messages: [{ role: "user" as const, content: PROMPT }] };
  const answer = await askGateway(gateway, question, (text) => terminal.stream(text));
  terminal.stream("\n");
  const secondsToFirstAnswer = (Date.now() - startedAt) / 1000;
  const settlement = await waitForSettlement(reader, answer.job, answer.costNano);
  const receipt = await fetchReceipt(gateway, answer.receiptId);
  const receiptFile = join(stage.dir, "receipt.json");
  writeFileSync(receiptFile, JSON.stringify(receipt, null, 2));
  const audit = await auditChain(`http://127.0.0.1:${plan.ports.localnet}`);
  const result = {
    answer: answer.text,
    receiptId: answer.receiptId,
    receiptFile,
    jobAddress: answer.job,
    settleTx: settlement.transaction,
    priceNano: answer.costNano.toString(),
    paidNano: settlement.paidNano.toString(),
    feesNano: (audit.feesNano - before.audit.feesNano).toString(),
    transactions: audit.transactions,
    conserved: conserved(audit) === conserved(before.audit),
    attestation: attestationFacts(before.attestation),
    secondsToFirstAnswer: Number(secondsToFirstAnswer.toFixed(1)),
    baseUrl: gateway.baseUrl,
    apiKey: gateway.apiKey,
  };
  await showMoney({ ...stage, before, audit, answer, settlement, secondsToFirstAnswer });
  if (!result.conserved) {
    throw new Error("Balances and fees do not add up to what the chain started with.");
  }
  if (options.json === true) {
    if (options.once === true) {
      process.stdout.write(`${JSON.stringify(result)}\n`);
    }
    return;
  }
  reportReady(terminal, { gateway, receiptFile, endpoint: plan.endpoint, stays: options.once !== true });
}

/** Everything up to a gateway that has verified a worker. */
async function startNetwork({ terminal, processes, plan, dir, reader }: Stage) {
  const env = childEnvironments(plan, { dir, logLevel: process.env.COCOON_LOG_LEVEL ?? "info" });
  const url = (port: number) => `http://127.0.0.1:${port}`;
  const worker = processes.start("worker", env.worker());
  await terminal.step(
    "localnet: TON's transaction executor behind toncenter's API",
    () => processes.start("localnet", env.localnet()).ready(`${url(plan.ports.localnet)}/healthz`),
    () => plan.endpoint,
  );
  const audit = await auditChain(url(plan.ports.localnet));
  const balances = await readBalances(reader);
  const scripts = { root: ROOT, plan, processes };
  await terminal.step("contracts deployed (blueprint run deployNetwork)", () =>
    runScript(scripts, { script: "deployNetwork", as: "deployer" }),
  );
  const deployment = readDeployment({ COCOON_DEPLOYMENT: plan.deploymentFile });
  const registries = {
    networkRegistry: deployment.networkRegistry.toString(),
    attestationRegistry: deployment.attestationRegistry.toString(),
  };
  const provider = await providerStake({
    registry: deployment.networkRegistry,
    owner: devWallet("provider").v5,
    index: 0,
    jobCode: (await contractCodes()).job,
  });
  const gateway = processes.start("gateway", env.gateway(registries));
  await terminal.step(`provider registered, ${STAKE_TON} TON staked (blueprint run registerProvider)`, () =>
    runScript(scripts, { script: "registerProvider", as: "provider", args: [plan.catalogFile, STAKE_TON] }),
  );
  await terminal.step("worker holds its keys", () => worker.ready(`${url(plan.ports.worker)}/healthz`));
  const relayer = processes.start("relayer", env.relayer(registries, provider.address.toString()));
  await terminal.step("relayer follows the chain; contracts verified the worker's TDX quote", async () => {
    await relayer.ready(`${url(plan.ports.relayer)}/healthz`);
    await gateway.ready(`${url(plan.ports.gateway)}/healthz`);
    await untilModels({ baseUrl: `${url(plan.ports.gateway)}/v1`, apiKey: plan.apiKey }, dir);
  });
  const attestation = await readAttestation(reader, {
    registry: deployment.attestationRegistry,
    provider: provider.address,
  });
  showAttestation(terminal, attestation);
  return { audit, balances, attestation };
}

/** The gateway lists a model once it has verified a worker that serves it. */
async function untilModels(
  { baseUrl, apiKey }: { readonly baseUrl: string; readonly apiKey: string },
  dir: string,
): Promise<void> {
  const end = Date.now() + WORKER_READY_MS;
  while (Date.now() < end) {
    const { body } = await request(`${baseUrl}/models`, { headers: { authorization: `Bearer ${apiKey}` } });
    const text = await body.text();
    if (text.includes("cocoon-tiny")) {
      return;
    }
    await new Promise((wait) => setTimeout(wait, 200));
  }
  throw new Error(
    `The gateway found no attested worker within ${WORKER_READY_MS / 1000} s: see ${join(dir, "*.log")}.`,
  );
}

async function fetchReceipt(gateway: { baseUrl: string; apiKey: string }, id: string): Promise<unknown> {
  const { statusCode, body } = await request(`${gateway.baseUrl}/receipts/${id}`, {
    headers: { authorization: `Bearer ${gateway.apiKey}` },
  });
  const receipt: unknown = await body.json();
  if (statusCode !== 200) {
    throw new Error(`The gateway has no receipt ${id}: status ${statusCode}.`);
  }
  return receipt;
}
