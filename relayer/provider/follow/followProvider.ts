import { Address, type Message, type Transaction } from "@ton/core";
import {
  type ContractCodes,
  contractCodes,
  JOB_CODE_FORMS,
  jobEscrow,
  type ProtocolEvent,
} from "../../../wrappers";
import { JobEscrow } from "../../../wrappers/JobEscrow";
import { loadReserveBond, type ReserveBond } from "../../../wrappers/messages";
import { findJob, listJobs, type Store, saveJob } from "../../store";
import type { Context } from "../context";
import { LIVE_STATES, unreadJob } from "../jobFacts";
import { followAccount } from "./followAccount";

/** Events that change who stands attested. */
const ABOUT_WORKERS: ReadonlySet<ProtocolEvent["$$type"]> = new Set([
  "WorkerAttestedEvent",
  "WorkerDroppedEvent",
]);

/** Follows the ProviderStake: which jobs it accepted, and which asked it and were refused. */
export async function followProvider(
  context: Context,
  options: { readonly onJobs: () => Promise<void> },
): Promise<void> {
  const codes = await contractCodes();
  await followAccount(context, {
    account: context.provider,
    signal: context.signal,
    effects: {
      onEvent: (tx, event) => applyProviderEvent(context, tx, event),
      onTransaction: (tx, transaction) => noteRefusedJob(context, codes, tx, transaction),
      after: async (events) => {
        await options.onJobs();
        if (events.some(({ $$type }) => ABOUT_WORKERS.has($$type))) {
          context.kick.attest();
        }
        return false;
      },
    },
  });
}

async function applyProviderEvent(context: Context, tx: Store, event: ProtocolEvent): Promise<void> {
  if (event.$$type === "BondReservedEvent") {
    await noteJob(context, tx, event.job.toRawString());
  }
}

/** The request of a genuine job that our contract threw back: the operator may accept it after all. */
async function noteRefusedJob(
  context: Context,
  codes: ContractCodes,
  tx: Store,
  transaction: Transaction,
): Promise<void> {
  const { inMessage, description } = transaction;
  if (description.type !== "generic" || !description.aborted || inMessage?.info.type !== "internal") {
    return;
  }
  const request = tryLoad(inMessage);
  if (request === undefined) {
    return;
  }
  // Pure computation, although it is a promise: the store is not kept waiting.
  // A job in the form that the network does not have would only be refused once more.
  const { src } = inMessage.info;
  const jobs = await Promise.all(
    JOB_CODE_FORMS.map((form) =>
      jobEscrow({
        registry: context.registry,
        developer: request.developer,
        nonce: request.nonce,
        providerCode: codes.provider,
        form,
      }),
    ),
  );
  const job = jobs.find(({ address }) => address.equals(src));
  if (job === undefined) {
    return;
  }
  const live = await listJobs(tx, { role: "provider", states: LIVE_STATES });
  if (live.length >= context.policy.maxJobs) {
    context.log.warn({ msg: "refused job not followed", job: job.address.toRawString(), live: live.length });
    return;
  }
  await noteJob(context, tx, job.address.toRawString());
}

/** Writes a job down so that it is followed; one that is followed already stays as it is. */
async function noteJob(context: Context, tx: Store, address: string): Promise<void> {
  const known = await findJob(tx, { role: "provider", address });
  if (known === undefined || known.state === "closed") {
    await saveJob(tx, { job: { ...(known ?? unreadJob(address, context.providerRaw)), state: "new" } });
  }
}

function tryLoad({ body, info }: Message): ReserveBond | undefined {
  const slice = body.beginParse();
  const isRequest =
    info.type === "internal" &&
    Address.isAddress(info.src) &&
    slice.remainingBits >= 32 &&
    slice.preloadUint(32) === JobEscrow.opcodes.ReserveBond;
  try {
    return isRequest ? loadReserveBond(slice) : undefined;
  } catch {
    return undefined;
  }
}
