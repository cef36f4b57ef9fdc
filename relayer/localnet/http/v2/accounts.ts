import type { Address, ShardAccount } from "@ton/core";
import { notFound } from "../../apiError";
import { CONFIG_ADDRESS } from "../../chain/openLedger";
import type { ApiContext, Methods } from "../context";
import { base64, bocBase64, friendly, hashBase64 } from "../formats";
import { blockId, transactionId } from "./format";
import { parseStack, stackItem } from "./stack";

const NO_HASH = base64(Buffer.alloc(32));

export function accountInformation(context: ApiContext, address: Address) {
  const { ledger } = context.chain;
  const shown = ledger.finalAccount(address);
  const block = ledger.finalBlock();
  const state = shown.account?.storage.state;
  const active = state?.type === "active" ? state.state : undefined;
  return {
    "@type": "raw.fullAccountState",
    balance: balanceOf(shown),
    extra_currencies: [],
    code: bocBase64(active?.code),
    data: bocBase64(active?.data),
    last_transaction_id: lastTransactionId(shown),
    block_id: blockId(block),
    frozen_hash: state?.type === "frozen" ? hashBase64(state.stateHash) : "",
    sync_utime: block.utime,
    state: stateName(shown),
    suspended: false,
  };
}

const balanceOf = ({ account }: ShardAccount): string => (account?.storage.balance.coins ?? 0n).toString();

export function lastTransactionId(shown: ShardAccount) {
  const { lastTransactionLt: lt, lastTransactionHash: hash } = shown;
  return transactionId(lt, lt === 0n ? NO_HASH : hashBase64(hash));
}

/** v2 knows no "nonexistent": an account that never was is uninitialized. */
function stateName({ account }: ShardAccount): "active" | "frozen" | "uninitialized" {
  const type = account?.storage.state.type;
  return type === "active" || type === "frozen" ? type : "uninitialized";
}

function walletInformation(context: ApiContext, address: Address) {
  const { balance, state, last_transaction_id } = accountInformation(context, address);
  const { exitCode, stack } = context.chain.runGetter({ address, method: "seqno", stack: [] });
  const seqno = stack[0];
  const known = exitCode === 0 && seqno?.type === "int" ? { seqno: Number(seqno.value) } : undefined;
  return { wallet: known !== undefined, balance, account_state: state, last_transaction_id, ...known };
}

/** Those of these hashes, hex or base64, that somebody publishes. */
function libraries({ chain }: ApiContext, hashes: readonly string[]) {
  const known = chain.ledger.libraries().byHash;
  const entries = hashes.flatMap((hash) => {
    const hex = /^[0-9a-fA-F]{64}$/.test(hash)
      ? hash.toLowerCase()
      : Buffer.from(hash, "base64").toString("hex");
    const root = known.get(hex);
    return root === undefined
      ? []
      : [{ "@type": "smc.libraryEntry", hash: base64(root.hash()), data: bocBase64(root) }];
  });
  return { "@type": "smc.libraryResult", result: entries };
}

export const accountMethods: Methods = {
  getAddressInformation: (context, params) => accountInformation(context, params.address("address")),
  getAddressBalance: ({ chain }, params) => balanceOf(chain.ledger.finalAccount(params.address("address"))),
  getAddressState: ({ chain }, params) => stateName(chain.ledger.finalAccount(params.address("address"))),
  getWalletInformation: (context, params) => walletInformation(context, params.address("address")),
  getLibraries: (context, params) => libraries(context, params.list("libraries")),
  runGetMethod(context, params) {
    const address = params.address("address");
    const method = params.raw("method");
    const result = context.chain.runGetter({
      address,
      method: typeof method === "number" ? method : params.text("method"),
      stack: parseStack(params.raw("stack")),
    });
    return {
      "@type": "smc.runResult",
      gas_used: result.gasUsed,
      stack: result.stack.map(stackItem),
      exit_code: result.exitCode,
      block_id: blockId(context.chain.ledger.finalBlock()),
      last_transaction_id: lastTransactionId(context.chain.ledger.finalAccount(address)),
    };
  },
  getConfigAll: ({ chain }) => configInfo(bocBase64(configCell(chain.ledger.finalAccount(CONFIG_ADDRESS)))),
  packAddress: (_, params) => friendly(params.address("address")),
  unpackAddress: (_, params) => params.address("address").toRawString(),
};

const configInfo = (bytes: string) => ({ "@type": "configInfo", config: { "@type": "tvm.cell", bytes } });

function configCell({ account }: ShardAccount) {
  const state = account?.storage.state;
  const config = state?.type === "active" ? state.state.data?.refs[0] : undefined;
  if (config === undefined) {
    throw notFound("The configuration account has no configuration");
  }
  return config;
}
