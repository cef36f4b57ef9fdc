import type { Address, Cell } from "@ton/core";
import { makeTestQuote } from "../../../../relayer/attestation/tdx/makeTestQuote";
import { certificationCell, cutBind, cutQuote } from "../../../../relayer/attestation/tdx/onChainQuote";
import { MAINNET_GLOBAL_ID } from "../../../../relayer/localnet/config";
import { encodeBind, hashBind, toRawAddress } from "../../../../relayer/protocol";
import { storeSubmitQuote } from "../../../../wrappers/messages";
import { body } from "../../../support/actors";
import { partsOf, rootHash } from "../../../support/quotes";
import { DAY, MODEL, START } from "../../../support/world";
import { BLOCK, MACHINE, OTHER_MACHINE } from "../machine";
import type { Stage } from "../stage";
import { type Act, pick, type Truth } from "./act";
import { WORKERS } from "./signed";

const raw = (address: Address) => toRawAddress(address.toRawString());
const MODEL_HASH = Buffer.from(MODEL.toString(16).padStart(64, "0"), "hex");

/** What a quote says and how it is sent, in one number each. */
interface Order {
  readonly provider: number;
  readonly worker: number;
  /** Days since the beginning: its statement is of that day. */
  readonly day: number;
  readonly flaw: number;
}

interface Made {
  readonly content: Cell;
  readonly truth: Truth;
}

/** To make one takes longer than to play a sequence. */
const made = new Map<string, Made>();

/** With the machine's certificate, as the first quote of a machine is sent. */
const COLD = 9;

function quoteOf(stage: Stage, order: Order): Made {
  const name = Object.values(order).join("/");
  const known = made.get(name) ?? makeQuote(stage, order);
  made.set(name, known);
  return known;
}

function makeQuote(stage: Stage, { provider, worker, day, flaw }: Order): Made {
  const from = START + (day + (flaw === 4 ? 1 : flaw === 5 ? -1 : 0)) * DAY;
  const bind = encodeBind({
    tee: "tdx",
    networkId: flaw === 1 ? -3 : MAINNET_GLOBAL_ID,
    registry: raw(flaw === 2 ? stage.network : stage.attestation),
    hpkePublicKey: Buffer.alloc(32, 0x33),
    receiptPublicKey: pick(WORKERS, worker).publicKey,
    provider: raw(pick(stage.providers, provider).address),
    modelHash: flaw === 7 ? Buffer.alloc(32, 1) : MODEL_HASH,
    gpuDigest: undefined,
    configHash: Buffer.alloc(32, 0x55),
    notBefore: from,
    notAfter: from + DAY,
  });
  const fresh = rootHash(flaw === 3 ? BLOCK - 50 : BLOCK);
  const quote = makeTestQuote(flaw === 8 ? OTHER_MACHINE : MACHINE, {
    reportData: Buffer.concat([hashBind(bind), fresh]),
    ...(flaw === 6 ? { signer: OTHER_MACHINE.keys.attestation } : {}),
  });
  const cut = cutQuote(partsOf(quote));
  const content = body(
    storeSubmitQuote({
      $$type: "SubmitQuote",
      queryId: 1n,
      block: BigInt(BLOCK),
      quote: cut.quote,
      bind: cutBind(bind),
      certification: flaw === COLD ? certificationCell(cut.qe, cut.leaf) : null,
    }),
  );
  const truth = {
    genuine: ![1, 2, 3, 6, 8].includes(flaw),
    model: flaw === 7 ? 1n : MODEL,
    from,
    until: from + DAY,
  };
  return { content, truth };
}

/** One of the provider's workers shows what its machine signed. Now and then a part of it is another, or of another day. */
export const showQuote: Act = (look, who) => {
  const { step, stage, now } = look;
  const flaw = step.detail % 14;
  const { content, truth } = quoteOf(stage, {
    provider: who,
    worker: step.choice % 2,
    day: Math.floor((now - START) / DAY),
    flaw,
  });
  const name = flaw === COLD ? "SubmitQuote with a certificate" : "SubmitQuote";
  return [{ name, from: pick(stage.providers, who).operator, to: stage.platform, content, truth }];
};
