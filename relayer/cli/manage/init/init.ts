import { existsSync, readFileSync } from "node:fs";
import { chmod, writeFile } from "node:fs/promises";
import { mnemonicNew } from "@ton/crypto";
import { parse } from "dotenv";
import { walletFromMnemonic } from "../../../chain";
import { readConfig } from "../../../config";
import { FinalError } from "../../../errors";
import { primitives, toHex } from "../../../protocol";
import { colorsOf, type Io, toJson } from "../output";
import { type Answers, FACTS, type Field, parseAnswers } from "./answers";
import { askAnswers, defaultAnswers } from "./askAnswers";
import { configText, type Drawn } from "./configText";

export interface InitOptions extends Partial<Record<Exclude<Field, "wallet">, string>> {
  /** A file with the wallet's words: on a command line everybody on the machine could read them. */
  readonly wordsFile?: string;
  readonly out: string;
  readonly force?: boolean;
  /** Take the defaults, ask nothing. */
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** Makes a commented configuration for a developer's gateway or a provider's relayer. */
export async function init(io: Io, options: InitOptions): Promise<void> {
  const { out, force, yes, dryRun, json, wordsFile, ...flags } = options;
  if (existsSync(out) && force !== true && dryRun !== true) {
    throw new FinalError("BAD_REQUEST", `${out} is there already: name another with --out, or give --force.`);
  }
  const given = { ...flags, ...(wordsFile === undefined ? {} : { wallet: readWords(wordsFile) }) };
  const isAsked = yes !== true && json !== true && io.stdout.isTTY === true;
  const answers = parseAnswers(isAsked ? await askAnswers(given) : defaultAnswers(given));
  const drawn = await draw(answers);
  const text = configText(answers, drawn);
  // What it writes is what the process will read: a fault shows now, not at its start.
  readConfig(answers.role === "developer" ? "gateway" : "provider", parse(text));
  if (dryRun !== true) {
    await writeFile(out, text, { mode: 0o600, flag: force === true ? "w" : "wx" });
    await chmod(out, 0o600); // one that was there keeps its own
  }
  const { role, network } = answers;
  const { walletAddress } = drawn;
  if (json === true) {
    io.stdout.write(toJson({ dryRun: dryRun === true, file: out, role, network, wallet: walletAddress }));
    return;
  }
  show(io, { out, answers, walletAddress, dryRun: dryRun === true });
}

function show(
  io: Io,
  done: {
    readonly out: string;
    readonly answers: Answers;
    readonly walletAddress: string;
    readonly dryRun: boolean;
  },
): void {
  const { bold, dim } = colorsOf(io);
  const { answers, walletAddress } = done;
  const line = (text: string) => io.stdout.write(`${text}\n`);
  line(
    done.dryRun
      ? `Nothing was written: this was a dry run of ${done.out}.`
      : `Wrote ${bold(done.out)}, mode 0600.`,
  );
  line("");
  line(`wallet   ${walletAddress}`);
  line(
    dim(
      answers.wallet === "new"
        ? "         new; its words are in the file alone: keep a copy"
        : "         yours",
    ),
  );
  line("");
  line("Next:");
  line(
    answers.role === "developer"
      ? "  send the wallet TON for a job's budget and some for fees"
      : "  name the wallet as operator in the catalog, send it some TON",
  );
  line("  cocoon doctor");
  line(answers.role === "developer" ? "  cocoon gateway" : "  cocoon relayer");
}

async function draw(answers: Answers): Promise<Drawn> {
  const words = answers.wallet === "new" ? (await mnemonicNew()).join(" ") : answers.wallet;
  const { address } = await walletFromMnemonic({
    words: words.split(" "),
    networkGlobalId: FACTS[answers.network].walletNetworkId,
  });
  return {
    words,
    walletAddress: address.toString({ bounceable: false, testOnly: answers.network === "testnet" }),
    apiKey: `ck-${toHex(primitives.randomBytes(16))}`,
    storeKey: toHex(primitives.randomBytes(32)),
  };
}

function readWords(file: string): string {
  try {
    return readFileSync(file, "utf8").trim().split(/\s+/).join(" ");
  } catch (cause) {
    throw new FinalError("BAD_REQUEST", `The words in ${file} cannot be read.`, {}, { cause });
  }
}
