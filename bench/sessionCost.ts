import type { Benchmark } from "./benchmark";
import { measureSession } from "./session";

const NANO = 1_000_000_000;

/**
 * What a whole session costs all parties on chain, at the prices of `networkConfig`: `session.total.ton` as the gateway
 * and relayer end it between them, `session.closed.ton` when the developer has to send `CloseJob`.
 */
export const sessionCost: Benchmark = {
  names: [
    "close.gas",
    "open.gas",
    "request.amortised.ton",
    "session.closed.ton",
    "session.total.ton",
    "settle.cosigned.gas",
  ],
  async run() {
    const session = await measureSession();
    return [
      { name: "open.gas", value: Number(session.openGas), unit: "gas" },
      { name: "settle.cosigned.gas", value: Number(session.settleGas), unit: "gas" },
      { name: "close.gas", value: Number(session.closeGas), unit: "gas" },
      { name: "session.total.ton", value: Number(session.sessionTotalNano) / NANO, unit: "TON" },
      { name: "session.closed.ton", value: Number(session.closedByMessageNano) / NANO, unit: "TON" },
      { name: "request.amortised.ton", value: Number(session.amortisedNanoPerRequest) / NANO, unit: "TON" },
    ];
  },
};
