import { setTimeout as pause } from "node:timers/promises";
import { Address } from "@ton/core";
import { getGlobalDispatcher } from "undici";
import { z } from "zod";
import { readDeployment } from "../../../wrappers/deployments";
import { confirmSend, NotSeenError, type ScriptHost, senderAddress } from "../../../wrappers/scripting";
import { evidenceSchema } from "../../attestation/evidence";
import {
  freshBlock,
  type Outcome,
  type Outgoing,
  planCollateral,
  planSubmission,
  quoteAdvice,
  readOutcome,
} from "../../attestation/submit";
import { type ChainReader, explainBounce } from "../../chain";
import type { Config } from "../../config";
import { FinalError } from "../../errors";
import { decodeBind, fromBase64, primitives, toHex } from "../../protocol";
import { callJson } from "../../provider/workers/callJson";
import { collateralFor, readQuote } from "../attest";
import type { Io } from "./output";
import { type CommonOptions, runAction } from "./session";

const CALL_MS = 30_000;
const OUTCOME_MS = 120_000;
const POLL_MS = 500;
/** Added to what a getter asks for: prices may change on the way. The rest comes back. */
const MARGIN_NANO = 1_000_000n;

const reportSchema = z.looseObject({ bind: z.string(), evidence: evidenceSchema });

/** Takes a quote from a bound worker and has the chain verify it: what its relayer does by itself, by hand. */
export function attestSubmit(io: Io, worker: string, options: CommonOptions): Promise<void> {
  return runAction(io, options, {
    what: "Attesting",
    mnemonicOf: (config) => config.COCOON_OPERATOR_MNEMONIC,
    run: (host, config, reader) => submit({ host, config, reader }, worker),
  });
}

export interface PostOptions extends CommonOptions {
  readonly quote: string;
  readonly collateral?: string;
  readonly pccs: string;
}

/** Posts what Intel has published about a quote's machine, where that is news to the chain; anyone may. */
export function attestPost(io: Io, options: PostOptions): Promise<void> {
  return runAction(io, options, {
    what: "Posting",
    mnemonicOf: (config) => config.COCOON_OPERATOR_MNEMONIC,
    run: (host, _config, reader) =>
      postNews({ host, reader, registry: readDeployment(io.env).attestationRegistry }, options),
  });
}

async function postNews(
  { host, reader, registry }: Pick<Place, "host" | "reader"> & { readonly registry: Address },
  options: PostOptions,
): Promise<void> {
  const quote = await readQuote(options.quote);
  const { utime } = await reader.head();
  const { posts, unreadable } = await planCollateral(reader, {
    registry,
    quote,
    collateral: await collateralFor(quote, options),
    nowSeconds: utime,
    queryId: Buffer.from(primitives.randomBytes(8)).readBigUInt64BE(0),
  });
  if (posts.length + unreadable.length === 0) {
    host.ui().write("nothing   the chain has all that Intel has published about this machine");
  }
  for (const post of posts) {
    await send(host, `Post ${post.what} ${post.name}`, post);
    host.ui().write(`posted    ${post.what} ${post.name}`);
  }
  const [problem] = unreadable;
  if (problem !== undefined) {
    throw problem;
  }
}

interface Place {
  readonly host: ScriptHost;
  readonly config: Config<"manage">;
  readonly reader: ChainReader;
}

async function submit(place: Place, worker: string): Promise<void> {
  const { host, config, reader } = place;
  const block = await freshBlock(reader);
  const nonce = toHex(block.rootHash);
  const url = `${worker.endsWith("/") ? worker.slice(0, -1) : worker}/v1/attestation/report?nonce=${nonce}`;
  const call = { dispatcher: getGlobalDispatcher(), url, method: "GET", timeoutMs: CALL_MS } as const;
  const report = await callJson(call, reportSchema);
  if (report.evidence.kind !== "tdx") {
    throw new FinalError("BAD_REQUEST", "The worker does not run in a TDX machine: attestors attest it.");
  }
  const bytes = fromBase64(report.bind);
  const bind = decodeBind(bytes);
  if (bind.networkId !== config.COCOON_GLOBAL_ID) {
    throw new FinalError("WRONG_NETWORK", "The worker is bound to another network than COCOON_GLOBAL_ID.");
  }
  const registry = Address.parseRaw(bind.registry);
  const queryId = Buffer.from(primitives.randomBytes(8)).readBigUInt64BE(0);
  const fresh = { registry, quote: fromBase64(report.evidence.quote), bind: bytes, block, queryId };
  const { path, authority, quote } = await planSubmission(reader, fresh);
  host.ui().write(`path      ${path}, over block ${block.seqno}`);
  const { last } = await reader.account(senderAddress(host));
  if (authority !== undefined) {
    await send(host, "Register the authority", authority);
  }
  await send(host, "Submit the quote", quote);
  const outcome = await waitForOutcome(reader, {
    wallet: senderAddress(host),
    txLt: last.lt + 1n,
    queryId,
    registry,
    provider: Address.parseRaw(bind.provider),
    machine: quote.to,
  });
  if (outcome.kind === "accepted") {
    const key = toHex(bind.receiptPublicKey);
    host
      .ui()
      .write(`attested  worker ${key}, until ${new Date(bind.notAfter * 1_000).toISOString()} at most`);
    return;
  }
  throw await refusal(reader, outcome);
}

async function send(host: ScriptHost, action: string, message: Outgoing): Promise<void> {
  const { to, init, body } = message;
  const value = message.valueNano + MARGIN_NANO;
  await confirmSend(host, { action, to, valueNano: value });
  await host.sender().send({ to, value, body, ...(init === undefined ? {} : { init }) });
}

async function waitForOutcome(
  reader: ChainReader,
  sent: Parameters<typeof readOutcome>[1],
): Promise<Exclude<Outcome, { kind: "pending" }>> {
  const end = performance.now() + OUTCOME_MS;
  while (performance.now() < end) {
    const outcome = await readOutcome(reader, sent);
    if (outcome.kind !== "pending") {
      return outcome;
    }
    await pause(POLL_MS);
  }
  throw new NotSeenError(
    `The chain did not answer within ${OUTCOME_MS / 1_000} s: look at the transactions.`,
  );
}

async function refusal(
  reader: ChainReader,
  outcome: Extract<Outcome, { kind: "refused" | "bounced" }>,
): Promise<FinalError> {
  const code =
    outcome.kind === "refused" ? outcome.code : (await explainBounce(reader, outcome.message))?.exitCode;
  const { code: name, advice } =
    code === undefined ? { code: "unknown", advice: "look at the transaction" } : quoteAdvice(code);
  return new FinalError("ATTESTATION_REFUSED", `The chain refused the quote: ${name}, ${advice}.`);
}
