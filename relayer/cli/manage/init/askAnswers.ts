import type { Option } from "@clack/prompts";
import { fromNano, toNano } from "@ton/core";
import { NotConfirmedError } from "../../../../wrappers/scripting";
import { FACTS, type Field, FUNDINGS, NETWORKS, NOT_NAMED, problemOf, ROLES } from "./answers";

type Given = Partial<Record<Field, string>>;

interface Question {
  readonly field: Field;
  readonly message: string;
  readonly choices?: readonly string[];
  readonly initial?: (given: Given) => string | undefined;
  readonly isSecret?: boolean;
  /** Where the question is for one role alone. */
  readonly role?: (typeof ROLES)[number];
  /** Where an earlier answer decides whether it is asked. */
  readonly when?: (given: Given) => boolean;
}

/** Opening takes some beside the budget, and so do the messages that follow. */
const FEES_NANO = toNano("0.1");
const GAS_TON = "1";

const QUESTIONS: readonly Question[] = [
  { field: "role", message: "What will this machine be?", choices: ROLES },
  { field: "network", message: "On which network?", choices: NETWORKS },
  {
    field: "endpoint",
    message: "The chain's JSON-RPC endpoint",
    initial: ({ network }) =>
      NETWORKS.filter((name) => name === network).map((name) => FACTS[name].endpoint)[0],
  },
  { field: "registry", message: "Address of the NetworkRegistry" },
  { field: "attestationRegistry", message: "Address of the AttestationRegistry" },
  {
    field: "wallet",
    message: "The 24 words of a wallet that is for this alone",
    initial: () => "new",
    isSecret: true,
  },
  {
    field: "model",
    message: "The model that you will ask for",
    initial: () => "cocoon-tiny",
    role: "developer",
  },
  { field: "budget", message: "Budget of each job, in TON", initial: () => "1", role: "developer" },
  {
    field: "maxCost",
    message: "The most that one request may cost, in TON",
    initial: () => "0.05",
    role: "developer",
  },
  { field: "provider", message: "Address of your ProviderStake", role: "provider" },
  {
    field: "owner",
    message: "The owner's wallet, for a remark: its address, `app` to read it from a wallet app, or `none`",
    initial: () => NOT_NAMED,
    role: "provider",
  },
  {
    field: "workers",
    message: "URLs of your workers",
    initial: () => "http://127.0.0.1:8090",
    role: "provider",
  },
  {
    field: "funding",
    message: "When does the wallet get its money?",
    choices: FUNDINGS,
    initial: () => FUNDINGS[0],
  },
  {
    field: "fund",
    message: "TON that the wallet app is asked for",
    initial: usualFund,
    when: ({ funding }) => funding === FUNDINGS[1],
  },
];

/** A developer's budget and fees; a provider's gas. */
function usualFund({ role, budget = "" }: Given): string | undefined {
  if (role === "provider") {
    return GAS_TON;
  }
  return problemOf("budget", budget) === undefined ? fromNano(toNano(budget) + FEES_NANO) : undefined;
}

function isMeant({ role, when }: Question, given: Given): boolean {
  return (role === undefined || role === given.role) && (when === undefined || when(given));
}

/** Asks, in a terminal, for what was not given. Throws `NotConfirmedError` when the person leaves. */
export async function askAnswers(given: Given): Promise<Given> {
  const clack: typeof import("@clack/prompts") = require("@clack/prompts");
  const answers: Given = { ...given };
  clack.intro("cocoon init");
  for (const question of QUESTIONS) {
    const { field } = question;
    if (answers[field] !== undefined || !isMeant(question, answers)) {
      continue;
    }
    const answer = await askOne(clack, question, answers);
    if (typeof answer !== "string") {
      clack.cancel("Nothing was written.");
      throw new NotConfirmedError("Nothing was written.");
    }
    answers[field] = answer.trim();
  }
  clack.outro("That is all.");
  return answers;
}

/** The defaults alone, where nobody can be asked. */
export function defaultAnswers(given: Given): Given {
  const answers: Given = { ...given };
  for (const question of QUESTIONS) {
    const { field, initial } = question;
    if (isMeant(question, answers)) {
      const value = answers[field] ?? initial?.(answers);
      if (value !== undefined) {
        answers[field] = value;
      }
    }
  }
  return answers;
}

function askOne(
  clack: typeof import("@clack/prompts"),
  { field, message, choices, initial, isSecret }: Question,
  answers: Given,
): Promise<string | symbol> {
  if (choices !== undefined) {
    const options = choices.map((value): Option<string> => ({ value, label: value }));
    return clack.select({ message, options });
  }
  const start = initial?.(answers);
  const validate = (value: string | undefined) => problemOf(field, (value ?? "").trim() || (start ?? ""));
  if (isSecret === true) {
    // Words never stand on a screen; an empty line means a new wallet.
    return clack
      .password({ message: `${message} (empty: a ${start ?? ""} one)`, validate })
      .then((answer) => (typeof answer === "string" && answer.trim() === "" ? (start ?? "") : answer));
  }
  return clack.text({ message, validate, ...(start === undefined ? {} : { initialValue: start }) });
}
