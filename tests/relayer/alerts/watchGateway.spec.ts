import { webhookSink } from "../../../relayer/alerts";
import { watchGateway } from "../../../relayer/gateway/watchGateway";
import { manualClock } from "../../../relayer/observe/clock";
import { silentLog } from "../../../relayer/observe/log";
import { type Receiver, startReceiver } from "./receiver";

const WELL = { providers: 1, models: 1, jobs: 1, unfollowed: 0, inFlight: 0 };

describe("what a gateway's operator is told", () => {
  let receiver: Receiver;
  let health = WELL;
  beforeEach(async () => {
    receiver = await startReceiver();
    health = WELL;
  });
  afterEach(() => receiver.close());

  const clock = manualClock(1_800_000_000_000);
  const watch = () =>
    watchGateway({
      client: { health: () => health },
      sinks: [webhookSink(receiver.url)],
      source: "0:ab",
      clock,
      log: silentLog,
    });
  const told = () => receiver.received.map(({ body }) => `${body.status} ${body.key}`);

  it("is what has stood for a minute, once, and its end", async () => {
    const { look } = watch();
    const passed = async (ms: number) => {
      clock.advance(ms);
      await look();
    };
    await look();
    health = { ...WELL, models: 0, unfollowed: 2 };
    await passed(0);
    await passed(59_999);
    expect(told()).toEqual([]);
    await passed(1);
    await passed(10_000);
    expect(told()).toEqual(["firing no-model", "firing successor"]);
    expect(receiver.received[1]?.body.summary).toBe("2 jobs in use will end soon, and no other follows");
    health = { ...WELL, models: 0 };
    await passed(60_000);
    expect(told()).toEqual(["firing no-model", "firing successor", "resolved successor"]);
  });

  it("is not what comes and goes within a minute", async () => {
    const { look } = watch();
    for (const unfollowed of [1, 0, 1, 0, 1]) {
      health = { ...WELL, unfollowed };
      await look();
      clock.advance(40_000);
    }
    expect(told()).toEqual([]);
  });
});
