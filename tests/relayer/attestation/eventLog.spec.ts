import { createHash } from "node:crypto";
import {
  hasRuntimeEvents,
  parseEventLog,
  replayEvents,
  runtimeDigest,
  unexplainedRegisters,
} from "../../../relayer/attestation/tdx/eventLog";
import { parseQuote } from "../../../relayer/attestation/tdx/quote";
import { describeVectors, vector } from "./vectors";

const RUNTIME = 0x08000001;
const entry = (event: string, payload: string, fields: object = {}) => ({
  imr: 3,
  event_type: RUNTIME,
  digest: "",
  event,
  event_payload: payload,
  ...fields,
});
const logOf = (...entries: object[]) => parseEventLog(Buffer.from(JSON.stringify(entries)));

describe("An event log", () => {
  const boot = entry("", "", { imr: 0, event_type: 1, digest: "ab".repeat(48) });
  const events = logOf(boot, entry("config", "01"), entry("inited", ""));

  it("explains the registers that its events extend, and no others", () => {
    const registers = replayEvents(events);
    const zero = Buffer.alloc(48);
    const first = createHash("sha384").update(zero).update(Buffer.from(boot.digest, "hex")).digest();
    expect(registers.slice(0, 3)).toEqual([first, zero, zero]);
    expect(unexplainedRegisters(events, registers)).toEqual([]);
    expect(unexplainedRegisters(events, [first, zero, first, first])).toEqual([2, 3]);
  });

  it("takes a runtime event's digest from its name and payload, whatever the log says", () => {
    const honest = replayEvents(logOf(entry("config", "01")));
    expect(replayEvents(logOf(entry("config", "01", { digest: "ff".repeat(48) })))).toEqual(honest);
    expect(replayEvents(logOf(entry("config", "02")))).not.toEqual(honest);
    expect(runtimeDigest(RUNTIME, "a", Buffer.from("b"))).toEqual(
      createHash("sha384").update(Buffer.from("01000008", "hex")).update(":a:b").digest(),
    );
  });

  it("has exactly the expected runtime events: one more, one less or another order is refused", () => {
    const config = { name: "config", payload: Buffer.from([1]) };
    const inited = { name: "inited", payload: Buffer.alloc(0) };
    expect(hasRuntimeEvents(events, [config, inited])).toBe(true);
    expect(hasRuntimeEvents(events, [config])).toBe(false);
    expect(hasRuntimeEvents(events, [inited, config])).toBe(false);
    expect(hasRuntimeEvents(events, [config, inited, inited])).toBe(false);
    expect(hasRuntimeEvents(events, [{ ...config, payload: Buffer.from([2]) }, inited])).toBe(false);
  });

  it("is refused in another shape, or cut off", () => {
    expect(() => parseEventLog(Buffer.from("[{}]"))).toThrow("shape");
    expect(() => parseEventLog(Buffer.from("[1"))).toThrow("JSON");
    expect(() => parseEventLog(Buffer.alloc(20))).toThrow("shorter");
    expect(() => replayEvents(logOf(entry("", "", { event_type: 1, digest: "ab" })))).toThrow("digest");
  });
});

describeVectors("The event log of a real machine", () => {
  const folder = "google-go-tdx-guest/testing/testdata/ccel";
  const quoted = () => {
    const { body } = parseQuote(vector(`${folder}/cos-113-tdx-quote.dat`));
    return body.kind === "tdx" ? body.td.rtmr : [];
  };

  it("explains every register of its quote, and not with an event left out", () => {
    const events = parseEventLog(vector(`${folder}/ccel_data.dat`));
    expect(events.length).toBeGreaterThan(20);
    expect(unexplainedRegisters(events, quoted())).toEqual([]);
    expect(unexplainedRegisters(events.slice(1), quoted())).toEqual([events[0]?.register]);
  });
});
