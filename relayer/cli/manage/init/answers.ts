import { Address } from "@ton/core";
import { z } from "zod";
import { FinalError } from "../../../errors";

export const ROLES = ["developer", "provider"] as const;
/** How the new wallet gets its money. */
export const FUNDINGS = ["later, by hand", "now, by a wallet app"] as const;
/** An answer of those who read an address from their app, or name none. */
export const BY_APP = "app";
export const NOT_NAMED = "none";
export const NETWORKS = ["localnet", "testnet", "mainnet"] as const;

export interface NetworkFacts {
  readonly globalId: number;
  /** The id inside a wallet's address. */
  readonly walletNetworkId: number;
  readonly endpoint: string;
}

/** What each network is, and where it is reached unless the person knows better. */
export const FACTS: Readonly<Record<(typeof NETWORKS)[number], NetworkFacts>> = {
  localnet: { globalId: -23_911, walletNetworkId: -239, endpoint: "http://127.0.0.1:8081/api/v2/jsonRPC" },
  testnet: { globalId: -3, walletNetworkId: -3, endpoint: "https://testnet.toncenter.com/api/v2/jsonRPC" },
  mainnet: { globalId: -239, walletNetworkId: -239, endpoint: "https://toncenter.com/api/v2/jsonRPC" },
};

const address = z.string().refine(isAddress, "must be a TON address");
const ton = z.string().regex(/^\d{1,9}(\.\d{1,9})?$/, "must be an amount of TON, like 1 or 0.25");
const urls = z
  .string()
  .refine(
    (text) => text.split(",").every((url) => isHttp(url.trim())),
    "must be URLs, with commas between them",
  );

/** One answer each; what is not asked of a role is left out. */
export const FIELDS = {
  role: z.enum(ROLES),
  network: z.enum(NETWORKS),
  endpoint: z.string().refine(isHttp, "must be a URL"),
  registry: address,
  attestationRegistry: address,
  wallet: z.string().refine(isWallet, "must be `new`, or 24 words"),
  funding: z.enum(FUNDINGS),
  fund: ton.refine((text) => Number(text) > 0, "must be more than nothing"),
  owner: z.string().refine(isOwner, `must be a TON address, \`${BY_APP}\` or \`${NOT_NAMED}\``),
  model: z.string().regex(/^\S{1,120}$/, "must be a name without spaces"),
  budget: ton,
  maxCost: ton,
  provider: address,
  workers: urls,
} as const;
export type Field = keyof typeof FIELDS;

const common = {
  network: FIELDS.network,
  endpoint: FIELDS.endpoint,
  registry: FIELDS.registry,
  attestationRegistry: FIELDS.attestationRegistry,
  wallet: FIELDS.wallet,
  funding: FIELDS.funding,
  fund: FIELDS.fund.optional(),
};
export const answersSchema = z.discriminatedUnion("role", [
  z.object({
    role: z.literal("developer"),
    ...common,
    model: FIELDS.model,
    budget: FIELDS.budget,
    maxCost: FIELDS.maxCost,
  }),
  z.object({
    role: z.literal("provider"),
    ...common,
    provider: FIELDS.provider,
    owner: FIELDS.owner,
    workers: FIELDS.workers,
  }),
]);
export type Answers = z.infer<typeof answersSchema>;

/** The amount that a wallet app is asked for; undefined where it is asked for none. */
export function fundOf({ funding, fund }: Pick<Answers, "funding" | "fund">): string | undefined {
  return funding === "now, by a wallet app" ? fund : undefined;
}

/** What is wrong with an answer, in words; undefined when it is right. */
export function problemOf(field: Field, answer: string): string | undefined {
  const parsed = FIELDS[field].safeParse(answer);
  return parsed.success ? undefined : (parsed.error.issues[0]?.message ?? "is not valid");
}

/** The answers as a whole. Throws `BAD_REQUEST` naming the first that is missing or wrong. */
export function parseAnswers(given: Readonly<Partial<Record<Field, string>>>): Answers {
  const parsed = answersSchema.safeParse(given);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const field = String(issue?.path[0] ?? "role");
    const isMissing = !Object.keys(given).includes(field);
    const what = isMissing ? "is missing" : (issue?.message ?? "is not valid");
    throw new FinalError("BAD_REQUEST", `--${kebab(field)} ${what}.`, { field });
  }
  return parsed.data;
}

function kebab(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function isAddress(text: string): boolean {
  try {
    Address.parse(text);
    return true;
  } catch {
    return false;
  }
}

function isOwner(text: string): boolean {
  return text === BY_APP || text === NOT_NAMED || isAddress(text);
}

function isHttp(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

function isWallet(text: string): boolean {
  return text === "new" || /^([a-z]+ ){23}[a-z]+$/.test(text);
}
