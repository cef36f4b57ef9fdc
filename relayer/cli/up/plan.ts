import { createHash, randomBytes } from "node:crypto";
import { createReadStream, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import type { QuotePlan } from "../../../wrappers/deployments";
import { describeTdxDevelopment } from "../../attestation/sources/tdxDevelopment";
import { LOCALNET_GLOBAL_ID } from "../../localnet/config";
import { type DevRole, devWallet } from "../../localnet/devWallets";
import { toHex } from "../../protocol";

/** Everything a network of one laptop is made of; drawn anew at every start. */
export interface UpPlan {
  readonly ports: Readonly<Record<"localnet" | "worker" | "relayer" | "gateway", number>>;
  readonly endpoint: string;
  readonly apiKey: string;
  readonly storeKey: string;
  readonly modelFile: string;
  readonly modelHash: string;
  readonly imageHash: string;
  /** Of the root that this network pins in the place of Intel's; and that root's key. */
  readonly tdxRootSeed: string;
  readonly tdxRootKey: string;
  readonly collateralFile: string;
  /** What the network asks of machines: what the development machine just meets. */
  readonly quotes: QuotePlan;
  readonly imageExpiresAt: number;
  readonly networkPlanFile: string;
  readonly catalogFile: string;
  readonly deploymentFile: string;
}

/** Stands for a reproducible build of the worker's image. */
export const TDX_DEVELOPMENT_IMAGE = "cocoon development image";
const IMAGE_LIFE_SECONDS = 30 * 86_400;
/** Nanoton per million tokens: 0.2 TON prompt, 0.8 TON completion. */
const PRICES = { prompt: "200000000", cached: "20000000", completion: "800000000", reasoning: "800000000" };

/** Draws keys, picks free ports, and writes the files that the Blueprint scripts read. */
export async function makePlan(options: {
  readonly dir: string;
  readonly root: string;
  readonly gatewayPort: number;
}): Promise<UpPlan> {
  const [localnet, worker, relayer, gateway] = await Promise.all([
    freePort(0),
    freePort(0),
    freePort(0),
    freePort(options.gatewayPort),
  ]);
  const modelFile = join(options.root, "relayer", "model", "cocoon-tiny.gguf");
  const tdxRootSeed = randomBytes(32);
  const platform = describeTdxDevelopment(
    { rootSeed: tdxRootSeed, image: TDX_DEVELOPMENT_IMAGE },
    Math.floor(Date.now() / 1000),
  );
  const plan: UpPlan = {
    ports: { localnet, worker, relayer, gateway },
    endpoint: `http://127.0.0.1:${localnet}/api/v2/jsonRPC`,
    apiKey: `ck-${randomBytes(16).toString("hex")}`,
    storeKey: randomBytes(32).toString("hex"),
    modelFile,
    modelHash: await hashFile(modelFile),
    imageHash: toHex(platform.imageHash),
    tdxRootSeed: tdxRootSeed.toString("hex"),
    tdxRootKey: toHex(platform.rootKey),
    collateralFile: join(options.dir, "collateral.json"),
    quotes: platform.quotes,
    imageExpiresAt: Math.floor(Date.now() / 1000) + IMAGE_LIFE_SECONDS,
    networkPlanFile: join(options.dir, "network-plan.json"),
    catalogFile: join(options.dir, "catalog.json"),
    deploymentFile: join(options.dir, "deployment.json"),
  };
  writeJson(plan.networkPlanFile, networkPlan(plan));
  writeJson(plan.catalogFile, catalog(plan));
  writeJson(plan.collateralFile, platform.collateral);
  return plan;
}

function networkPlan(plan: UpPlan) {
  return {
    globalId: LOCALNET_GLOBAL_ID,
    guardian: walletText("guardian"),
    treasury: walletText("treasury"),
    arbiter: walletText("guardian"),
    timelockSeconds: 3_600,
    feeBps: 200,
    bondBps: 1_000,
    minStakeTon: "10",
    unbondingSeconds: 7 * 86_400,
    challengeSeconds: 3_600,
    closeSeconds: 3_600,
    settleGraceSeconds: 3_600,
    // Nobody signs for a worker here: the chain verifies its quote.
    attestors: [],
    threshold: 1,
    images: [{ hash: plan.imageHash, expiresAt: plan.imageExpiresAt, tier: 0 }],
    models: [plan.modelHash],
    quotes: plan.quotes,
  };
}

function catalog(plan: UpPlan) {
  return {
    operator: walletText("operator"),
    maxOpenJobs: 64,
    endpoint: `http://127.0.0.1:${plan.ports.relayer}`,
    region: "--",
    gpuModel: "none (this laptop's CPU)",
    gpuCount: 0,
    vramGb: 0,
    offers: [{ model: plan.modelHash, ...PRICES, contextLength: 512, concurrency: 4 }],
  };
}

function walletText(role: DevRole): string {
  return devWallet(role).v5.toString();
}

function writeJson(file: string, value: unknown): void {
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
}

function hashFile(file: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const hash = createHash("sha256");
    createReadStream(file)
      .on("data", (chunk) => hash.update(chunk))
      .on("error", reject)
      .on("end", () => resolve(hash.digest("hex")));
  });
}

/** The wanted port if it is free, any free one otherwise. */
export function freePort(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", () => (wanted === 0 ? reject(new Error("no free port")) : resolve(freePort(0))));
    server.listen(wanted, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
