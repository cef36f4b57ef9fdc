import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { Address, toNano } from "@ton/core";
import type { JobCodeForm } from "./codes";

/** What a deployed network is reached by; written by `deployNetwork`, read by the other scripts and the relayer. */
export interface Deployment {
  readonly globalId: number;
  readonly networkRegistry: Address;
  readonly attestationRegistry: Address;
}

/** What a network is deployed with. Amounts in TON, durations in seconds, keys and hashes in hex. */
export interface NetworkPlan {
  readonly globalId: number;
  readonly guardian: string;
  readonly treasury: string;
  readonly arbiter: string;
  readonly timelockSeconds: number;
  readonly feeBps: number;
  readonly bondBps: number;
  readonly minStakeTon: string;
  readonly unbondingSeconds: number;
  readonly challengeSeconds: number;
  readonly closeSeconds: number;
  readonly settleGraceSeconds: number;
  readonly attestors: readonly string[];
  readonly threshold: number;
  readonly images: readonly { readonly hash: string; readonly expiresAt: number; readonly tier: number }[];
  readonly models: readonly string[];
  /** How jobs carry their code: "library" unless given, or "whole". */
  readonly jobCode?: JobCodeForm;
  /** Deposited with the library for its rent on the masterchain, in TON. */
  readonly libraryTon?: string;
}

const PLAN_FILE = "COCOON_NETWORK_PLAN";
const DEPLOYMENT_FILE = "COCOON_DEPLOYMENT";
const DEFAULT_DEPLOYMENT = ".cocoon/deployment.json";

/** The plan in the file that COCOON_NETWORK_PLAN names. */
export function readPlan(env: NodeJS.ProcessEnv = process.env): NetworkPlan {
  const file = env[PLAN_FILE];
  if (file === undefined) {
    throw new Error(
      `Set ${PLAN_FILE} to a JSON file with the network's parameters; docs/deploy.md has an example.`,
    );
  }
  return JSON.parse(readFileSync(file, "utf8"));
}

/** Parameters of the plan in the form that the contract holds. */
export function planParams(plan: NetworkPlan, attestationRegistry: Address) {
  return {
    $$type: "NetworkParams",
    feeBps: BigInt(plan.feeBps),
    bondBps: BigInt(plan.bondBps),
    minStake: toNano(plan.minStakeTon),
    unbondingSeconds: BigInt(plan.unbondingSeconds),
    challengeSeconds: BigInt(plan.challengeSeconds),
    closeSeconds: BigInt(plan.closeSeconds),
    settleGraceSeconds: BigInt(plan.settleGraceSeconds),
    treasury: Address.parse(plan.treasury),
    arbiter: Address.parse(plan.arbiter),
    attestationRegistry,
  } as const;
}

/** The network to work with: the file that COCOON_DEPLOYMENT names, or .cocoon/deployment.json. */
export function readDeployment(env: NodeJS.ProcessEnv = process.env): Deployment {
  const file = env[DEPLOYMENT_FILE] ?? DEFAULT_DEPLOYMENT;
  if (!existsSync(file)) {
    throw new Error(`There is no ${file}: set ${DEPLOYMENT_FILE} to the network's deployment.json.`);
  }
  const parsed = JSON.parse(readFileSync(file, "utf8"));
  return {
    globalId: Number(parsed.globalId),
    networkRegistry: Address.parse(parsed.networkRegistry),
    attestationRegistry: Address.parse(parsed.attestationRegistry),
  };
}

export function writeDeployment(deployment: Deployment, env: NodeJS.ProcessEnv = process.env): string {
  const file = env[DEPLOYMENT_FILE] ?? DEFAULT_DEPLOYMENT;
  mkdirSync(dirname(file), { recursive: true });
  const text = JSON.stringify(
    {
      globalId: deployment.globalId,
      networkRegistry: deployment.networkRegistry.toString(),
      attestationRegistry: deployment.attestationRegistry.toString(),
    },
    null,
    2,
  );
  writeFileSync(file, `${text}\n`);
  return file;
}
