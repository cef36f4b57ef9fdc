import { fromNano } from "@ton/core";
import { colorsOf, type Io, toJson } from "../output";
import { type Answers, fundOf } from "./answers";
import type { Drawn } from "./configText";

export interface Done {
  readonly out: string;
  readonly answers: Answers;
  readonly drawn: Drawn;
  /** What came to the wallet. */
  readonly fundedNano: bigint | undefined;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/** What `init` has made, and what comes next. Words and keys stand in the file alone. */
export function showDone(io: Io, done: Done): void {
  const { out, answers, drawn, fundedNano, dryRun } = done;
  const { walletAddress: wallet, ownerAddress: owner } = drawn;
  if (done.json) {
    const { role, network } = answers;
    io.stdout.write(toJson({ dryRun, file: out, role, network, wallet, owner, fundedNano }));
    return;
  }
  const { bold, dim } = colorsOf(io);
  const line = (text: string) => io.stdout.write(`${text}\n`);
  line(dryRun ? `Nothing was written: this was a dry run of ${out}.` : `Wrote ${bold(out)}, mode 0600.`);
  line("");
  line(`wallet   ${wallet}`);
  line(
    dim(
      answers.wallet === "new"
        ? "         new; its words are in the file alone: keep a copy"
        : "         yours",
    ),
  );
  if (owner !== undefined) {
    line(`owner    ${owner}`);
    line(dim("         compare it with what your wallet shows"));
  }
  if (fundedNano !== undefined) {
    line(`came     ${fromNano(fundedNano)} TON from the wallet app`);
  }
  line("");
  line("Next:");
  for (const step of nextSteps(done)) {
    line(`  ${step}`);
  }
}

function nextSteps({ answers, fundedNano, dryRun }: Done): readonly string[] {
  const fund = fundOf(answers);
  const isDeveloper = answers.role === "developer";
  const money = isDeveloper
    ? "send the wallet TON for a job's budget and some for fees"
    : "send the wallet some TON";
  return [
    ...(isDeveloper ? [] : ["name the wallet as operator in the catalog"]),
    ...(fundedNano !== undefined
      ? []
      : dryRun && fund !== undefined
        ? [`${fund} TON by the wallet app`]
        : [money]),
    "cocoon doctor",
    isDeveloper ? "cocoon gateway" : "cocoon relayer",
  ];
}
