import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { FinalError, toCocoonError } from "../errors";
import type { AttestImageOptions, AttestVerifyOptions } from "./attest";
import { addManageCommands } from "./manage/commands";
import { ROOT } from "./root";
import type { UpOptions } from "./up/up";
import type { VerifyOptions } from "./verify";

// One file per command, loaded only when it runs: a worker must not pay for the gateway's libraries. `require`,
// because `import()` would go through Node's own loader, which reads no TypeScript.
const commands = {
  up: (): typeof import("./up/up") => require("./up/up"),
  localnet: (): typeof import("./localnet") => require("./localnet"),
  worker: (): typeof import("./worker") => require("./worker"),
  attestor: (): typeof import("./attestor") => require("./attestor"),
  relayer: (): typeof import("./relayer") => require("./relayer"),
  gateway: (): typeof import("./gateway") => require("./gateway"),
  verify: (): typeof import("./verify") => require("./verify"),
  attest: (): typeof import("./attest") => require("./attest"),
};

const program = new Command("cocoon")
  .description("A market for private AI inference on TON.")
  .version(
    JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).version,
    "-V, --version",
    "print the version",
  )
  // Long subcommands leave few columns for what they do: these are still wrapped, so that 80 suffice.
  .configureHelp({ minWidthToWrap: 20 })
  .showHelpAfterError()
  .enablePositionalOptions();

program
  .command("up")
  .description("start a whole network on this machine and pay for one answer")
  .option("--once", "stop after the first paid answer")
  .option("--json", "print JSON instead of text")
  .option("--port <port>", "the gateway's port", "8000")
  .option("--dir <dir>", "where state and logs go; emptied first, unless a network runs in it", ".cocoon/up")
  .action((options: UpOptions) => commands.up().up(options));

program
  .command("localnet")
  .description("TON's transaction executor behind toncenter's HTTP API, on the loopback interface")
  .action(() => commands.localnet().localnet());

program
  .command("worker")
  .description("hold the keys, open sealed requests, run the model; belongs inside the TEE")
  .action(() => commands.worker().worker());

program
  .command("attestor")
  .description("check workers' evidence and sign statements about them")
  .action(() => commands.attestor().attestor());

program
  .command("relayer")
  .description("follow a provider's contracts, serve its workers, settle")
  .action(() => commands.relayer().relayer());

program
  .command("gateway")
  .description("an OpenAI-compatible API that attests, seals, verifies and pays")
  .action(() => commands.gateway().gateway());

program
  .command("verify")
  .description("prove that an answer belongs to a prompt, model, image and time")
  .argument("<receipt>", "a receipt file, as GET /v1/receipts/{id} gives it")
  .option("--json", "print the verdict as JSON")
  .option("--endpoint <url>", "JSON-RPC URL for the one chain read (default: the first of COCOON_ENDPOINTS)")
  .option("--offline", "leave the chain read out; the verdict then says so")
  .action((file: string, options: VerifyOptions) => commands.verify().verify(file, options));

const { attest } = addManageCommands(program);

attest
  .command("verify")
  .description("check a TDX or SGX quote with all that Intel has published about its machine")
  .requiredOption("--quote <file>", "raw bytes, hex or base64")
  .option("--collateral <file>", "Intel's collateral, in the file form of DCAP tools; fetched otherwise")
  .option("--event-log <file>", "dstack's JSON or Linux' binary log: it must explain all four registers")
  .option("--pccs <url>", "where to fetch it", "https://api.trustedservices.intel.com")
  .option("--root <hex>", "x and y of another root than Intel's")
  .option("--at <iso>", "the time to verify at; now otherwise")
  .option("--max-age-days <days>", "how old the collateral may be", "7")
  .option("--advisory <id...>", "advisories (INTEL-SA-…) that are accepted", [])
  .option("--json", "print the verdict as JSON")
  .action((options: AttestVerifyOptions) => commands.attest().attestVerify(options));

attest
  .command("image")
  .description("the image hash of a quote, or of measurements")
  .option("--quote <file>", "raw bytes, hex or base64")
  .option("--mrtd <hex>", "firmware")
  .option("--rtmr1 <hex>", "kernel")
  .option("--rtmr2 <hex>", "initrd and command line")
  .option("--mrconfigid <hex>", "48 bytes", "00".repeat(48))
  .option("--attributes <hex>", "TD attributes, as they stand in a quote", "0000001000000000")
  .option("--xfam <hex>", "as it stands in a quote", "e702060000000000")
  .option("--json", "print JSON")
  .action((options: AttestImageOptions) => commands.attest().attestImage(options));

program.parseAsync().catch((thrown: unknown) => {
  const error = toCocoonError(portInUse(thrown) ?? thrown);
  process.stderr.write(`${error.code}: ${error.message}\n`);
  process.exit(1);
});

/** What Node says of a port that another process holds is no sentence. */
function portInUse(thrown: unknown): FinalError | undefined {
  if (!(thrown instanceof Error)) {
    return undefined;
  }
  const { code, address, port }: NodeJS.ErrnoException & { address?: string; port?: number } = thrown;
  return code === "EADDRINUSE"
    ? new FinalError(
        "CONFIG_INVALID",
        `${address}:${port} is in use: stop what listens there, or set another port (docs/operate.md has the variable).`,
        {},
        { cause: thrown },
      )
    : portInUse(thrown.cause);
}
