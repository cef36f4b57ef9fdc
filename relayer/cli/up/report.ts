import type { QuotePath } from "../../attestation/submit";
import type { ChainReader } from "../../chain";
import { devWallet } from "../../localnet/devWallets";
import { formatTon } from "../../protocol";
import type { GatewayAnswer } from "../askGateway";
import { pc } from "../terminalColors";
import type { OnChainAttestation } from "./attestation";
import { type Audit, conserved, type Settlement } from "./money";
import type { Terminal } from "./terminal";

export type Balances = Readonly<Record<(typeof PEOPLE)[number], bigint>>;

const PEOPLE = ["developer", "provider", "operator"] as const;

/** Balances of the people whose money moves. */
export async function readBalances(reader: ChainReader): Promise<Balances> {
  const [developer, provider, operator] = await Promise.all(
    PEOPLE.map(async (role) => (await reader.account(devWallet(role).v5)).balanceNano),
  );
  return { developer: developer ?? 0n, provider: provider ?? 0n, operator: operator ?? 0n };
}

/** What the answer cost, who signed it, which transaction paid it, and where every coin went. */
export async function showMoney(facts: {
  readonly terminal: Terminal;
  readonly reader: ChainReader;
  readonly before: { readonly audit: Audit; readonly balances: Balances };
  readonly audit: Audit;
  readonly answer: GatewayAnswer;
  readonly settlement: Settlement;
  readonly secondsToFirstAnswer: number;
}): Promise<void> {
  const { terminal, before, audit, answer, settlement } = facts;
  terminal.field("price", `${formatTon(answer.costNano)} TON`);
  terminal.field("time", `first token after ${answer.firstTokenMs} ms, all after ${answer.totalMs} ms`);

  terminal.section("Committed and paid by the job's contract");
  terminal.field("job", answer.job);
  terminal.field(
    "signed head",
    `size ${settlement.event.size}, root ${settlement.event.root.toString(16).padStart(64, "0")}`,
  );
  terminal.field("transaction", settlement.transaction);
  terminal.field(
    "provider got",
    `${formatTon(settlement.paidNano)} TON, ${settlement.event.cosigned ? "co-signed" : "not co-signed"}`,
  );

  terminal.section("Balances");
  const after = await readBalances(facts.reader);
  for (const role of PEOPLE) {
    const change = after[role] - before.balances[role];
    terminal.field(
      role,
      `${formatTon(before.balances[role])} → ${formatTon(after[role])} TON  ${pc.dim(signed(change))}`,
    );
  }
  terminal.field(
    "fees",
    `${formatTon(audit.feesNano - before.audit.feesNano)} TON in ${audit.transactions} transactions`,
  );
  const holds = conserved(audit) === conserved(before.audit);
  terminal.field(
    "conserved",
    holds ? pc.green("to the nanoton: balances + fees = what there was") : pc.red("NO"),
  );
  terminal.field("start to answer", `${facts.secondsToFirstAnswer.toFixed(1)} s`);
}

const PATHS: Readonly<Record<QuotePath, string>> = {
  cold: "this network's root → authority → machine → quoting enclave → quote",
  "ca-known": "authority → machine → quoting enclave → quote",
  warm: "machine → quoting enclave → quote",
  hot: "attestation key → quote",
};

/** Who verified the worker: contracts, what they had to see, and what it cost. */
export function showAttestation(terminal: Terminal, attestation: OnChainAttestation): void {
  const { path, gas, costNano, machine, transaction } = attestation;
  terminal.section("The worker's TDX quote, verified by contracts; nobody signed for it");
  terminal.field("path", `${path}: ${PATHS[path]}`);
  terminal.field(
    "cost",
    `${gas.toLocaleString("en-US")} gas, ${formatTon(costNano)} TON with the machine's rent`,
  );
  terminal.field("machine", machine);
  terminal.field("transaction", transaction);
}

/** Where to go from here. */
export function reportReady(
  terminal: Terminal,
  ready: {
    readonly gateway: { readonly baseUrl: string; readonly apiKey: string };
    readonly receiptFile: string;
    readonly endpoint: string;
    readonly stays: boolean;
  },
): void {
  terminal.section(ready.stays ? "It keeps running; Ctrl-C stops everything" : "Done");
  terminal.field("base URL", ready.gateway.baseUrl);
  terminal.field("API key", ready.gateway.apiKey);
  terminal.field("chain", ready.endpoint);
  if (ready.stays) {
    terminal.note("");
    terminal.note(pc.cyan(`curl -N ${ready.gateway.baseUrl}/chat/completions \\`));
    terminal.note(
      pc.cyan(`  -H 'authorization: Bearer ${ready.gateway.apiKey}' -H 'content-type: application/json' \\`),
    );
    terminal.note(
      pc.cyan(
        `  -d '{"model":"cocoon-tiny","stream":true,"messages":[{"role":"user","content":"who are you?"}]}'`,
      ),
    );
    terminal.note(pc.cyan(`npx cocoon verify ${ready.receiptFile} --endpoint ${ready.endpoint}`));
  }
  terminal.stream("\n");
}

function signed(nano: bigint): string {
  return `${nano < 0n ? "-" : "+"}${formatTon(nano < 0n ? -nano : nano)}`;
}
