import { createInterface, type Interface } from "node:readline/promises";
import type { Command } from "commander";
import { loadEnvironment } from "../../config";
import type { Io } from "./output";

// Loaded when they run: see main.ts.
const parts = {
  attest: (): typeof import("./attestCommands") => require("./attestCommands"),
  chain: (): typeof import("./chainCommands") => require("./chainCommands"),
  dispute: (): typeof import("./disputeCommands") => require("./disputeCommands"),
  why: (): typeof import("./why") => require("./why"),
  earnings: (): typeof import("./earnings") => require("./earnings"),
  init: (): typeof import("./init/init") => require("./init/init"),
  workers: (): typeof import("./workersCommands") => require("./workersCommands"),
  gateway: (): typeof import("./gatewayCommands") => require("./gatewayCommands"),
  spending: (): typeof import("./spendingCommands") => require("./spendingCommands"),
  doctor: (): typeof import("./doctor") => require("./doctor"),
  completion: (): typeof import("./completion") => require("./completion"),
  exit: (): typeof import("./exitCode") => require("./exitCode"),
  wallet: (): typeof import("./walletCommands") => require("./walletCommands"),
  scripting: (): typeof import("../../../wrappers/scripting") => require("../../../wrappers/scripting"),
};

/** The commands that look at a network and send to it; answers those that others go below. `io` is for tests. */
export function addManageCommands(program: Command, io: Io = terminalIo()): { readonly attest: Command } {
  const shown = (command: Command) => command.option("--json", "print JSON instead of text");
  const withApp = (command: Command) =>
    shown(command).option("--app <name>", "the wallet app, by its name in the list of apps (default: any)");
  const sends = (command: Command) =>
    withApp(command)
      .option("--dry-run", "show what would be sent, and send nothing")
      .option("--tonconnect", "send by a wallet app on your phone, not by words");
  const ofProvider = (command: Command) =>
    command.option("--provider <address>", "the ProviderStake (default: COCOON_PROVIDER)");

  withApp(program.command("init"))
    .description("make a configuration for a developer's gateway or a provider's relayer")
    .option("--dry-run", "show what would be written, and write nothing")
    .option("--tonconnect", "fill its wallet by a wallet app on your phone")
    .option("--role <role>", "developer or provider")
    .option("--network <name>", "localnet, testnet or mainnet")
    .option("--endpoint <url>", "the chain's JSON-RPC endpoint")
    .option("--registry <address>", "the NetworkRegistry")
    .option("--attestation-registry <address>", "the AttestationRegistry")
    .option("--words-file <file>", "the wallet's words (default: a new wallet)")
    .option("--model <name>", "what a developer will ask for")
    .option("--budget <ton>", "of each job")
    .option("--max-cost <ton>", "of one request")
    .option("--provider <address>", "a provider's ProviderStake")
    .option("--workers <urls>", "a provider's workers")
    .option("--owner <address>", "a provider's owner, for a remark; `app` reads it from the wallet app")
    .option("--fund <ton>", "how much the app is asked for (default: a budget and fees, or 1 for gas)")
    .option("--out <file>", "where it is written", ".env")
    .option("--force", "replace that file")
    .option("--yes", "ask nothing, take the defaults")
    .action(run(io, (options) => parts.init().init(io, options)));

  const attest = program.command("attest").description("machines' quotes, off chain and on it");
  const provider = program.command("provider").description("a provider's stake, offers and standing");
  sends(provider.command("register <catalog> <stake>"))
    .description("stake TON and join the network")
    .option("--index <number>", "for a second provider of one owner", "0")
    .action(run(io, (catalog, stake, options) => parts.chain().register(io, catalog, stake, options)));
  ofProvider(sends(provider.command("stake <amount>")))
    .description("add stake")
    .action(run(io, (amount, options) => parts.chain().stake(io, amount, options)));
  ofProvider(sends(provider.command("unbond <amount>")))
    .description("take free stake out of use; withdraw pays it after the wait")
    .action(run(io, (amount, options) => parts.chain().startUnbonding(io, amount, options)));
  ofProvider(sends(provider.command("withdraw")))
    .description("pay out what has finished unbonding")
    .action(run(io, (options) => parts.chain().withdraw(io, options)));
  ofProvider(sends(provider.command("offers <catalog>")))
    .description("replace offers, capacity and profile")
    .action(run(io, (catalog, options) => parts.chain().offers(io, catalog, options)));
  ofProvider(sends(provider.command("bid <job> <bps>")))
    .description("bid hundredths of a percent of an auction's ceiling, by hand")
    .action(run(io, (job, bps, options) => parts.chain().bid(io, job, bps, options)));
  ofProvider(shown(provider.command("status")))
    .description("stake, jobs, offers and workers")
    .action(run(io, (options) => parts.chain().providerStatus(io, options)));
  ofProvider(shown(provider.command("earnings")))
    .description("what was earned, and what a day would bring")
    .option("--tokens-per-second <number>", "written by your hardware, as measured")
    .option("--gpu <name>", "or an estimate: a100, b200, h100, h200, l40s, rtx4090, rtx5090")
    .option("--params <billions>", "that each of the model's tokens passes, for the estimate")
    .option("--gpus <number>", "cards that share the model", "1")
    .option("--bits <number>", "of each parameter", "16")
    .option("--batch <number>", "requests answered at once", "16")
    .option("--market", "reckon with the middle of the market's prices, not your own")
    .option("--prompt-ratio <number>", "tokens read for each one written", "3")
    .option("--hours <number>", "a day", "24")
    .option("--load <number>", "part of that time with work", "0.5")
    .option("--model <hash>", "of those offered")
    .option("--rate <number>", "what one TON is worth")
    .action(run(io, (options) => parts.earnings().providerEarnings(io, options)));
  ofProvider(shown(provider.command("why")))
    .description("why a provider gets no jobs; exit code 10 when something is wrong")
    .action(run(io, (options) => parts.why().providerWhy(io, options)));

  const workers = commandOf(program, "relayer")
    .command("workers")
    .description("the workers of the relayer that runs on this machine");
  const ofRelayer = (command: Command) =>
    shown(command).option("--data-dir <dir>", "the relayer's (default: COCOON_DATA_DIR)");
  ofRelayer(workers.command("list"))
    .description("what each worker does")
    .action(run(io, (options) => parts.workers().workersList(io, options)));
  ofRelayer(workers.command("add <url>"))
    .description("take a worker in; it is attested and gets lanes in the open jobs")
    .action(run(io, (url, options) => parts.workers().workersAdd(io, url, options)));
  ofRelayer(workers.command("drain <url>"))
    .description("let a worker end what it runs, and give it nothing new")
    .option("--no-wait", "return at once")
    .action(run(io, (url, options) => parts.workers().workersDrain(io, url, options)));

  const job = program.command("job").description("a developer's jobs, by hand");
  ofProvider(sends(job.command("open <model> <budget>")))
    .description("open a session with a provider, at its prices")
    .option("--session-key <hex>", "public key that will sign requests (default: a new one)")
    .option("--worker <hex>", "the worker that gets the first lane")
    .option("--auction", "let providers bid for it instead; the lowest gets it")
    .option("--ceiling <prices>", "most that an auction may pay: prompt,cached,completion,reasoning")
    .option("--for <seconds>", "how long they may bid (default: 600)")
    .action(run(io, (model, budget, options) => parts.chain().jobOpen(io, model, budget, options)));
  sends(job.command("award <job>"))
    .description("give a job whose auction is over to its best bid")
    .action(run(io, (address, options) => parts.chain().jobAward(io, address, options)));
  ofProvider(sends(job.command("task <model> <price> <prompt>")))
    .description("ask one question on the chain, in public")
    .action(
      run(io, (model, price, prompt, options) =>
        parts.chain().jobTask(io, { model, price, prompt }, options),
      ),
    );
  sends(job.command("topup <job> <amount>"))
    .description("add to an active job's budget")
    .action(run(io, (address, amount, options) => parts.chain().jobTopUp(io, address, amount, options)));
  sends(job.command("close <job>"))
    .description("cancel, close or finalise it, as its state allows")
    .action(run(io, (address, options) => parts.chain().jobClose(io, address, options)));
  sends(job.command("dispute <job>"))
    .description("contest what waits and was not co-signed, with a bond; the arbiter decides")
    .action(run(io, (address, options) => parts.dispute().jobDispute(io, address, options)));
  sends(job.command("demand <job> <index>"))
    .description("demand a receipt that lies under a claim and never came; silence ends the job")
    .option("--worker <hex>", "whose claim, where several wait")
    .action(run(io, (address, index, options) => parts.dispute().jobDemand(io, address, index, options)));
  sends(job.command("withheld <job>"))
    .description("prove that a demanded receipt was not shown in time; from anyone's wallet")
    .action(run(io, (address, options) => parts.dispute().jobWithheld(io, address, options)));
  sends(job.command("resolve <job> <bps>"))
    .description("the arbiter's decision: the provider's part, in hundredths of a percent")
    .action(run(io, (address, bps, options) => parts.dispute().jobResolve(io, address, bps, options)));
  shown(job.command("show <job>"))
    .description("state, money and lanes")
    .action(run(io, (address, options) => parts.chain().jobShow(io, address, options)));

  sends(attest.command("submit <worker>"))
    .description("take a quote from a bound worker (its URL) and have the chain verify it")
    .action(run(io, (worker, options) => parts.attest().attestSubmit(io, worker, options)));
  sends(attest.command("post"))
    .description("tell the chain what Intel has published about a machine, where that is news to it")
    .requiredOption("--quote <file>", "a quote of the machine: raw bytes, hex or base64")
    .option("--collateral <file>", "Intel's collateral, in the file form of DCAP tools; fetched otherwise")
    .option("--pccs <url>", "where to fetch it", "https://api.trustedservices.intel.com")
    .action(run(io, (options) => parts.attest().attestPost(io, options)));

  const wallet = program.command("wallet").description("the wallet app that commands with --tonconnect use");
  withApp(wallet.command("connect"))
    .description("connect a wallet app over TON Connect, for the commands to come")
    .action(run(io, (options) => parts.wallet().walletConnect(io, options)));
  shown(wallet.command("disconnect"))
    .description("take leave of it, and forget it")
    .action(run(io, (options) => parts.wallet().walletDisconnect(io, options)));

  const network = program.command("network").description("a network's parameters");
  shown(network.command("show"))
    .description("parameters, offices, allow-lists and markets")
    .action(run(io, (options) => parts.chain().networkShow(io, options)));

  sends(network.command("demand <model> <tokens>"))
    .description("declare how many tokens of a model you would use a day")
    .action(run(io, (model, tokens, options) => parts.chain().demand(io, model, tokens, options)));

  const ofGateway = (command: Command) =>
    shown(command)
      .option("--url <url>", "the gateway, with /v1 (default: COCOON_GATEWAY_URL)")
      .option("--key <key>", "its API key (default: the first of COCOON_API_KEYS)");
  ofGateway(program.command("models"))
    .description("what a gateway serves, with prices")
    .action(run(io, (options) => parts.gateway().models(io, options)));
  ofGateway(program.command("chat [model]"))
    .description("chat through a gateway; each answer tells its cost")
    .option("--system <text>", "a system message")
    .action(run(io, (model, options) => parts.gateway().chat(io, model, options)));
  ofGateway(program.command("estimate [model] [prompt]"))
    .description("what a request would cost at each provider, without sending it")
    .option("--max-tokens <number>", "of the answer")
    .option("--request <file>", "the JSON of a whole request instead")
    .option("--kind <kind>", "of that request: chat, completions, embeddings, responses", "chat")
    .action(run(io, (model, prompt, options) => parts.spending().estimate(io, model, prompt, options)));
  ofGateway(program.command("usage"))
    .description("what an API key has spent, in all and today, and its limits")
    .action(run(io, (options) => parts.spending().usage(io, options)));
  ofGateway(job.command("list"))
    .description("the jobs of a gateway, and what is left in them")
    .action(run(io, (options) => parts.spending().jobList(io, options)));
  ofGateway(job.command("adopt <job>"))
    .description("hand a job to a gateway with its session key, which is asked for")
    .option("--seed-file <file>", "where the key's seed stands")
    .action(run(io, (address, options) => parts.spending().jobAdopt(io, address, options)));
  shown(program.command("doctor"))
    .description("check clock, endpoints, wallets, gateway, backend, TEE and ports; says what to do")
    .action(run(io, (options) => parts.doctor().doctor(io, options)));
  program
    .command("completion <shell>")
    .description("a completion script for bash, zsh or fish")
    .action(
      run(io, async (shell) => {
        io.stdout.write(parts.completion().completion(program, shell));
      }),
    );
  return { attest };
}

