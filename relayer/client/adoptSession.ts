import { Address } from "@ton/core";
import { JOB_STATES, JobEscrow } from "../../wrappers/JobEscrow";
import { loadJobService, loadJobTerms } from "../../wrappers/messages";
import { openContract } from "../chain";
import { FinalError, toCocoonError } from "../errors";
import { toHex, toJobAddress, toRawAddress } from "../protocol";
import { saveJob, saveSession } from "../store";
import type { ClientDeps } from "./deps";
import type { Directory } from "./directory";
import { jobOfDeveloper } from "./jobMessages";
import { hex256, readProvider } from "./readProvider";
import { rulesOfJob, weaknessOf } from "./rules";
import type { Session } from "./session";
import { isKeyOf, sessionOfTerms } from "./sessionOfTerms";
import { jobOf } from "./sessionRows";

/** A job that a wallet elsewhere has opened, and the seed [32] of its session key. */
export interface HandedJob {
  readonly address: string;
  readonly seed: Uint8Array;
}

/**
 * Takes up a job with its session key alone: the key's budget is the job's, and the wallet that opened it stays where it
 * is. The job must be one of this network, active, and of that key; throws `BAD_REQUEST` or `JOB_NOT_ACTIVE` otherwise.
 * A session key belongs to one client at a time: two would each know half of what is spent.
 */
export async function adoptSession(
  deps: ClientDeps & { readonly directory: Pick<Directory, "workersOf" | "models"> },
  { address, seed }: HandedJob,
): Promise<Session> {
  const chain = await readHanded(deps, address);
  const { fields, terms } = chain;
  if (!isKeyOf({ seed, terms })) {
    throw new FinalError("BAD_REQUEST", "The seed is not that of the job's session key.", {
      param: "session_seed",
    });
  }
  const weakness = weaknessOf(deps.policy, rulesOfJob(chain));
  if (weakness !== undefined) {
    throw new FinalError("BAD_REQUEST", `The policy refuses the job's rules: ${weakness}.`, {
      param: "address",
    });
  }
  const modelHash = hex256(loadJobService(terms.service.beginParse()).modelHash);
  const provider = toRawAddress(terms.provider.toRawString());
  const model = deps.directory.models().find((known) => known.modelHash === modelHash);
  if (model === undefined) {
    throw new FinalError("NOT_FOUND", "No attested worker serves the job's model.", { param: "address" });
  }
  const job = toJobAddress(address);
  const { endpoint } = await readProvider(deps, { address: provider });
  const session = sessionOfTerms(deps, { address: job, seed, fields, terms, endpoint, model: model.name });
  const publicKey = session.terms.sessionPublicKey;
  await deps.store.transaction(async (tx) => {
    const sealedSecret = deps.secretBox.seal(job, seed);
    await saveSession(tx, { session: { job, publicKey: toHex(publicKey), sealedSecret } });
    await saveJob(tx, { job: jobOf(session) });
  });
  deps.log.info({ msg: "job taken up", job, provider, model: model.name, budgetNano: fields.budget });
  return session;
}

/** What the job's contract says, once it is certain that it is one of this network's. */
async function readHanded(deps: ClientDeps, address: string) {
  const account = Address.parseRaw(address);
  if ((await deps.reader.account(account)).state !== "active") {
    throw new FinalError("NOT_FOUND", "There is no job at this address.", { param: "address" });
  }
  const job = openContract(deps.reader, JobEscrow.fromAddress(account));
  const [fields, cell] = await Promise.all([job.getJobState(), job.getTerms()]).catch((thrown: unknown) => {
    throw toCocoonError(thrown).code === "CHAIN_REJECTED" ? noJob() : thrown;
  });
  const own = await jobOfDeveloper(deps, { developer: fields.developer, nonce: fields.nonce });
  if (cell === null || !own.address.equals(account)) {
    throw noJob();
  }
  if (JOB_STATES[Number(fields.state)] !== "active") {
    throw new FinalError("JOB_NOT_ACTIVE", "Only an active job can be taken up.", {
      state: JOB_STATES[Number(fields.state)],
    });
  }
  return { fields, terms: loadJobTerms(cell.beginParse()) };
}

function noJob(): FinalError {
  return new FinalError("BAD_REQUEST", "The contract at this address is no job of this network.", {
    param: "address",
  });
}
