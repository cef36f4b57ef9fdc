import { randomBytes } from "node:crypto";
import { beginCell } from "@ton/core";
import { contractCodes } from "../wrappers/codes";
import { readDeployment } from "../wrappers/deployments";
import { jobEscrow } from "../wrappers/JobEscrow";
import { loadProviderCatalog, storeTaskService } from "../wrappers/messages";
import { NetworkRegistry } from "../wrappers/NetworkRegistry";
import { ProviderStake } from "../wrappers/ProviderStake";
import {
  ask,
  askAddress,
  askAmount,
  askHash,
  confirmSend,
  readJobCodeForm,
  type ScriptHost,
  senderAddress,
  waitFor,
} from "../wrappers/scripting";

/** "ai1p": a prompt that anyone may read; docs/ai-calls.md has the other forms. */
const PLAIN_TEXT = 0x61693170;
const TASK_SECONDS = 600;
/** Brings the answer to the wallet as a message. */
const CALLBACK = 10_000_000n;

/** openTask PROVIDER MODEL PRICE PROMPT: asks one question on the chain, to be answered within ten minutes. */
export async function run(provider: ScriptHost, args: string[]): Promise<void> {
  const { networkRegistry } = readDeployment();
  const stake = provider.open(
    ProviderStake.fromAddress(await askAddress(provider, args, 0, "ProviderStake")),
  );
  const modelHash = await askHash(provider, args, 1, "Model hash");
  const price = await askAmount(provider, args, 2, "Price");
  const prompt = await ask(provider, args, 3, "Prompt");
  const { owner, index } = await stake.getProviderState();
  const catalog = await stake.getCatalog();
  const offer =
    catalog === null ? undefined : loadProviderCatalog(catalog.beginParse()).offers.get(modelHash);
  if (offer === undefined) {
    throw new Error("This provider does not offer that model: look at its offers with showProvider.");
  }
  const registry = provider.open(NetworkRegistry.fromAddress(networkRegistry));
  const job = provider.open(
    await jobEscrow({
      registry: networkRegistry,
      developer: senderAddress(provider),
      nonce: BigInt(`0x${randomBytes(8).toString("hex")}`),
      providerCode: (await contractCodes()).provider,
      form: await readJobCodeForm(registry),
    }),
  );
  const until = BigInt(Math.floor(Date.now() / 1000) + TASK_SECONDS);
  const value = price + CALLBACK + (await registry.getMinValueToOpenTask());
  const before = (await stake.getProviderState()).accepted;

  await confirmSend(provider, { action: "Open a task", to: job.address, valueNano: value });
  await job.send(
    provider.sender(),
    { value },
    {
      $$type: "OpenTask",
      queryId: 0n,
      price,
      acceptBy: until,
      deadline: until,
      owner,
      index,
      worker: 0n,
      service: beginCell()
        .store(
          storeTaskService({ $$type: "TaskService", modelHash, prices: offer.prices, callback: CALLBACK }),
        )
        .endCell(),
      request: beginCell()
        .storeUint(PLAIN_TEXT, 32)
        .storeRef(beginCell().storeStringTail(prompt).endCell())
        .endCell(),
    },
  );
  await waitFor("The task", async () => (await stake.getProviderState()).accepted > before);
  provider.ui().write(`JobEscrow  ${job.address.toString()}`);
  provider
    .ui()
    .write("The answer comes to the wallet as InferenceResult; the provider shows it at /v1/tasks/ too.");
}
