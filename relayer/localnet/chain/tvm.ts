import { type Address, Cell, parseTuple, type StateInit, serializeTuple, type TupleItem } from "@ton/core";
import { Executor } from "@ton/sandbox/dist/executor/Executor";
import { getSelectorForMethod } from "@ton/sandbox/dist/utils/selector";
import { z } from "zod";
import { FinalError } from "../../errors";
import { bocText } from "./bocText";

export interface TransactionRun {
  readonly message: Cell;
  /** Base64 of `ShardAccount`. */
  readonly account: string;
  readonly now: number;
  readonly lt: bigint;
  readonly prevBlocks: string;
  /** Base64 of the libraries that code may refer to. */
  readonly libraries?: string;
  readonly ignoreSignatures?: boolean;
}

export type TransactionResult =
  | { readonly ok: true; readonly transaction: string; readonly account: string }
  | { readonly ok: false; readonly error: string; readonly exitCode?: number; readonly vmLog: string };

export interface GetterRun {
  readonly address: Address;
  readonly state: StateInit;
  readonly balance: bigint;
  readonly method: string | number;
  readonly stack: readonly TupleItem[];
  readonly now: number;
  readonly prevBlocks: string;
  readonly libraries?: string;
}

export interface GetterResult {
  readonly exitCode: number;
  readonly gasUsed: number;
  readonly stack: readonly TupleItem[];
}

/** TON's transaction executor and TVM. Calls are synchronous wasm, about 2 ms per transaction. */
export interface Tvm {
  runTransaction(run: TransactionRun): TransactionResult;
  runGetter(run: GetterRun): GetterResult;
}

const transactionAnswer = z.object({
  output: z.discriminatedUnion("success", [
    z.object({ success: z.literal(true), transaction: z.string(), shard_account: z.string() }),
    z.object({
      success: z.literal(false),
      error: z.string(),
      vm_log: z.string().optional(),
      vm_exit_code: z.number().optional(),
    }),
  ]),
});

const getterAnswer = z.object({
  output: z.discriminatedUnion("success", [
    z.object({
      success: z.literal(true),
      stack: z.string(),
      gas_used: z.string(),
      vm_exit_code: z.number(),
    }),
    z.object({ success: z.literal(false), error: z.string() }),
  ]),
});

const GETTER_GAS_LIMIT = 1_000_000n;
const SHORT_LOG = 0;

export async function createTvm(config: Cell): Promise<Tvm> {
  const executor = await Executor.create();
  const configBoc = config.toBoc().toString("base64");
  const emulator = executor.invoke("_create_emulator", [configBoc, SHORT_LOG]);

  // `Executor.runTransaction` serializes the previous blocks on every call, which takes three times as long as the
  // transaction itself. Calling the emulator directly lets one serialization serve a whole block.
  const call = (method: string, args: (string | number)[]): unknown => {
    // biome-ignore lint/complexity/useLiteralKeys: the method is private, and only this form reaches it
    const answer: unknown = JSON.parse(executor["extractString"](executor.invoke(method, args)));
    return answer;
  };

  return {
    runTransaction(run) {
      const parameters = {
        utime: run.now,
        lt: run.lt.toString(),
        rand_seed: seedOf(run.lt),
        ignore_chksig: run.ignoreSignatures ?? false,
        debug_enabled: false,
        prev_blocks_info: run.prevBlocks,
      };
      const args = [
        emulator,
        run.libraries ?? 0,
        run.account,
        base64(run.message),
        JSON.stringify(parameters),
      ];
      const { output } = transactionAnswer.parse(call("_emulate_with_emulator", args));
      return output.success
        ? { ok: true, transaction: output.transaction, account: output.shard_account }
        : { ok: false, error: output.error, exitCode: output.vm_exit_code, vmLog: output.vm_log ?? "" };
    },
    runGetter(run) {
      const parameters = {
        code: bocText(run.state.code ?? Cell.EMPTY),
        data: bocText(run.state.data ?? Cell.EMPTY),
        verbosity: SHORT_LOG,
        libs: run.libraries ?? "",
        address: run.address.toString(),
        unixtime: run.now,
        balance: run.balance.toString(),
        rand_seed: seedOf(0n),
        gas_limit: GETTER_GAS_LIMIT.toString(),
        method_id: typeof run.method === "number" ? run.method : getSelectorForMethod(run.method),
        debug_enabled: false,
        prev_blocks_info: run.prevBlocks,
      };
      const stack = base64(serializeTuple([...run.stack]));
      const { output } = getterAnswer.parse(
        call("_run_get_method", [JSON.stringify(parameters), stack, configBoc]),
      );
      if (!output.success) {
        throw new FinalError("CHAIN_REJECTED", `The getter could not be run: ${output.error}`);
      }
      return {
        exitCode: output.vm_exit_code,
        gasUsed: Number(output.gas_used),
        stack: parseTuple(Cell.fromBase64(output.stack)),
      };
    },
  };
}

const base64 = (cell: Cell): string => cell.toBoc().toString("base64");

/** Random numbers of a contract follow from the logical time, so that a run can be repeated. */
const seedOf = (lt: bigint): string => lt.toString(16).padStart(64, "0");
