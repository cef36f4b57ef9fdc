import { existsSync, readFileSync } from "node:fs";
import { chmod, writeFile } from "node:fs/promises";
import { Address } from "@ton/core";
import { mnemonicNew } from "@ton/crypto";
import { parse } from "dotenv";
import { walletFromMnemonic } from "../../../chain";
import { readConfig } from "../../../config";
import { FinalError } from "../../../errors";
import { primitives, toHex } from "../../../protocol";
import { requireNoApp, type SenderOptions } from "../openSender";
import type { Io } from "../output";
import {
  type Answers,
  BY_APP,
  FACTS,
  type Field,
  FUNDINGS,
  fundOf,
  NOT_NAMED,
  parseAnswers,
} from "./answers";
import { askAnswers, defaultAnswers } from "./askAnswers";
import { configText, type Drawn } from "./configText";
import type { Funder } from "./fund";
import { showDone } from "./showDone";

export interface InitOptions
  extends Partial<Record<Exclude<Field, "wallet" | "funding">, string>>,
    SenderOptions {
  /** A file with the wallet's words: on a command line everybody on the machine could read them. */
  readonly wordsFile?: string;
  readonly out: string;
  readonly force?: boolean;
  /** Take the defaults, ask nothing. */
  readonly yes?: boolean;
  readonly json?: boolean;
}

// Loaded where a wallet app is asked for.
const parts = { fund: (): typeof import("./fund") => require("./fund") };

/** Makes a commented configuration for a developer's gateway or a provider's relayer, and fills its wallet by an app. */
export async function init(io: Io, options: InitOptions): Promise<void> {
  const { out, force, dryRun } = options;
  if (existsSync(out) && force !== true && dryRun !== true) {
    throw new FinalError("BAD_REQUEST", `${out} is there already: name another with --out, or give --force.`);
  }
  const answers = await answersOf(io, options);
  const isOfApp = answers.role === "provider" && answers.owner === BY_APP;
  const needsApp = isOfApp || fundOf(answers) !== undefined;
  if (!needsApp) {
    requireNoApp(options);
  }
  if (!needsApp || dryRun === true) {
    await make(io, options, answers, undefined);
    return;
  }
  const how = { app: options.app, isQuiet: options.json === true };
  await parts.fund().withFunder(io, answers, how, (funder) => make(io, options, answers, funder));
}

async function answersOf(io: Io, options: InitOptions): Promise<Answers> {
  const { out, force, yes, dryRun, json, wordsFile, tonconnect, app, ...flags } = options;
  const isAsked = yes !== true && json !== true && io.stdout.isTTY === true;
  if (flags.fund !== undefined && tonconnect !== true) {
    throw new FinalError("BAD_REQUEST", "--fund is what a wallet app is asked for: give --tonconnect, too.");
  }
  const given = {
    ...flags,
    ...(wordsFile === undefined ? {} : { wallet: readWords(wordsFile) }),
    ...(tonconnect === true ? { funding: FUNDINGS[1] } : {}),
  };
  return parseAnswers(isAsked ? await askAnswers(given) : defaultAnswers(given));
}

async function make(
  io: Io,
  { out, force, dryRun = false, json = false }: InitOptions,
  answers: Answers,
  funder: Funder | undefined,
): Promise<void> {
  const drawn = await draw(answers, funder);
  const text = configText(answers, drawn);
  // What it writes is what the process will read: a fault shows now, not at its start.
  readConfig(answers.role === "developer" ? "gateway" : "provider", parse(text));
  if (!dryRun) {
    await writeFile(out, text, { mode: 0o600, flag: force === true ? "w" : "wx" });
    await chmod(out, 0o600); // one that was there keeps its own
  }
  // After the file: money never goes to a wallet whose words are not kept.
  const fund = fundOf(answers);
  let fundedNano: bigint | undefined;
  if (funder !== undefined && fund !== undefined) {
    try {
      fundedNano = await funder.fund(Address.parse(drawn.walletAddress), fund);
    } catch (thrown) {
      io.stderr.write(`${out} is written. Its wallet, ${drawn.walletAddress}, was not filled:\n`);
      throw thrown;
    }
  }
  showDone(io, { out, answers, drawn, fundedNano, dryRun, json });
}

async function draw(answers: Answers, funder: Funder | undefined): Promise<Drawn> {
  const words = answers.wallet === "new" ? (await mnemonicNew()).join(" ") : answers.wallet;
  const { address } = await walletFromMnemonic({
    words: words.split(" "),
    networkGlobalId: FACTS[answers.network].walletNetworkId,
  });
  const friendly = (of: Address) =>
    of.toString({ bounceable: false, testOnly: answers.network === "testnet" });
  const owner = ownerOf(answers, funder);
  return {
    words,
    walletAddress: friendly(address),
    ownerAddress: owner === undefined ? undefined : friendly(owner),
    apiKey: `ck-${toHex(primitives.randomBytes(16))}`,
    storeKey: toHex(primitives.randomBytes(32)),
  };
}

function ownerOf(answers: Answers, funder: Funder | undefined): Address | undefined {
  if (answers.role !== "provider" || answers.owner === NOT_NAMED) {
    return undefined;
  }
  return answers.owner === BY_APP ? funder?.address : Address.parse(answers.owner);
}

function readWords(file: string): string {
  try {
    return readFileSync(file, "utf8").trim().split(/\s+/).join(" ");
  } catch (cause) {
    throw new FinalError("BAD_REQUEST", `The words in ${file} cannot be read.`, {}, { cause });
  }
}
