import { askAmount, publishJobCode, type ScriptHost } from "../wrappers/scripting";

/**
 * publishJobCode DEPOSIT: publishes this build's job code as a library of the masterchain, or pays more of its rent.
 * Anyone may; nobody gets the deposit back.
 */
export async function run(provider: ScriptHost, args: string[]): Promise<void> {
  await publishJobCode(provider, await askAmount(provider, args, 0, "Deposit for rent"));
}
