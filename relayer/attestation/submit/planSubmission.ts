import type { Address, Cell, StateInit } from "@ton/core";
import { beginCell } from "@ton/core";
import { AttestationRegistry } from "../../../wrappers/AttestationRegistry";
import { type QuotePolicy, storeRegisterAuthority, storeSubmitQuote } from "../../../wrappers/messages";
import { TeePlatform, teePlatform } from "../../../wrappers/TeePlatform";
import { type ChainReader, type MasterBlock, openContract } from "../../chain";
import { FinalError } from "../../errors";
import { equalBytes, hashBind } from "../../protocol";
import { authorityOf, cutAuthority } from "../tdx/onChainCertificate";
import { certificationCell, cutBind, cutQuote, type OnChainQuote } from "../tdx/onChainQuote";
import { machineCertificates, quotePartsOf } from "../tdx/quoteParts";
import { readQuoteFacts } from "./quoteFacts";
import { rootKeyOf } from "./rootKeyOf";

/** How much the chain still has to see: everything, all below the authority, all below the machine, or the quote alone. */
export type QuotePath = "cold" | "ca-known" | "warm" | "hot";

/** One message for a wallet to send. */
export interface Outgoing {
  readonly to: Address;
  readonly valueNano: bigint;
  readonly init?: StateInit;
  readonly body: Cell;
}

export interface QuoteSubmission {
  readonly path: QuotePath;
  /** Goes first, on the cold path alone; and SHA-256 of the authority's key. */
  readonly authority: (Outgoing & { readonly keyHash: bigint }) | undefined;
  readonly quote: Outgoing;
}

/** A quote that was made over this block, for a worker of this registry's network. */
export interface FreshQuote {
  readonly registry: Address;
  readonly quote: Uint8Array;
  /** The encoded bind statement. */
  readonly bind: Uint8Array;
  readonly block: MasterBlock;
  readonly queryId: bigint;
}

/**
 * The messages that make a quote's worker an attested one, over the cheapest path that the chain allows now. Throws
 * `ATTESTATION_REFUSED` for a quote that does not fit its statement or block, or whose layout contracts cannot read;
 * `CONFIG_INVALID` for a network whose machines have another code.
 */
export async function planSubmission(reader: ChainReader, fresh: FreshQuote): Promise<QuoteSubmission> {
  const facts = readQuoteFacts(fresh.quote);
  const isOurs =
    equalBytes(facts.reportData.subarray(0, 32), hashBind(fresh.bind)) &&
    equalBytes(facts.reportData.subarray(32), fresh.block.rootHash);
  if (!isOurs) {
    throw new FinalError("ATTESTATION_REFUSED", "The quote is about another statement or block.");
  }
  const parts = quotePartsOf(facts.quote);
  const cut = cutQuote(parts);
  const registry = openContract(reader, AttestationRegistry.fromAddress(fresh.registry));
  const policy = await registry.getQuotePolicy();
  const machine = await findMachine(reader, fresh.registry, cut);
  const known = policy.authorities.get(cut.authority);
  const path = pathOf({ machine, cut, policy });
  const [withQe, withLeaf] = [path !== "hot", path === "ca-known"];
  const { authority } = machineCertificates(facts.quote);
  const isAuthorityNew = (known ?? 0) < authority.notAfter && policy.revoked.get(cut.authority) === undefined;
  const body = storeSubmitQuote({
    $$type: "SubmitQuote",
    queryId: fresh.queryId,
    block: BigInt(fresh.block.seqno),
    quote: cut.quote,
    bind: cutBind(fresh.bind),
    certification: withQe ? certificationCell(cut.qe, withLeaf ? cut.leaf : undefined) : null,
  });
  return {
    path: isAuthorityNew ? "cold" : path,
    authority: isAuthorityNew
      ? await registration(reader, fresh, { certificate: parts.authority, policy })
      : undefined,
    quote: {
      to: machine.address,
      valueNano: await registry.getMinValueToSubmitQuote(withQe, withLeaf),
      ...(withLeaf ? { init: machine.init } : {}),
      body: beginCell().store(body).endCell(),
    },
  };
}

interface Machine {
  readonly address: Address;
  readonly init: StateInit;
  /** Undefined for a machine that the chain has not seen. */
  readonly state: Awaited<ReturnType<TeePlatform["getPlatformState"]>> | undefined;
}

async function findMachine(reader: ChainReader, registry: Address, cut: OnChainQuote): Promise<Machine> {
  const { authority, leafHash } = cut;
  const contract = await teePlatform({ registry, authority, leafHash });
  const address = await openContract(reader, AttestationRegistry.fromAddress(registry)).getPlatformAddress(
    authority,
    leafHash,
  );
  if (contract.init === undefined || !contract.address.equals(address)) {
    throw new FinalError(
      "CONFIG_INVALID",
      "The network's TeePlatform has another code than this program: use the release that the network was deployed with.",
      { registry: registry.toRawString() },
    );
  }
  const { state } = await reader.account(address);
  return {
    address,
    init: contract.init,
    state:
      state === "active"
        ? await openContract(reader, TeePlatform.fromAddress(address)).getPlatformState()
        : undefined,
  };
}

function pathOf(at: {
  readonly machine: Machine;
  readonly cut: OnChainQuote;
  readonly policy: QuotePolicy;
}): Exclude<QuotePath, "cold"> {
  const { state } = at.machine;
  if (state === undefined || state.facts === null) {
    return "ca-known";
  }
  const svn =
    state.attestationKey === at.cut.attestationKey
      ? state.qeSvn
      : state.formerKey === at.cut.attestationKey
        ? state.formerSvn
        : undefined;
  // The version that is remembered may be older than this quote's.
  return svn === undefined || svn < at.policy.qeSvn ? "warm" : "hot";
}

async function registration(
  reader: ChainReader,
  { registry, queryId }: FreshQuote,
  { certificate, policy }: { readonly certificate: Uint8Array; readonly policy: QuotePolicy },
) {
  const contract = openContract(reader, AttestationRegistry.fromAddress(registry));
  const message = {
    $$type: "RegisterAuthority",
    queryId,
    certificate: cutAuthority(certificate, rootKeyOf(policy)),
  } as const;
  return {
    keyHash: authorityOf(certificate),
    to: registry,
    valueNano: await contract.getMinValueToRegisterAuthority(),
    body: beginCell().store(storeRegisterAuthority(message)).endCell(),
  };
}
