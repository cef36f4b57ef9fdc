import { createHash, sign } from "node:crypto";
import type { SendMessageResult } from "@ton/sandbox";
import type { Delivery } from "../tests/support/actors";
import {
  IMAGES,
  MACHINE,
  type Path,
  QUOTE_POLICY,
  registerAuthority,
  showBlocks,
  submitQuote,
} from "../tests/support/quotes";
import { createWorld, enlistProvider } from "../tests/support/world";
import { decodeP256Point, decodeP256Signature, hintedSignature } from "../wrappers/p256";
import { gasOf, transactionOf } from "./gas/recorder";

/** One way of bringing a quote to the chain. */
export interface QuoteCost {
  /** Of verifying and deciding: TeePlatform and AttestationRegistry, up to the message to the provider. */
  readonly gas: number;
  /** What whoever pays is poorer by: every leg to the excess, the sender's own transaction included, rent not. */
  readonly ton: number;
}

/** Gas of the P-256 check itself, and each path's cost with mainnet's prices. */
export async function measureQuotes(): Promise<{
  readonly p256: number;
  readonly quote: Readonly<Record<"cold" | Path, QuoteCost>>;
}> {
  const world = await createWorld({ quotes: QUOTE_POLICY, images: IMAGES });
  showBlocks(world);
  await enlistProvider(world);
  const authority = await costOf(world.stranger, () => registerAuthority(world), [
    [world.attestation.address.toString(), "RegisterAuthority"],
  ]);
  const paths: [Path, QuoteCost][] = [];
  for (const path of ["ca-known", "warm", "hot"] as const) {
    const cost = await costOf(world.operator, () => submitQuote(world, { path }), [
      [undefined, "SubmitQuote"],
      [world.attestation.address.toString(), "QuoteVerified"],
    ]);
    paths.push([path, cost]);
  }
  const [known, warm, hot] = paths.map(([, cost]) => cost);
  if (known === undefined || warm === undefined || hot === undefined) {
    throw new Error("A path was not measured.");
  }
  const cold = { gas: authority.gas + known.gas, ton: Number((authority.ton + known.ton).toFixed(9)) };
  return { p256: await measureP256(world), quote: { cold, "ca-known": known, warm, hot } };

  async function costOf(
    payer: typeof world.operator,
    act: () => Promise<Delivery>,
    messages: readonly (readonly [to: string | undefined, name: string])[],
  ): Promise<QuoteCost> {
    const before = await payer.getBalance();
    const sent = await act();
    const rent = sent.to.equals(world.attestation.address) ? 0n : sent.after.balance - sent.before.balance;
    const result: Pick<SendMessageResult, "transactions"> = sent;
    const gas = messages.map(([, name], index) =>
      gasOf(transactionOf(result, index === 0 ? sent.to : world.attestation.address, name)),
    );
    return {
      gas: gas.reduce((sum, used) => sum + used, 0),
      ton: Number(before - (await payer.getBalance()) - rent) / 1e9,
    };
  }
}

/** The getter that checks a signature, less the getter that returns at once what it is given to compare. */
async function measureP256(world: Awaited<ReturnType<typeof createWorld>>): Promise<number> {
  const message = Buffer.from("P-256");
  const key = decodeP256Point(MACHINE.keys.root.publicKey);
  const bytes = sign("sha256", message, { key: MACHINE.keys.root.privateKey, dsaEncoding: "ieee-p1363" });
  const digest = BigInt(`0x${createHash("sha256").update(message).digest("hex")}`);
  const hinted = hintedSignature(digest, decodeP256Signature(bytes), key);
  const checked = await world.chain.runGetMethod(world.attestation.address, "verifiesP256", [
    { type: "int", value: digest },
    { type: "cell", cell: hinted },
    { type: "int", value: key.x },
    { type: "int", value: key.y },
  ]);
  const idle = await world.chain.runGetMethod(world.attestation.address, "minValueToGovern", []);
  return Number(checked.gasUsed - idle.gasUsed);
}
