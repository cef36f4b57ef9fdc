import { setTimeout as pause } from "node:timers/promises";
import { type Address, fromNano, type Transaction, toNano } from "@ton/core";
import { confirmSend, NotSeenError } from "../../../../wrappers/scripting";
import type { ChainReader } from "../../../chain";
import type { Config } from "../../../config";
import { type Clock, systemClock } from "../../../observe/clock";
import { createHost } from "../host";
import type { Io } from "../output";
import { withChain } from "../session";
import { appOfCommand } from "../tonconnect/appOfCommand";
import type { App } from "../tonconnect/openApp";
import { senderByApp } from "../tonconnect/sendByApp";
import { type Answers, FACTS } from "./answers";

const ARRIVE_MS = 90_000;
const POLL_MS = 250;

/** A person's wallet app, while a configuration is made. */
export interface Funder {
  /** Whose app it is. */
  readonly address: Address;
  /** Has the app send so much; returns what came to the wallet, once it is there. */
  fund(wallet: Address, amount: string): Promise<bigint>;
}

/** Connects a wallet app on the network of the answers, for as long as `work` takes. */
export async function withFunder<T>(
  io: Io,
  answers: Answers,
  options: { readonly app: string | undefined; readonly isQuiet: boolean; readonly clock?: Clock },
  work: (funder: Funder) => Promise<T>,
): Promise<T> {
  const facts = FACTS[answers.network];
  const env = {
    ...io.env,
    COCOON_ENDPOINTS: answers.endpoint,
    COCOON_GLOBAL_ID: String(facts.globalId),
    COCOON_WALLET_NETWORK_ID: String(facts.walletNetworkId),
  };
  const { clock = systemClock } = options;
  return await withChain({ ...io, env }, async ({ config, reader }) => {
    const app = await appOfCommand(io, config, { app: options.app });
    try {
      return await work({
        address: app.address,
        fund: (wallet, amount) =>
          fundBy({ io, config, reader, app, clock, isQuiet: options.isQuiet }, wallet, toNano(amount)),
      });
    } finally {
      await app.close();
    }
  });
}

interface Deps {
  readonly io: Io;
  readonly config: Config<"manage">;
  readonly reader: ChainReader;
  readonly app: App;
  readonly clock: Clock;
  readonly isQuiet: boolean;
}

async function fundBy(deps: Deps, wallet: Address, amountNano: bigint): Promise<bigint> {
  const { io, config, reader, app, clock } = deps;
  const sender = senderByApp({
    reader,
    app,
    globalId: config.COCOON_GLOBAL_ID,
    waitMs: config.COCOON_TONCONNECT_SECONDS * 1_000,
    clock,
    onAsk: () => io.stderr.write("Confirm in the wallet app.\n"),
  });
  const host = createHost({
    reader,
    sender,
    globalId: config.COCOON_GLOBAL_ID,
    dryRun: false,
    write: (line) => (deps.isQuiet ? undefined : io.stdout.write(`${line}\n`)),
    ask: io.ask,
    onSent: () => {},
  });
  const before = await reader.account(wallet);
  await confirmSend(host, { action: "Fund the wallet", to: wallet, valueNano: amountNano });
  // It may have no contract yet, from which the money would come back.
  await sender.send({ to: wallet, value: amountNano, bounce: false });
  return await creditOf(
    { reader, clock },
    { wallet, from: app.address, amountNano, afterLt: before.last.lt },
  );
}

/** Waits for the wallet's transaction that took the app's money; says how much that was. */
export async function creditOf(
  { reader, clock }: { readonly reader: ChainReader; readonly clock: Clock },
  sought: {
    readonly wallet: Address;
    readonly from: Address;
    readonly amountNano: bigint;
    readonly afterLt: bigint;
  },
): Promise<bigint> {
  const { wallet, afterLt } = sought;
  const end = clock.nowMs() + ARRIVE_MS;
  do {
    const { last } = await reader.account(wallet);
    const page = last.lt > afterLt ? await reader.transactions(wallet, last, afterLt) : [];
    const credit = page.map((each) => creditIn(each, sought.from)).find((nano) => nano === sought.amountNano);
    if (credit !== undefined) {
      return credit;
    }
    await pause(POLL_MS);
  } while (clock.nowMs() < end);
  throw new NotSeenError(
    `The app's wallet has sent ${fromNano(sought.amountNano)} TON, and nothing came to ${wallet.toString({ bounceable: false })} within ${ARRIVE_MS / 1_000} s: look at both before you repeat it.`,
  );
}

function creditIn({ inMessage }: Transaction, from: Address): bigint | undefined {
  const info = inMessage?.info;
  return info?.type === "internal" && info.src.equals(from) ? info.value.coins : undefined;
}
