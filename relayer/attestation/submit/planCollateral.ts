import { type Address, beginCell } from "@ton/core";
import { AttestationRegistry } from "../../../wrappers/AttestationRegistry";
import {
  type QuotePolicy,
  storePostQeIdentity,
  storePostRevocation,
  storePostTcbInfo,
} from "../../../wrappers/messages";
import { type ChainReader, openContract } from "../../chain";
import { type CocoonError, toCocoonError } from "../../errors";
import { parseCrl } from "../certificates/crl";
import type { Collateral } from "../tdx/collateral";
import { authorityOf, leafHashOf } from "../tdx/onChainCertificate";
import { cutQeIdentity, cutRevocation, cutTcbInfo } from "../tdx/onChainCollateral";
import { parseQuote } from "../tdx/quote";
import { machineCertificates } from "../tdx/quoteParts";
import { parseQeIdentity, parseTcbInfo } from "../tdx/tcbInfo";
import type { Outgoing } from "./planSubmission";
import { rootKeyOf } from "./rootKeyOf";

/** A document of Intel's that the chain has not seen. */
export interface CollateralPost extends Outgoing {
  readonly what: "tcb-info" | "qe-identity" | "revocation";
  /** The document's own: kind of machine and number, number, or certificate. */
  readonly name: string;
}

export interface CollateralPlan {
  readonly posts: readonly CollateralPost[];
  /** Why others cannot be posted: the contract could not read their layout. */
  readonly unreadable: readonly CocoonError[];
}

export interface CollateralQuestion {
  readonly registry: Address;
  /** A quote of the machine that the collateral is of. */
  readonly quote: Uint8Array;
  readonly collateral: Collateral;
  /** Unix seconds. */
  readonly nowSeconds: number;
  readonly queryId: bigint;
}

/**
 * The messages that tell the chain what Intel has published about a machine, where that is news to it: anyone may send
 * them. Intel signs its documents anew every day; only one with a higher evaluation number says anything new. One that
 * cannot be read keeps no other back; signatures are checked by the contract alone.
 */
export async function planCollateral(
  reader: ChainReader,
  question: CollateralQuestion,
): Promise<CollateralPlan> {
  const { registry } = question;
  const contract = openContract(reader, AttestationRegistry.fromAddress(registry));
  const policy = await contract.getQuotePolicy();
  const drafts: Draft[] = [];
  const unreadable: CocoonError[] = [];
  for (const draftOf of [tcbInfo, qeIdentity, revocation]) {
    try {
      const draft = draftOf(question, policy);
      if (draft !== undefined) {
        drafts.push(draft);
      }
    } catch (thrown) {
      unreadable.push(toCocoonError(thrown));
    }
  }
  const askValue = {
    "tcb-info": () => contract.getMinValueToPostTcbInfo(),
    "qe-identity": () => contract.getMinValueToPostQeIdentity(),
    revocation: () => contract.getMinValueToPostRevocation(),
  };
  const posts = await Promise.all(
    drafts.map(async (draft) => ({ ...draft, to: registry, valueNano: await askValue[draft.what]() })),
  );
  return { posts, unreadable };
}

type Draft = Pick<CollateralPost, "what" | "name" | "body">;

function tcbInfo(question: CollateralQuestion, policy: QuotePolicy): Draft | undefined {
  const { collateral, nowSeconds, queryId } = question;
  const info = parseTcbInfo(collateral.tcbInfo.text);
  if (info === undefined || info.id !== "TDX" || info.nextUpdate < nowSeconds) {
    return undefined;
  }
  const kind = BigInt(`0x${info.fmspc}`);
  const known = policy.minimums.get(kind);
  const isNews =
    known === undefined || (info.tcbEvaluationDataNumber > known.number && info.issueDate > known.issuedAt);
  if (!isNews || policy.revoked.get(kind) === true) {
    return undefined;
  }
  const message = {
    $$type: "PostTcbInfo",
    queryId,
    ...cutTcbInfo(collateral.tcbInfo, rootKeyOf(policy)),
  } as const;
  return {
    what: "tcb-info",
    name: `${info.fmspc}:${info.tcbEvaluationDataNumber}`,
    body: beginCell().store(storePostTcbInfo(message)).endCell(),
  };
}

function qeIdentity(question: CollateralQuestion, policy: QuotePolicy): Draft | undefined {
  const { collateral, nowSeconds, queryId } = question;
  const identity = parseQeIdentity(collateral.qeIdentity.text);
  const isNews =
    identity?.id === "TD_QE" &&
    identity.nextUpdate >= nowSeconds &&
    identity.tcbEvaluationDataNumber > policy.qeNumber &&
    identity.issueDate > policy.qeIssuedAt;
  if (!isNews) {
    return undefined;
  }
  const cut = cutQeIdentity(collateral.qeIdentity, rootKeyOf(policy));
  const message = { $$type: "PostQeIdentity", queryId, ...cut } as const;
  return {
    what: "qe-identity",
    name: String(identity.tcbEvaluationDataNumber),
    body: beginCell().store(storePostQeIdentity(message)).endCell(),
  };
}

/** Of this machine alone: the chain looks at each certificate by itself. */
function revocation(question: CollateralQuestion, policy: QuotePolicy): Draft | undefined {
  const { leaf, authority } = machineCertificates(parseQuote(question.quote));
  const list = question.collateral.pckCrl;
  const isOurs = policy.authorities.get(authorityOf(authority.raw)) !== undefined;
  if (!isOurs || !parseCrl(list).revoked.has(leaf.serial)) {
    return undefined;
  }
  const leafHash = leafHashOf(leaf.raw);
  if (policy.revoked.get(leafHash) === true) {
    return undefined;
  }
  const shown = cutRevocation(leaf.raw, authority.raw, list);
  const message = {
    $$type: "PostRevocation",
    queryId: question.queryId,
    ...shown,
    position: BigInt(shown.position),
  } as const;
  return {
    what: "revocation",
    name: leafHash.toString(16).padStart(64, "0"),
    body: beginCell().store(storePostRevocation(message)).endCell(),
  };
}
