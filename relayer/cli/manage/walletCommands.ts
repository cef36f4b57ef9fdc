import { Address } from "@ton/core";
import { type Config, readConfig } from "../../config";
import { FinalError } from "../../errors";
import { colorsOf, type Io, toJson } from "./output";
import { appOfCommand } from "./tonconnect/appOfCommand";
import { TESTNET_GLOBAL_ID } from "./tonconnect/sendByApp";
import { fileStore, keptAccount } from "./tonconnect/sessionStore";

export interface WalletOptions {
  readonly json?: boolean;
  readonly app?: string;
}

/** Connects a wallet app, for all commands with `--tonconnect` to come. */
export async function walletConnect(io: Io, options: WalletOptions): Promise<void> {
  const config = readConfig("manage", io.env);
  const kept = keptAccount(config.COCOON_TONCONNECT_FILE);
  if (kept !== undefined) {
    const whose = friendly(Address.parse(kept.address), config);
    throw new FinalError("BAD_REQUEST", `${whose} is connected already: \`cocoon wallet disconnect\` first.`);
  }
  const store = fileStore(config.COCOON_TONCONNECT_FILE);
  const app = await appOfCommand(io, config, { app: options.app, store });
  await app.close();
  const address = friendly(app.address, config);
  if (options.json === true) {
    io.stdout.write(toJson({ address, app: app.name, globalId: config.COCOON_GLOBAL_ID }));
    return;
  }
  const { bold, dim } = colorsOf(io);
  io.stdout.write(`wallet   ${bold(address)}\n`);
  io.stdout.write(dim(`         in ${app.name}; compare it with what the app shows\n`));
}

/** Takes leave of it, and forgets it also where nobody answers. */
export async function walletDisconnect(io: Io, options: WalletOptions): Promise<void> {
  const config = readConfig("manage", io.env);
  const file = config.COCOON_TONCONNECT_FILE;
  const account = keptAccount(file);
  if (account === undefined) {
    throw new FinalError("NOT_FOUND", "No wallet app is connected.");
  }
  const store = fileStore(file);
  try {
    const app = await appOfCommand(io, config, { globalId: Number(account.chain), store, isKeptOnly: true });
    await app.disconnect();
  } catch (thrown) {
    io.stderr.write(`The app was not told: ${thrown instanceof Error ? thrown.message : thrown}\n`);
  }
  store.forget();
  const address = friendly(Address.parse(account.address), config);
  io.stdout.write(options.json === true ? toJson({ address, app: account.app }) : `Forgot ${address}.\n`);
}

function friendly(address: Address, config: Config<"manage">): string {
  return address.toString({ bounceable: false, testOnly: config.COCOON_GLOBAL_ID === TESTNET_GLOBAL_ID });
}
