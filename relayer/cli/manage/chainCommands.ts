import { Address, fromNano } from "@ton/core";
import * as addStake from "../../../scripts/addStake";
import * as awardJob from "../../../scripts/awardJob";
import * as bidOnJob from "../../../scripts/bidOnJob";
import * as closeJob from "../../../scripts/closeJob";
import * as declareDemand from "../../../scripts/declareDemand";
import * as openAuction from "../../../scripts/openAuction";
import * as openJob from "../../../scripts/openJob";
import * as openTask from "../../../scripts/openTask";
import * as registerProvider from "../../../scripts/registerProvider";
import * as setOffers from "../../../scripts/setOffers";
import * as showJob from "../../../scripts/showJob";
import * as showNetwork from "../../../scripts/showNetwork";
import * as showProvider from "../../../scripts/showProvider";
import * as topUpJob from "../../../scripts/topUpJob";
import * as unbond from "../../../scripts/unbond";
import * as withdrawStake from "../../../scripts/withdrawStake";
import { readDeployment } from "../../../wrappers/deployments";
import type { ScriptHost } from "../../../wrappers/scripting";
import { viewJob, viewNetwork, viewProvider } from "../../../wrappers/views";
import type { Config } from "../../config";
import { FinalError } from "../../errors";
import { primitives, toHex } from "../../protocol";
import { beforeSending, createHost } from "./host";
import { type Io, toJson } from "./output";
import { type CommonOptions, runAction, withChain } from "./session";

type Script = { readonly run: (host: ScriptHost, args: string[]) => Promise<void> };
type ManageConfig = Config<"manage">;

export interface ProviderOptions extends CommonOptions {
  /** Address; COCOON_PROVIDER by default. */
  readonly provider?: string;
}

const owner = (config: ManageConfig) => config.COCOON_OWNER_MNEMONIC;
const operator = (config: ManageConfig) => config.COCOON_OPERATOR_MNEMONIC ?? config.COCOON_OWNER_MNEMONIC;
const developer = (config: ManageConfig) => config.COCOON_DEVELOPER_MNEMONIC;

export function register(
  io: Io,
  catalog: string,
  stake: string,
  options: CommonOptions & { index?: string },
) {
  const args = [catalog, stake, options.index ?? "0"];
  return act(io, options, {
    script: registerProvider,
    what: "Registering",
    mnemonicOf: owner,
    args: () => args,
  });
}

export function stake(io: Io, amount: string, options: ProviderOptions) {
  return ofProvider(io, options, {
    script: addStake,
    what: "Adding stake",
    mnemonicOf: owner,
    args: [amount],
  });
}

export function startUnbonding(io: Io, amount: string, options: ProviderOptions) {
  return ofProvider(io, options, { script: unbond, what: "Unbonding", mnemonicOf: owner, args: [amount] });
}

export function withdraw(io: Io, options: ProviderOptions) {
  return ofProvider(io, options, { script: withdrawStake, what: "Withdrawing", mnemonicOf: owner, args: [] });
}

export function offers(io: Io, catalog: string, options: ProviderOptions) {
  return ofProvider(io, options, {
    script: setOffers,
    what: "Setting offers",
    mnemonicOf: operator,
    args: [catalog],
  });
}

/** How long providers may bid unless told otherwise. */
const AUCTION_SECONDS = "600";

export function jobOpen(
  io: Io,
  model: string,
  budget: string,
  options: ProviderOptions & {
    readonly sessionKey?: string;
    readonly worker?: string;
    readonly auction?: boolean;
    readonly ceiling?: string;
    readonly for?: string;
  },
) {
  const { auction = false, ceiling, for: seconds } = options;
  if (auction !== (ceiling !== undefined) || (!auction && seconds !== undefined)) {
    throw new FinalError(
      "CONFIG_INVALID",
      "An auction needs --auction and --ceiling PRICES; --for SECONDS is for auctions.",
    );
  }
  if (seconds !== undefined && !/^[1-9]\d{0,6}$/.test(seconds)) {
    throw new FinalError("CONFIG_INVALID", "--for is a whole number of seconds.");
  }
  // A key of our own making is shown: without it, nobody could ask anything in this job.
  const seed = options.sessionKey === undefined ? primitives.randomBytes(32) : undefined;
  const sessionKey = options.sessionKey ?? toHex(primitives.ed25519PublicKey(seed ?? new Uint8Array(32)));
  return act(io, options, {
    script: {
      run: async (host, args) => {
        // Before it is sent: a job that is seen too late is open all the same, and of no use without its key.
        const showSeed = () => {
          if (seed !== undefined && options.dryRun !== true) {
            host.ui().write(`session key's seed, keep it secret: ${toHex(seed)}`);
          }
        };
        await (auction ? openAuction : openJob).run(beforeSending(host, showSeed), args);
      },
    },
    what: "Opening",
    mnemonicOf: developer,
    args: (config) =>
      ceiling !== undefined
        ? [model, budget, sessionKey, ceiling, seconds ?? AUCTION_SECONDS]
        : [
            providerOf(config, options),
            model,
            budget,
            sessionKey,
            ...(options.worker === undefined ? [] : [options.worker]),
          ],
  });
}

