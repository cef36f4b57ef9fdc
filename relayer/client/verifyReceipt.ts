import { toCocoonError } from "../errors";
import {
  amountFor,
  type BindStatement,
  decodeBind,
  decodeLeaf,
  decodeTerms,
  encodeLeaf,
  equalBytes,
  fromBase64,
  fromHex,
  hashLeaf,
  hashRequest,
  hashResponse,
  type ReceiptLeaf,
  type Terms,
  type TreeHead,
  toHex,
  toJobAddress,
  utf8ToBytes,
  verifyCosign,
  verifyHead,
  verifyInclusion,
} from "../protocol";
import type { ReceiptFile } from "./receiptFile";

/** One thing that must hold. `skipped`: the file or the caller gave nothing to check it with. */
export interface ReceiptCheck {
  readonly name: string;
  readonly outcome: "ok" | "failed" | "skipped";
  readonly detail: string;
}

/** What the receipt states, for those who check further. */
export interface OpenedReceipt {
  readonly terms: Terms;
  readonly bind: BindStatement;
  readonly leaf: ReceiptLeaf;
  readonly head: TreeHead;
}

export interface ReceiptVerdict {
  /** True when nothing failed. Skipped checks are named in `checks`. */
  readonly ok: boolean;
  readonly checks: readonly ReceiptCheck[];
  /** Undefined when a part cannot even be read. */
  readonly opened: OpenedReceipt | undefined;
}

/** What was said, where the file does not hold it: the exact bytes that were sealed. */
export interface ReceiptTexts {
  readonly request?: string | Uint8Array;
  readonly response?: string | Uint8Array;
}

/**
 * Every check that needs no network. `verifyReceiptOnChain` adds those that read the chain.
 *
 * @example
 * import { readFileSync } from "node:fs";
 * import { parseReceiptFile, verifyReceipt } from "cocoon/client";
 *
 * const verdict = verifyReceipt(parseReceiptFile(readFileSync(process.env.RECEIPT, "utf8")));
 * console.log(verdict.ok); // true
 * console.log(verdict.checks.filter(({ outcome }) => outcome === "failed").length); // 0
 */
export function verifyReceipt(file: ReceiptFile, texts: ReceiptTexts = {}): ReceiptVerdict {
  const opened = openReceipt(file);
  if ("failed" in opened) {
    return { ok: false, checks: [opened.failed], opened: undefined };
  }
  const checks = offlineChecks(file, opened, texts);
  return { ok: checks.every(({ outcome }) => outcome !== "failed"), checks, opened };
}

function openReceipt(file: ReceiptFile): OpenedReceipt | { readonly failed: ReceiptCheck } {
  let part = "terms";
  try {
    const terms = decodeTerms(fromBase64(file.terms));
    part = "bind";
    const bind = decodeBind(fromBase64(file.bind));
    part = "leaf";
    const leaf = decodeLeaf(fromBase64(file.leaf));
    part = "head";
    const head: TreeHead = {
      networkId: file.network.globalId,
      job: toJobAddress(file.job),
      size: file.head.size,
      root: fromBase64(file.head.root, 32),
      amount: BigInt(file.head.amount),
      issuedAt: file.head.issuedAt,
    };
    part = "proof";
    file.proof.map((hash) => fromBase64(hash, 32));
    part = "signature";
    fromBase64(file.signature, 64);
    part = "cosignature";
    fromBase64(file.cosignature ?? file.signature, 64);
    return { terms, bind, leaf, head };
  } catch (thrown) {
    const detail = `${part}: ${toCocoonError(thrown).message}`;
    return { failed: { name: "format", outcome: "failed", detail } };
  }
}

function offlineChecks(
  file: ReceiptFile,
  opened: OpenedReceipt,
  texts: ReceiptTexts,
): readonly ReceiptCheck[] {
  const { terms, bind, leaf, head } = opened;
  const worker = fromHex(file.worker, 32);
  const salt = fromHex(file.salt, 32);
  const { globalId } = file.network;
  const isLast = leaf.index === head.size - 1;
  const proven = verifyInclusion({
    leafHash: hashLeaf(encodeLeaf(leaf)),
    index: leaf.index,
    size: head.size,
    proof: file.proof.map((hash) => fromBase64(hash, 32)),
    root: head.root,
  });
  const finishedAt = Math.floor(leaf.finishedAt / 1000);
  return [
    check("format", true, "all parts can be read"),
    check(
      "terms",
      terms.networkId === globalId && terms.job === file.job && terms.provider === file.provider,
      "the terms are those of this job, provider and network",
    ),
    check(
      "bind",
      bind.networkId === globalId &&
        bind.provider === file.provider &&
        toHex(bind.receiptPublicKey) === file.worker &&
        equalBytes(bind.modelHash, terms.modelHash),
      "the worker's bind statement names this key, provider, network and model",
    ),
    check(
      "head signature",
      verifyHead(worker, head, fromBase64(file.signature, 64)),
      "the worker signed the tree head",
    ),
    check("inclusion", proven, "the receipt is in the tree of that head"),
    check(
      "amount",
      leaf.amount === amountOf(opened) && (isLast ? leaf.amount === head.amount : leaf.amount <= head.amount),
      "the amount is the price of the stated usage",
    ),
    check(
      "dates",
      finishedAt >= bind.notBefore && finishedAt <= bind.notAfter && head.issuedAt <= bind.notAfter,
      "the work was done while the worker's keys were valid",
    ),
    textCheck("request", texts.request ?? file.request, (text) =>
      equalBytes(hashRequest(salt, text), leaf.requestHash),
    ),
    textCheck("response", texts.response ?? file.response, (text) =>
      equalBytes(hashResponse(salt, text), leaf.responseHash),
    ),
    file.cosignature === undefined
      ? skipped("co-signature", "the developer has not co-signed this head")
      : check(
          "co-signature",
          verifyCosign({
            sessionPublicKey: terms.sessionPublicKey,
            workerPublicKey: worker,
            head,
            cosignature: fromBase64(file.cosignature, 64),
          }),
          "the developer's session key agreed to the head",
        ),
  ];
}

function amountOf({ leaf, terms }: OpenedReceipt): bigint | undefined {
  try {
    return amountFor(leaf, terms);
  } catch {
    return undefined;
  }
}

function textCheck(
  name: "request" | "response",
  text: string | Uint8Array | undefined,
  matches: (text: Uint8Array) => boolean,
): ReceiptCheck {
  if (text === undefined) {
    return skipped(name, `no ${name} text was given`);
  }
  const bytes = typeof text === "string" ? utf8ToBytes(text) : text;
  return check(name, matches(bytes), `the ${name} is, byte for byte, the one that the receipt commits to`);
}

export function check(name: string, holds: boolean, claim: string): ReceiptCheck {
  return { name, outcome: holds ? "ok" : "failed", detail: holds ? claim : `not true: ${claim}` };
}

function skipped(name: string, detail: string): ReceiptCheck {
  return { name, outcome: "skipped", detail };
}
