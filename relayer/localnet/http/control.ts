import { z } from "zod";
import { ApiError, badRequest } from "../apiError";
import { auditChain } from "../chain/audit";
import { FAUCET_ADDRESS } from "../chain/faucet";
import { faultRequest } from "../faults";
import type { ApiContext, Method, Methods } from "./context";
import type { Params } from "./params";

const MAX_BLOCKS = 10_000;
const MAX_GIFT_NANO = 1_000_000_000_000_000_000n;

/** `/localnet/*`: what no real network has. */
export function controlMethods({ faultsEnabled }: { readonly faultsEnabled: boolean }): Methods {
  const blockFacts = ({ chain }: ApiContext) => ({
    seqno: chain.ledger.blocks.head().seqno,
    finalSeqno: chain.ledger.finalBlock().seqno,
    now: chain.now(),
  });

  const faultsMethod: Method = (context, params) => {
    if (!faultsEnabled) {
      throw new ApiError(403, "UNAUTHORIZED", "This localnet was started without faults");
    }
    if (params.has("clear")) {
      context.faults.clear();
    } else if (params.has("kind")) {
      context.faults.set(parseFault(params));
    }
    return { faults: context.faults.active() };
  };

  return {
    async faucet(context, params) {
      const amountNano = params.has("amountNano") ? params.bigint("amountNano") : 100_000_000_000n;
      if (amountNano <= 0n || amountNano > MAX_GIFT_NANO) {
        throw badRequest("amountNano must be positive and at most 10^18");
      }
      await context.chain.faucet(params.address("address"), amountNano);
      return blockFacts(context);
    },
    async mine(context, params) {
      const blocks = params.integerOr("blocks", 1);
      if (blocks < 1 || blocks > MAX_BLOCKS) {
        throw badRequest(`blocks must be between 1 and ${MAX_BLOCKS}`);
      }
      await context.chain.mine(blocks);
      return blockFacts(context);
    },
    async settle(context) {
      await context.chain.settle();
      return blockFacts(context);
    },
    async time(context, params) {
      if (params.has("advanceSeconds")) {
        await context.chain.setTime(context.chain.now() + params.integer("advanceSeconds"));
      } else if (params.has("set")) {
        await context.chain.setTime(params.integer("set"));
      }
      return blockFacts(context);
    },
    snapshot: async ({ chain }) => ({ id: await chain.snapshot() }),
    async revert(context, params) {
      await context.chain.revert(params.integer("id"));
      return blockFacts(context);
    },
    stats: (context) => ({ ...context.chain.stats(), ...blockFacts(context) }),
    /** Settles the chain and adds it up, amounts as decimal strings. */
    async audit({ chain }) {
      await chain.settle();
      const audit = auditChain(chain.ledger, FAUCET_ADDRESS.toRawString());
      return Object.fromEntries(Object.entries(audit).map(([name, amount]) => [name, String(amount)]));
    },
    faults: faultsMethod,
  };
}

function parseFault(params: Params) {
  const names = ["kind", "count", "value", "match"].filter((name) => params.has(name));
  const parsed = faultRequest.safeParse(Object.fromEntries(names.map((name) => [name, params.raw(name)])));
  if (!parsed.success) {
    throw badRequest(`Incorrect fault: ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}
