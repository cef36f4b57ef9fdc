import { Address, toNano } from "@ton/core";
import { type Answers, FACTS } from "./answers";

/** What is drawn for a new configuration. */
export interface Drawn {
  readonly words: string;
  readonly walletAddress: string;
  /** Of a provider's owner, where it is known. */
  readonly ownerAddress: string | undefined;
  readonly apiKey: string;
  readonly storeKey: string;
}

/** The configuration as a `.env` file with a word on each line of it. */
export function configText(answers: Answers, drawn: Drawn): string {
  const facts = FACTS[answers.network];
  return [
    `# Cocoon, ${answers.role} on ${answers.network}. Written by \`cocoon init\`; docs/operate.md has every variable.`,
    "# It holds secrets: keep its mode at 0600, and never commit it.",
    "",
    "# Where the chain is read and written, best first, with commas between them.",
    `COCOON_ENDPOINTS=${answers.endpoint}`,
    "# -239 mainnet, -3 testnet, -23911 a local network; and the id inside the wallet's address.",
    `COCOON_GLOBAL_ID=${facts.globalId}`,
    `COCOON_WALLET_NETWORK_ID=${facts.walletNetworkId}`,
    "# The network: its two registries. Take them from somebody you trust, they decide everything else.",
    `COCOON_NETWORK_REGISTRY=${answers.registry}`,
    `COCOON_ATTESTATION_REGISTRY=${answers.attestationRegistry}`,
    "",
    ...(answers.role === "developer" ? developerLines(answers, drawn) : providerLines(answers, drawn)),
    "",
  ].join("\n");
}

function developerLines(
  answers: Extract<Answers, { role: "developer" }>,
  { words, walletAddress, apiKey, storeKey }: Drawn,
): readonly string[] {
  const isLocal = answers.network === "localnet";
  return [
    `# The wallet that pays for jobs: ${walletAddress}. Send it TON; it needs no more than its jobs' budgets.`,
    "# The gateway signs by itself, at any hour: a wallet app that asks a person (TON Connect) cannot do that,",
    "# and only fills it: `cocoon init --tonconnect`, or any transfer to that address.",
    `COCOON_DEVELOPER_MNEMONIC="${words}"`,
    "# What clients send as Bearer token. Several with commas between them.",
    `COCOON_API_KEYS=${apiKey}`,
    "# Encrypts session keys and salts at rest. Without it they cannot be read again.",
    `COCOON_STORE_KEY=${storeKey}`,
    `# Locked in each job that is opened, and in each top-up: ${answers.budget} TON.`,
    `COCOON_JOB_BUDGET_NANO=${toNano(answers.budget)}`,
    `# The most that one request may cost: ${answers.maxCost} TON.`,
    `COCOON_MAX_COST_NANO=${toNano(answers.maxCost)}`,
    "# Platforms that may see a prompt, and where Intel's word on TDX machines comes from.",
    "COCOON_TEES=tdx",
    ...(isLocal
      ? [
          "# A local network pins a root of its own: name its key and its collateral here.",
          "# COCOON_TDX_ROOT_KEY=",
          "# COCOON_COLLATERAL_FILE=",
        ]
      : ["COCOON_PCCS_URL=https://api.trustedservices.intel.com"]),
    "# true only where providers are reached without TLS: a network of your own.",
    `COCOON_ALLOW_HTTP=${isLocal}`,
    "# Where sessions and receipts are kept.",
    "COCOON_DATA_DIR=.cocoon/gateway",
    "",
    `# Then: cocoon doctor, cocoon gateway, cocoon chat ${answers.model}`,
  ];
}

function providerLines(
  answers: Extract<Answers, { role: "provider" }>,
  { words, walletAddress, ownerAddress }: Drawn,
): readonly string[] {
  return [
    "# The ProviderStake that this relayer serves: `cocoon provider register` makes it, with the owner's wallet.",
    ...(ownerAddress === undefined ? [] : [`# The owner's wallet: ${ownerAddress}.`]),
    `COCOON_PROVIDER=${Address.parse(answers.provider).toString()}`,
    `# The operator's wallet, for gas alone: ${walletAddress}. Name it in the catalog, and send it some TON.`,
    "# The owner's words are not here: keep them away from this machine. With a wallet app on a phone, the owner's",
    "# commands need none: `cocoon provider register CATALOG.json STAKE --tonconnect` (docs/cli.md).",
    `COCOON_OPERATOR_MNEMONIC="${words}"`,
    "# Its workers, with commas between them; COCOON_WORKERS_FILE names a file that may change while it runs.",
    `COCOON_WORKERS=${answers.workers}`,
    "# Receipts and heads: losing them loses what was not settled.",
    "COCOON_DATA_DIR=.cocoon/relayer",
    "",
    "# Then: cocoon doctor, cocoon relayer, cocoon provider why",
  ];
}
