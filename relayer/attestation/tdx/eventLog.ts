import { createHash } from "node:crypto";
import { z } from "zod";
import { FinalError } from "../../errors";

const REGISTERS = 4;
const DIGEST_BYTES = 48;
const SHA384 = 0x0c;
/** TCG's event types: the first is only told, the second is dstack's own. */
const EV_NO_ACTION = 3;
const DSTACK_RUNTIME_EVENT = 0x0800_0001;
const MAX_DIGESTS = 8;
/** Sizes of the digests that a log may hold beside SHA-384. */
const DIGEST_SIZES: ReadonlyMap<number, number> = new Map([
  [0x04, 20],
  [0x0b, 32],
  [SHA384, DIGEST_BYTES],
  [0x0d, 64],
]);

/** One measurement, in the order in which it was made. Its name means nothing before the replay equals the quote. */
export interface MeasuredEvent {
  /** 0 to 3. */
  readonly register: number;
  readonly digest: Buffer;
  readonly type: number;
  readonly name: string;
  readonly payload: Buffer;
}

/** RTMR0 to RTMR3 after these events. */
export function replayEvents(events: readonly MeasuredEvent[]): Buffer[] {
  const registers = Array.from({ length: REGISTERS }, () => Buffer.alloc(DIGEST_BYTES));
  for (const { register, digest } of events) {
    const before = registers[register];
    if (before === undefined || digest.length !== DIGEST_BYTES) {
      throw refused("names a register that is not there, or a digest of another length");
    }
    registers[register] = createHash("sha384").update(before).update(digest).digest();
  }
  return registers;
}

/** The registers, by number, that this log does not explain. */
export function unexplainedRegisters(events: readonly MeasuredEvent[], quoted: readonly Buffer[]): number[] {
  return replayEvents(events).flatMap((value, index) =>
    quoted[index] !== undefined && value.equals(quoted[index]) ? [] : [index],
  );
}

/** True when RTMR3 was extended by exactly these events, in this order. */
export function hasRuntimeEvents(
  events: readonly MeasuredEvent[],
  expected: readonly { readonly name: string; readonly payload: Uint8Array }[],
): boolean {
  const runtime = events.filter(({ register }) => register === 3);
  return (
    runtime.length === expected.length &&
    runtime.every(
      ({ name, payload }, index) => name === expected[index]?.name && payload.equals(expected[index].payload),
    )
  );
}

/** Reads dstack's JSON or Linux' binary log (CCEL). Throws `ATTESTATION_REFUSED`. */
export function parseEventLog(bytes: Buffer): MeasuredEvent[] {
  return bytes[0] === 0x5b ? parseDstackLog(bytes.toString("utf8")) : parseCcel(bytes);
}

const dstackSchema = z.array(
  z.looseObject({
    imr: z
      .int()
      .min(0)
      .max(REGISTERS - 1),
    event_type: z.int().min(0),
    digest: z.string().default(""),
    event: z.string().default(""),
    event_payload: z.string().default(""),
  }),
);

function parseDstackLog(text: string): MeasuredEvent[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FinalError("ATTESTATION_REFUSED", "The event log is not JSON.", {}, { cause });
  }
  const parsed = dstackSchema.safeParse(value);
  if (!parsed.success) {
    throw refused("has another shape than dstack's");
  }
  return parsed.data.map(({ imr, event_type: type, digest, event: name, event_payload }) => {
    const payload = Buffer.from(event_payload, "hex");
    return {
      register: imr,
      type,
      name,
      payload,
      // A runtime event's digest follows from its name and payload: what the log says of it is not needed.
      digest: type === DSTACK_RUNTIME_EVENT ? runtimeDigest(type, name, payload) : Buffer.from(digest, "hex"),
    };
  });
}

/** `SHA-384(u32le type ‖ ":" ‖ name ‖ ":" ‖ payload)`. */
export function runtimeDigest(type: number, name: string, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32LE(type);
  return createHash("sha384").update(head).update(`:${name}:`).update(payload).digest();
}

/** TCG's crypto-agile log: a header event in the old form, then events until the rest of the buffer is unused. */
function parseCcel(log: Buffer): MeasuredEvent[] {
  let at = 0;
  const take = (length: number): Buffer => {
    if (at + length > log.length) {
      throw refused("is shorter than its layout");
    }
    at += length;
    return log.subarray(at - length, at);
  };
  const u32 = () => take(4).readUInt32LE(0);
  take(8 + 20);
  take(u32());
  const events: MeasuredEvent[] = [];
  while (at + 8 <= log.length) {
    const index = u32();
    const type = u32();
    if (index === 0xffff_ffff || (index === 0 && type === 0)) {
      break;
    }
    const count = u32();
    if (count > MAX_DIGESTS) {
      throw refused("has an event with too many digests");
    }
    let digest = Buffer.alloc(0);
    for (let number = 0; number < count; number += 1) {
      const algorithm = take(2).readUInt16LE(0);
      const size = DIGEST_SIZES.get(algorithm);
      if (size === undefined) {
        throw refused("has a digest of an unknown kind");
      }
      const value = Buffer.from(take(size));
      digest = algorithm === SHA384 ? value : digest;
    }
    const payload = take(u32());
    // Index 0 stands for MRTD, which is measured before a log can be kept.
    if (type !== EV_NO_ACTION && index > 0) {
      events.push({ register: index - 1, digest, type, name: "", payload });
    }
  }
  return events;
}

function refused(problem: string): FinalError {
  return new FinalError("ATTESTATION_REFUSED", `The event log ${problem}.`);
}