export function jobAward(io: Io, job: string, options: CommonOptions) {
  return act(io, options, { script: awardJob, what: "Awarding", mnemonicOf: developer, args: () => [job] });
}

export function jobTask(
  io: Io,
  question: { readonly model: string; readonly price: string; readonly prompt: string },
  options: ProviderOptions,
) {
  return act(io, options, {
    script: openTask,
    what: "Asking",
    mnemonicOf: developer,
    args: (config) => [providerOf(config, options), question.model, question.price, question.prompt],
  });
}

export function bid(io: Io, job: string, bps: string, options: ProviderOptions) {
  return ofProvider(io, options, {
    script: bidOnJob,
    what: "Bidding",
    mnemonicOf: operator,
    args: [job, bps],
  });
}

export function demand(io: Io, model: string, tokensPerDay: string, options: CommonOptions) {
  return act(io, options, {
    script: declareDemand,
    what: "Declaring",
    mnemonicOf: developer,
    args: () => [model, tokensPerDay],
  });
}

export function jobTopUp(io: Io, job: string, amount: string, options: CommonOptions) {
  return act(io, options, {
    script: topUpJob,
    what: "Topping up",
    mnemonicOf: developer,
    args: () => [job, amount],
  });
}

export function jobClose(io: Io, job: string, options: CommonOptions) {
  return act(io, options, { script: closeJob, what: "Closing", mnemonicOf: developer, args: () => [job] });
}

export function providerStatus(io: Io, options: ProviderOptions) {
  return show(io, options, {
    script: showProvider,
    args: (config) => [providerOf(config, options)],
    view: (host, [address = ""]) => viewProvider(host, Address.parse(address)),
  });
}

export function jobShow(io: Io, job: string, options: CommonOptions) {
  return show(io, options, {
    script: showJob,
    args: () => [job],
    view: (host) => jobOrAbsent(host, Address.parse(job)),
  });
}

/** A job may end while its getters are asked. */
async function jobOrAbsent(host: ScriptHost, address: Address): Promise<object> {
  const absent = { address: address.toString(), state: "absent" };
  if (!(await host.isContractDeployed(address))) {
    return absent;
  }
  try {
    return await viewJob(host, address);
  } catch (thrown) {
    if (await host.isContractDeployed(address)) {
      throw thrown;
    }
    return absent;
  }
}

export function networkShow(io: Io, options: CommonOptions) {
  return show(io, options, {
    script: showNetwork,
    args: () => [],
    view: (host) => viewNetwork(host, readDeployment(io.env)),
  });
}

/** The address that a command or the configuration names. Throws `CONFIG_INVALID`. */
export function providerOf(config: ManageConfig, options: { readonly provider?: string }): string {
  const address = options.provider ?? config.COCOON_PROVIDER;
  if (address === undefined) {
    throw new FinalError("CONFIG_INVALID", "Name the provider: --provider ADDRESS, or COCOON_PROVIDER.");
  }
  return address;
}

/** TON for a table, without more digits than a person reads. */
export function ton(nano: bigint): string {
  return `${fromNano(nano)} TON`;
}

function ofProvider(
  io: Io,
  options: ProviderOptions,
  action: {
    readonly script: Script;
    readonly what: string;
    readonly mnemonicOf: (config: ManageConfig) => string | undefined;
    readonly args: readonly string[];
  },
) {
  return act(io, options, { ...action, args: (config) => [providerOf(config, options), ...action.args] });
}

function act(
  io: Io,
  options: CommonOptions,
  action: {
    readonly script: Script;
    readonly what: string;
    readonly mnemonicOf: (config: ManageConfig) => string | undefined;
    readonly args: (config: ManageConfig) => string[];
  },
): Promise<void> {
  const run = (host: ScriptHost, config: ManageConfig) => action.script.run(host, action.args(config));
  return runAction(io, options, { what: action.what, mnemonicOf: action.mnemonicOf, run });
}

/** Prints what a script shows, or with `--json` the same facts as an object. */
function show(
  io: Io,
  options: CommonOptions,
  page: {
    readonly script: Script;
    readonly args: (config: ManageConfig) => string[];
    readonly view: (host: ScriptHost, args: string[]) => Promise<object>;
  },
): Promise<void> {
  return withChain(io, async ({ config, reader }) => {
    const host = createHost({
      reader,
      sender: undefined,
      globalId: config.COCOON_GLOBAL_ID,
      dryRun: false,
      write: (line) => io.stdout.write(`${line}\n`),
      ask: io.ask,
      onSent: () => {},
    });
    const args = page.args(config);
    if (options.json === true) {
      io.stdout.write(toJson(await page.view(host, args)));
    } else {
      await page.script.run(host, args);
    }
  });
}
