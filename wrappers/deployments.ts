import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { Address, toNano } from "@ton/core";
import { INTEL_SGX_ROOT, type QuotePolicyConfig } from "./AttestationRegistry";
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
  /** What TDX quotes must show; left out, no machine is listed and attestors alone attest workers. */
  readonly quotes?: QuotePlan;
  /** How jobs carry their code: "library" unless given, or "whole". */
  readonly jobCode?: JobCodeForm;
  /** Deposited with the library for its rent on the masterchain, in TON. */
  readonly libraryTon?: string;
}

/** The security versions that a network asks of machines. Bytes in hex; versions are a byte for each component. */
export interface QuotePlan {
  /** x and y of the root that machines' certificates must lead to; Intel's if left out. Can never be changed. */
  readonly rootKey?: string;
  /** Least version of the quoting enclave. */
  readonly qeSvn: number;
  readonly machines: readonly {
    readonly fmspc: string;
    readonly components: string;
    readonly pceSvn: number;
    readonly tdxComponents: string;
    /** Least version of each TDX module: the last byte is for version 1; 00 refuses that version. */
    readonly modules: string;
  }[];
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

/** The plan's rules for quotes in the form that the contract is deployed with. */
export function planQuotes({ quotes }: Pick<NetworkPlan, "quotes">): QuotePolicyConfig | undefined {
  if (quotes === undefined) {
    return undefined;
  }
  const uint = (hex: string) => BigInt(`0x${hex}`);
  return {
    rootKey: quotes.rootKey === undefined ? INTEL_SGX_ROOT : Buffer.from(quotes.rootKey, "hex"),
    qeSvn: quotes.qeSvn,
    minimums: new Map(
      quotes.machines.map((machine) => [
        uint(machine.fmspc),
        {
          components: uint(machine.components),
          pceSvn: BigInt(machine.pceSvn),
          tdxComponents: uint(machine.tdxComponents),
          modules: uint(machine.modules),
        },
      ]),
    ),
  };
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
