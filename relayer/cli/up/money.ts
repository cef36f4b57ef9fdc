import { Address } from "@ton/core";
import { request } from "undici";
import { z } from "zod";
import { decodeEvent, type ProtocolEvent } from "../../../wrappers/events";
import type { ChainReader } from "../../chain";
import { FinalError } from "../../errors";

const SETTLE_MS = 60_000;
const POLL_MS = 200;

const auditSchema = z.object({
  heldNano: z.coerce.bigint(),
  feesNano: z.coerce.bigint(),
  inFlightNano: z.coerce.bigint(),
  mintedNano: z.coerce.bigint(),
  transactions: z.coerce.number(),
});

export type Audit = z.infer<typeof auditSchema>;

/** Where every nanoton of the local chain is, after everything that was under way has arrived. */
export async function auditChain(baseUrl: string): Promise<Audit> {
  const { body } = await request(`${baseUrl}/localnet/audit`, { method: "POST", body: "{}" });
  return auditSchema.parse(await body.json());
}

/** What must not change, whatever happens between two audits. */
export function conserved({ heldNano, feesNano, inFlightNano, mintedNano }: Audit): bigint {
  return heldNano + feesNano + inFlightNano - mintedNano;
}

export interface Settlement {
  readonly transaction: string;
  readonly event: Extract<ProtocolEvent, { $$type: "HeadSettledEvent" }>;
  /** What reached the provider's owner, the network's fee already taken off. */
  readonly paidNano: bigint;
}

/** Waits until the job's contract has paid for a head of at least `amountNano`. */
export async function waitForSettlement(
  reader: ChainReader,
  job: string,
  amountNano: bigint,
): Promise<Settlement> {
  const address = Address.parse(job);
  const end = Date.now() + SETTLE_MS;
  while (Date.now() < end) {
    const found = await findSettlement(reader, address, amountNano);
    if (found !== undefined) {
      return found;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new FinalError("CHAIN_TIMEOUT", `The answer was not settled on chain within ${SETTLE_MS / 1000} s.`);
}

async function findSettlement(
  reader: ChainReader,
  job: Address,
  amountNano: bigint,
): Promise<Settlement | undefined> {
  const { last } = await reader.account(job);
  if (last.lt === 0n) {
    return undefined;
  }
  for (const transaction of await reader.transactions(job, last, 0n)) {
    const messages = transaction.outMessages.values();
    const event = messages
      .map(({ info, body }) => (info.type === "external-out" ? decodeEvent(body) : undefined))
      .find((decoded) => decoded?.$$type === "HeadSettledEvent");
    if (event?.$$type === "HeadSettledEvent" && event.amount >= amountNano) {
      // The payment is the first internal message; the excess to the carrier is the second.
      const payment = messages.find(({ info }) => info.type === "internal")?.info;
      return {
        transaction: transaction.hash().toString("hex"),
        event,
        paidNano: payment?.type === "internal" ? payment.value.coins : 0n,
      };
    }
  }
  return undefined;
}
