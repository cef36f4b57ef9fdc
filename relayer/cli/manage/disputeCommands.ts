import * as disputeClaim from "../../../scripts/disputeClaim";
import * as resolveDispute from "../../../scripts/resolveDispute";
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
