import {
  type Address,
  beginCell,
  Cell,
  external,
  loadTransaction,
  type StateInit,
  storeMessage,
  type Transaction,
  type TupleItem,
} from "@ton/core";
import { liteServerError } from "../apiError";
import type { ChainClock } from "./chainClock";
import type { Ledger } from "./ledger";
import { type ExternalMessage, parseExternal } from "./message";
import { LT_STEP } from "./mineBlock";
import type { GetterResult, Tvm } from "./tvm";

export interface ReadingDeps {
  readonly ledger: Ledger;
  readonly tvm: Tvm;
  readonly clock: ChainClock;
  readonly prevBlocks: (seqno: number) => string;
}

/** What a lite server answers for a getter of an account without code. */
const NO_CODE: GetterResult = { exitCode: -13, gasUsed: 0, stack: [] };

/** Runs a getter on the state that answers show. */
export function runGetter(
  deps: ReadingDeps,
  call: { readonly address: Address; readonly method: string | number; readonly stack: readonly TupleItem[] },
): GetterResult {
  const { account } = deps.ledger.finalAccount(call.address);
  if (account?.storage.state.type !== "active") {
    return NO_CODE;
  }
  return deps.tvm.runGetter({
    ...call,
    state: account.storage.state.state,
    balance: account.storage.balance.coins,
    now: deps.clock.nowSeconds(),
    prevBlocks: deps.prevBlocks(deps.ledger.finalBlock().seqno),
    libraries: deps.ledger.libraries().boc,
  });
}

/** Refuses, as a node does, what the account's newest state would not accept. It is no promise of inclusion. */
export function checkExternal(deps: ReadingDeps, boc: Buffer): ExternalMessage {
  const parsed = parseExternal(boc);
  const { info } = parsed.message;
  if (info.type !== "external-in") {
    throw liteServerError("cannot parse external message: not an inbound external message");
  }
  const result = runNow(deps, info.dest, parsed.cell);
  if (!result.ok) {
    const detail =
      result.exitCode === undefined
        ? ""
        : `:\nexitcode=${result.exitCode}\nVM Log (truncated):\n...${result.vmLog.slice(-300)}`;
    throw liteServerError(
      "cannot apply external message to current state : External message was not accepted\n" +
        `Cannot run message on account: inbound external message rejected by account ${info.dest.hash.toString("hex").toUpperCase()} before smart-contract execution${detail}`,
    );
  }
  return parsed;
}

/** What an external message with this body would do now. */
export function estimateExternal(
  deps: ReadingDeps,
  call: {
    readonly address: Address;
    readonly body: Cell;
    readonly init?: StateInit;
    readonly ignoreSignatures: boolean;
  },
): Transaction {
  const message = external({ to: call.address, body: call.body, init: call.init });
  const cell = beginCell().store(storeMessage(message)).endCell();
  const result = runNow(deps, call.address, cell, call.ignoreSignatures);
  if (!result.ok) {
    throw liteServerError(`cannot estimate fees: ${result.error}, exitcode=${result.exitCode ?? "none"}`);
  }
  return loadTransaction(Cell.fromBase64(result.transaction).beginParse());
}

function runNow(deps: ReadingDeps, address: Address, message: Cell, ignoreSignatures = false) {
  const { ledger, tvm, clock } = deps;
  return tvm.runTransaction({
    message,
    account: ledger.latestAccount(address),
    now: Math.max(clock.nowSeconds(), ledger.blocks.head().utime),
    lt: ledger.lt() + LT_STEP,
    prevBlocks: deps.prevBlocks(ledger.blocks.head().seqno),
    libraries: ledger.libraries().boc,
    ignoreSignatures,
  });
}
