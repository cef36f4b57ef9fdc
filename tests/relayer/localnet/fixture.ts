import {
  type Address,
  beginCell,
  type Cell,
  external,
  type MessageRelaxed,
  SendMode,
  storeMessage,
} from "@ton/core";
import { TonClient, WalletContractV4, WalletContractV5R1 } from "@ton/ton";
import { type DevRole, devKeyPair } from "../../../relayer/localnet/devWallets";
import type { Fault } from "../../../relayer/localnet/faults";
import { type Localnet, type LocalnetOptions, startLocalnet } from "../../../relayer/localnet/startLocalnet";
import { silentLog } from "../../../relayer/observe/log";

/** Mines at once, so that no test waits for a block. */
export function startInstant(options: Partial<LocalnetOptions> = {}): Promise<Localnet> {
  return startLocalnet({
    port: 0,
    blockMs: 0,
    finalityBlocks: 0,
    faultsEnabled: true,
    log: silentLog,
    ...options,
  });
}

/** Mines only when told. */
export async function startManual(options: Partial<LocalnetOptions> = {}): Promise<Localnet> {
  const net = await startInstant({ blockMs: 60_000, ...options });
  net.faults.set(fault("stopBlocks"));
  return net;
}

export function fault(kind: Fault["kind"], more: Partial<Fault> = {}): Fault {
  return { kind, count: 1, value: 0, match: "", ...more };
}

export const clientOf = (net: { readonly endpoint: string }): TonClient =>
  new TonClient({ endpoint: net.endpoint });

export interface TestWallet {
  readonly address: Address;
  seqno(): Promise<number>;
  /** A signed external message as its BoC. */
  sign(transfer: Transfer): Promise<Buffer>;
  send(transfer: Transfer): Promise<void>;
}

export interface Transfer {
  readonly seqno: number;
  readonly messages: MessageRelaxed[];
  readonly timeout?: number;
}

export async function openWallet(
  net: { readonly endpoint: string },
  role: DevRole,
  version: "v5" | "v4" = "v5",
): Promise<TestWallet> {
  const { publicKey, secretKey } = await devKeyPair(role);
  const client = clientOf(net);
  const sendMode = SendMode.PAY_GAS_SEPARATELY | SendMode.IGNORE_ERRORS;
  const v5 = WalletContractV5R1.create({ publicKey, walletId: { networkGlobalId: -239 } });
  const v4 = WalletContractV4.create({ workchain: 0, publicKey });
  const contract = version === "v5" ? v5 : v4;
  const body = (transfer: Transfer): Promise<Cell> | Cell =>
    version === "v5"
      ? client.open(v5).createTransfer({ ...transfer, secretKey, sendMode })
      : client.open(v4).createTransfer({ ...transfer, secretKey, sendMode });
  const sign = async (transfer: Transfer): Promise<Buffer> => {
    const init = transfer.seqno === 0 ? contract.init : undefined;
    const message = external({ to: contract.address, init, body: await body(transfer) });
    return beginCell().store(storeMessage(message)).endCell().toBoc();
  };
  return {
    address: contract.address,
    seqno: () => (version === "v5" ? client.open(v5) : client.open(v4)).getSeqno(),
    sign,
    send: async (transfer) => client.sendFile(await sign(transfer)),
  };
}

/** A request to the localnet's HTTP server: the status and the JSON body. */
export async function request(
  net: { readonly baseUrl: string },
  path: string,
  body?: unknown,
): Promise<{ readonly status: number; readonly body: unknown }> {
  const init =
    body === undefined
      ? undefined
      : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(`${net.baseUrl}${path}`, init);
  return { status: response.status, body: await response.json() };
}

/** The text by which an endpoint refused a `TonClient` call. */
export async function refusalOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (thrown) {
    // axios keeps the answer beside its own message.
    const response: unknown = thrown instanceof Error && "response" in thrown ? thrown.response : undefined;
    const data: unknown =
      typeof response === "object" && response !== null && "data" in response ? response.data : undefined;
    return JSON.stringify(data);
  }
  throw new Error("The call was not refused");
}
