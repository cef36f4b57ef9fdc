import * as disputeClaim from "../../../scripts/disputeClaim";
import * as resolveDispute from "../../../scripts/resolveDispute";
import { FinalError } from "../../errors";
import { demandReceipt, proveWithheld } from "./demandReceipt";
import type { Io } from "./output";
import { type CommonOptions, runAction } from "./session";

export function jobDispute(io: Io, job: string, options: CommonOptions): Promise<void> {
  return runAction(io, options, {
    what: "Disputing",
    mnemonicOf: (config) => config.COCOON_DEVELOPER_MNEMONIC,
    run: (host) => disputeClaim.run(host, [job]),
  });
}

/** From `WALLET_MNEMONIC`: an arbiter is neither developer nor provider. */
export function jobResolve(io: Io, job: string, bps: string, options: CommonOptions): Promise<void> {
  return runAction(io, options, {
    what: "Deciding",
    mnemonicOf: () => undefined,
    run: (host) => resolveDispute.run(host, [job, bps]),
  });
}

export function jobDemand(
  io: Io,
  job: string,
  place: string,
  options: CommonOptions & { readonly worker?: string },
): Promise<void> {
  const index = Number(place);
  if (!Number.isSafeInteger(index) || index < 0) {
    throw new FinalError("BAD_REQUEST", "Name the receipt's place in the worker's log: 0 is the first.");
  }
  return runAction(io, options, {
    what: "Demanding",
    mnemonicOf: (config) => config.COCOON_DEVELOPER_MNEMONIC,
    run: (host, _config, reader) =>
      demandReceipt(host, reader, { job, index, worker: options.worker?.toLowerCase() }),
  });
}

/** From anyone's wallet: a developer's, unless there is none. */
export function jobWithheld(io: Io, job: string, options: CommonOptions): Promise<void> {
  return runAction(io, options, {
    what: "Proving",
    mnemonicOf: (config) => config.COCOON_DEVELOPER_MNEMONIC,
    run: (host, _config, reader) => proveWithheld(host, reader, { job }),
  });
}