/**
 * Runs an action, and turns what it answers or throws into an exit code. Commander hands arguments over untyped: those
 * are texts, and options of the shapes that the lines above declare.
 */
function run(io: Io, action: (...args: never[]) => Promise<unknown>) {
  return async (...args: readonly unknown[]): Promise<void> => {
    try {
      const code = await action(...(args as never[]));
      process.exitCode = typeof code === "number" ? code : 0;
    } catch (thrown) {
      const { exitCodeOf, sentenceOf } = parts.exit();
      io.stderr.write(`${sentenceOf(thrown)}\n`);
      process.exitCode = exitCodeOf(thrown);
    } finally {
      io.close?.();
    }
  };
}

/** The command of that name, made where a test gives a program without it. */
function commandOf(program: Command, name: string): Command {
  return program.commands.find((command) => command.name() === name) ?? program.command(name);
}

function terminalIo(): Io {
  let lines: Interface | undefined;
  let answers: AsyncIterator<string> | undefined;
  let leaves = false;
  return {
    // Read when a command asks, so that other commands never load a `.env` file.
    get env() {
      return loadEnvironment();
    },
    stdout: process.stdout,
    stderr: process.stderr,
    ask: async (question) => {
      lines ??= createInterface({ input: process.stdin, output: process.stderr });
      answers ??= lines[Symbol.asyncIterator]();
      lines.setPrompt(question);
      lines.prompt();
      const answer = await answers.next();
      if (answer.done === true) {
        throw new (parts.scripting().NotConfirmedError)(`Nobody answered: ${question}`);
      }
      return answer.value;
    },
    leave: () => {
      leaves = true;
    },
    close: () => {
      lines?.close();
      if (leaves) {
        process.stdout.write("", () => process.exit());
      }
    },
  };
}
