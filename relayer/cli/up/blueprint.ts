import { join } from "node:path";
import { type DevRole, devWallet } from "../../localnet/devWallets";
import type { UpPlan } from "./plan";
import type { Processes } from "./processes";

/** Runs a script of `scripts/` as a user would: Blueprint, a custom endpoint, a mnemonic. Returns what it printed. */
export function runScript(
  deps: { readonly root: string; readonly plan: UpPlan; readonly processes: Processes },
  call: { readonly script: string; readonly as: DevRole; readonly args?: readonly string[] },
): Promise<string> {
  const bin = join(deps.root, "node_modules", "@ton", "blueprint", "dist", "cli", "cli.js");
  const network = ["--custom", deps.plan.endpoint, "--custom-version", "v2", "--custom-type", "custom"];
  return deps.processes.run(
    call.script,
    process.execPath,
    [bin, "run", call.script, ...network, "--mnemonic", ...(call.args ?? [])],
    {
      WALLET_MNEMONIC: devWallet(call.as).mnemonic,
      WALLET_VERSION: "v5r1",
      COCOON_NETWORK_PLAN: deps.plan.networkPlanFile,
      COCOON_DEPLOYMENT: deps.plan.deploymentFile,
    },
  );
}
