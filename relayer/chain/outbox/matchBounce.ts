import { Address, type Message, type Slice } from "@ton/core";
import type { Intent } from "../../store";
import type { BounceCause } from "./explainBounce";
import { bodyOf } from "./messages";

const BOUNCE_PREFIX_BITS = 32;
/** What a bounce repeats of the original body. */
const REPEATED_BITS = 256;

/**
 * The sent intent that a bounced message answers: exactly, when its cause is known; otherwise the oldest one to that
 * account whose body begins with what came back.
 */
export function matchBounce(
  sent: readonly Intent[],
  bounced: Message,
  cause: BounceCause | undefined,
): Intent | undefined {
  if (bounced.info.type !== "internal") {
    return undefined;
  }
  const { src, createdLt } = bounced.info;
  const candidates = sent.filter(
    (intent) =>
      Address.parse(intent.destination).equals(src) && intent.outLt !== undefined && intent.outLt < createdLt,
  );
  if (cause !== undefined) {
    return candidates.find((intent) => intent.outLt === cause.outLt);
  }
  return candidates
    .filter((intent) => repeats(bounced, intent))
    .sort((a, b) => ((a.outLt ?? 0n) < (b.outLt ?? 0n) ? -1 : 1))
    .at(0);
}

function repeats(bounced: Message, intent: Intent): boolean {
  const returned = bounced.body.beginParse();
  if (returned.remainingBits < BOUNCE_PREFIX_BITS) {
    return false;
  }
  returned.skip(BOUNCE_PREFIX_BITS);
  const original = bodyOf(intent).beginParse();
  const length = Math.min(REPEATED_BITS, original.remainingBits);
  return returned.remainingBits >= length && sameBits(returned, original, length);
}

function sameBits(a: Slice, b: Slice, length: number): boolean {
  return length === 0 || a.loadBits(length).equals(b.loadBits(length));
}
