import { createFaults } from "../../../relayer/localnet/faults";
import { startTicker } from "../../../relayer/localnet/startTicker";
import { silentLog } from "../../../relayer/observe/log";
import { fault } from "./fixture";

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

function tick(mine: () => Promise<never>) {
  const faults = createFaults(() => {});
  return { faults, ticker: startTicker({ chain: { mine }, faults, blockMs: 400, log: silentLog }) };
}

describe("localnet block timer", () => {
  it("mines every block time, also after a failure, and stops when told", async () => {
    const mine = jest.fn(() => Promise.reject(new Error("no block")));
    const { ticker } = tick(mine);
    await jest.advanceTimersByTimeAsync(1_200);
    expect(mine).toHaveBeenCalledTimes(3);
    await ticker.stop();
    await jest.advanceTimersByTimeAsync(5_000);
    expect(mine).toHaveBeenCalledTimes(3);
  });

  it("rests while stopBlocks is on, and goes on afterwards", async () => {
    const mine = jest.fn(() => Promise.reject(new Error("no block")));
    const { faults, ticker } = tick(mine);
    faults.set(fault("stopBlocks"));
    await jest.advanceTimersByTimeAsync(2_000);
    expect(mine).not.toHaveBeenCalled();
    faults.clear();
    await jest.advanceTimersByTimeAsync(400);
    expect(mine).toHaveBeenCalledTimes(1);
    await ticker.stop();
  });
});
