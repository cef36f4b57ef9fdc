import type { ScriptHost } from "../../../wrappers/scripting";
import { type ChainReader, openContract } from "../../chain";
import { FinalError } from "../../errors";
import type { MessageSender } from "./sender";

const NETWORKS: Readonly<Record<number, "mainnet" | "testnet">> = { [-239]: "mainnet", [-3]: "testnet" };

export interface Sent {
  readonly to: string;
  readonly valueNano: bigint;
}

/** Ends a dry run where the first message would have left. */
export class DryRunEnd extends Error {}

/** Lets the scripts of `scripts/` run over a chain reader and a person's wallet, as they do under Blueprint. */
export function createHost(deps: {
  readonly reader: ChainReader;
  /** Needed by what sends. */
  readonly sender: MessageSender | undefined;
  readonly globalId: number;
  readonly dryRun: boolean;
  readonly write: (line: string) => void;
  readonly ask: (question: string) => Promise<string>;
  readonly onSent: (sent: Sent) => void;
}): ScriptHost {
  const { reader, sender } = deps;
  return {
    network: () => NETWORKS[deps.globalId] ?? "custom",
    open: (contract) => openContract(reader, contract),
    isContractDeployed: async (address) => (await reader.account(address)).state === "active",
    ui: () => ({
      write: deps.write,
      // Nothing can be sent in a dry run: its questions need no person.
      input: (question) => (deps.dryRun ? Promise.resolve("yes") : deps.ask(question)),
    }),
    sender: () => ({
      get address() {
        return sender?.address;
      },
      send: async (message) => {
        deps.onSent({ to: message.to.toString(), valueNano: message.value });
        if (deps.dryRun) {
          throw new DryRunEnd();
        }
        await needed(sender).send(message);
      },
    }),
  };
}

/** The same host, which calls `act` before each message that it sends. */
export function beforeSending(host: ScriptHost, act: () => void): ScriptHost {
  return {
    ...host,
    sender: () => {
      const sender = host.sender();
      return {
        get address() {
          return sender.address;
        },
        send: async (message) => {
          act();
          await sender.send(message);
        },
      };
    },
  };
}

function needed(sender: MessageSender | undefined): MessageSender {
  if (sender === undefined) {
    throw new FinalError("CONFIG_INVALID", "This command sends a message: give the words of the wallet.");
  }
  return sender;
}
