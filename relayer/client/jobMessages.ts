import { type Address, type Builder, beginCell, type Cell, storeStateInit } from "@ton/core";
import { contractCodes, jobCodeForm } from "../../wrappers/codes";
import { type JobEscrow, jobEscrow } from "../../wrappers/JobEscrow";
import { storeCancelJob, storeCloseJob, storeExpireJob, storeFinalizeJob } from "../../wrappers/messages";
import { NetworkRegistry } from "../../wrappers/NetworkRegistry";
import { openContract } from "../chain";
import { FinalError, RetryableError } from "../errors";
import type { NewIntent } from "../store";
import type { ClientDeps } from "./deps";
import type { Session } from "./session";

/** What must stay in the wallet for its own fees beside a message's value. */
const WALLET_MARGIN_NANO = 50_000_000n;
/** Covers every job message but the opening one several times over; the excess comes back. */
const JOB_MESSAGE_NANO = 50_000_000n;

/** The contract of our job of that nonce. Throws `CONFIG_INVALID` when the network runs other code than this build. */
export async function newJob(deps: ClientDeps, nonce: bigint): Promise<JobEscrow> {
  return await jobOfDeveloper(deps, { developer: walletOf(deps).address, nonce });
}

/** The same of anybody's job. */
export async function jobOfDeveloper(
  deps: Pick<ClientDeps, "reader" | "network">,
  { developer, nonce }: { readonly developer: Address; readonly nonce: bigint },
): Promise<JobEscrow> {
  const { provider } = await contractCodes();
  const { registry } = deps.network;
  const network = openContract(deps.reader, NetworkRegistry.fromAddress(registry));
  const form = await jobCodeForm((await network.getNetworkState()).jobCodeHash);
  const job =
    form === undefined
      ? undefined
      : await jobEscrow({ registry, developer, nonce, providerCode: provider, form });
  if (job === undefined || !(await network.getJobOf(developer, nonce)).equals(job.address)) {
    throw new FinalError(
      "CONFIG_INVALID",
      "The network's jobs have other code than this version: update the software or name another network.",
    );
  }
  return job;
}

export function stateInitOf(job: JobEscrow): Cell {
  if (job.init === undefined) {
    throw new FinalError("INTERNAL", "A new job has no code.");
  }
  return beginCell().store(storeStateInit(job.init)).endCell();
}

/** Throws `INSUFFICIENT_FUNDS` when the wallet cannot pay this now: a queued message would wait for ever. */
export async function requireBalance(deps: ClientDeps, valueNano: bigint): Promise<void> {
  const { address } = walletOf(deps);
  const { balanceNano } = await deps.reader.account(address);
  if (balanceNano < valueNano + WALLET_MARGIN_NANO) {
    throw new RetryableError(
      "INSUFFICIENT_FUNDS",
      "The developer's wallet holds too little TON for the job: send it more.",
      { wallet: address.toRawString(), balanceNano, neededNano: valueNano + WALLET_MARGIN_NANO },
    );
  }
}

/** Throws `INSUFFICIENT_FUNDS` where there is none. */
export function walletOf({ wallet }: Pick<ClientDeps, "wallet">): NonNullable<ClientDeps["wallet"]> {
  if (wallet === undefined) {
    throw new FinalError(
      "INSUFFICIENT_FUNDS",
      "No job that was handed over covers this request, and there is no wallet here to open one: hand over another.",
    );
  }
  return wallet;
}

/** True for a job that this client's own wallet has opened: only such are topped up and ended by messages. */
export function isOwnJob(
  { wallet }: Pick<ClientDeps, "wallet">,
  session: Pick<Session, "developer">,
): boolean {
  return wallet !== undefined && session.developer === wallet.address.toRawString();
}

/** A message to a job; its key makes it go out once. */
export function jobIntent(
  deps: Pick<ClientDeps, "wallet">,
  message: {
    readonly key: string;
    readonly job: string;
    readonly body: (builder: Builder) => void;
    readonly valueNano?: bigint;
    readonly init?: Cell;
  },
): NewIntent {
  const body = beginCell().store(message.body).endCell().toBoc().toString("base64");
  const init = message.init?.toBoc().toString("base64");
  return {
    key: message.key,
    wallet: walletOf(deps).address.toRawString(),
    destination: message.job,
    valueNano: message.valueNano ?? JOB_MESSAGE_NANO,
    bounce: true,
    body,
    ...(init === undefined ? {} : { init }),
  };
}

/** Bodies of the messages that end a job, by what they do. */
export const ENDING_BODIES = {
  cancel: storeCancelJob({ $$type: "CancelJob", queryId: 0n }),
  close: storeCloseJob({ $$type: "CloseJob", queryId: 0n }),
  expire: storeExpireJob({ $$type: "ExpireJob", queryId: 0n }),
  finalize: storeFinalizeJob({ $$type: "FinalizeJob", queryId: 0n }),
} as const;
