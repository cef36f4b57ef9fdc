import { type Address, beginCell } from "@ton/core";
import { GuestBook, storeAiNetwork, storeAiProvider } from "../build/GuestBook/GuestBook_GuestBook";
import type { Prices } from "../build/JobEscrow/JobEscrow_JobEscrow";
import { codeReference, contractCodes, type JobCodeForm } from "./codes";

export { GuestBook, storeWriteEntry } from "../build/GuestBook/GuestBook_GuestBook";

/** Whom a contract asks. */
export interface AiConfig {
  /** NetworkRegistry. */
  readonly registry: Address;
  /** Of the ProviderStake that answers. */
  readonly owner: Address;
  readonly index: number;
  readonly modelHash: bigint;
  /** Nanoton per 1,000,000 tokens, at least the provider's offer. */
  readonly prices: Omit<Prices, "$$type">;
  /** As the network's; "library" unless given. */
  readonly jobCode?: JobCodeForm;
}

/**
 * The example of a contract that asks a model; nothing is written in it yet.
 *
 * @example
 * import { Address, beginCell } from "@ton/core";
 * import { GuestBook, guestBook, storeWriteEntry } from "cocoon/contracts";
 *
 * const someone = new Address(0, Buffer.alloc(32, 1));
 * const prices = { prompt: 1n, cached: 1n, completion: 1n, reasoning: 1n };
 * const book = await guestBook({ registry: someone, owner: someone, index: 0, modelHash: 0xabcn, prices });
 * console.log(GuestBook.fromAddress(book.address).address.equals(book.address)); // true
 * const entry = beginCell().storeStringTail("hello").endCell();
 * const body = beginCell().store(storeWriteEntry({ $$type: "WriteEntry", queryId: 1n, entry })).endCell();
 * console.log(body.refs.length); // 1
 */
export async function guestBook(config: AiConfig): Promise<GuestBook> {
  const codes = await contractCodes(config.jobCode);
  const provider = codeReference(codes.provider);
  const network = beginCell()
    .store(
      storeAiNetwork({
        $$type: "AiNetwork",
        jobCode: codes.job,
        registry: config.registry,
        providerCodeHash: provider.hash,
        providerCodeDepth: provider.depth,
        provider: beginCell()
          .store(
            storeAiProvider({
              $$type: "AiProvider",
              owner: config.owner,
              index: BigInt(config.index),
              modelHash: config.modelHash,
              prices: { $$type: "Prices", ...config.prices },
            }),
          )
          .endCell(),
      }),
    )
    .endCell();
  return GuestBook.fromInit(network, 0n, null, null, 0n);
}
