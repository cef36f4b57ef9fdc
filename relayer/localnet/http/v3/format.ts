import { Address, type Message, type TransactionDescription } from "@ton/core";
import { normalizedHash } from "../../chain/message";
import type { TransactionRecord } from "../../chain/records";
import { base64, bocBase64, type DecodedMessage, decodeTransaction, hashBase64, rawUpper } from "../formats";

export const V3_SHARD = "8000000000000000";

export type Finality = "confirmed" | "finalized";

export function messageJson({ hash, message }: DecodedMessage) {
  const { info, body } = message;
  const internal = info.type === "internal" ? info : undefined;
  const created = info.type === "external-in" ? undefined : info;
  const normalized = normalizedHash(message);
  return {
    hash,
    ...(normalized !== undefined && { hash_norm: normalized }),
    source: info.type === "external-in" ? null : rawUpper(info.src),
    destination: info.type === "external-out" ? null : rawUpper(info.dest),
    value: internal?.value.coins.toString() ?? null,
    value_extra_currencies: {},
    fwd_fee: internal?.forwardFee.toString() ?? null,
    ihr_fee: internal?.ihrFee.toString() ?? null,
    created_lt: created?.createdLt.toString() ?? null,
    created_at: created?.createdAt.toString() ?? null,
    opcode: opcodeOf(message),
    ihr_disabled: internal?.ihrDisabled ?? null,
    bounce: internal?.bounce ?? null,
    bounced: internal?.bounced ?? null,
    import_fee: info.type === "external-in" ? info.importFee.toString() : null,
    message_content: { hash: base64(body.hash()), body: bocBase64(body), decoded: null },
    init_state: message.init ? { hash: "", body: bocBase64(message.init.code) } : null,
  };
}

function opcodeOf({ body }: Message): string | null {
  return body.bits.length < 32
    ? null
    : `0x${body.beginParse().preloadUint(32).toString(16).padStart(8, "0")}`;
}

function descriptionJson(description: TransactionDescription) {
  if (description.type !== "generic") {
    return { type: description.type };
  }
  const { computePhase, actionPhase, storagePhase } = description;
  return {
    type: "ord",
    aborted: description.aborted,
    destroyed: description.destroyed,
    credit_first: description.creditFirst,
    ...(storagePhase && {
      storage_ph: {
        storage_fees_collected: storagePhase.storageFeesCollected.toString(),
        status_change: storagePhase.statusChange,
      },
    }),
    compute_ph:
      computePhase.type === "vm"
        ? {
            skipped: false,
            success: computePhase.success,
            exit_code: computePhase.exitCode,
            vm_steps: computePhase.vmSteps,
            gas_used: computePhase.gasUsed.toString(),
            gas_fees: computePhase.gasFees.toString(),
          }
        : { skipped: true, reason: computePhase.reason },
    ...(actionPhase && {
      action: {
        success: actionPhase.success,
        valid: actionPhase.valid,
        no_funds: actionPhase.noFunds,
        result_code: actionPhase.resultCode,
        tot_actions: actionPhase.totalActions,
        skipped_actions: actionPhase.skippedActions,
        msgs_created: actionPhase.messagesCreated,
        total_fwd_fees: actionPhase.totalFwdFees?.toString() ?? null,
      },
    }),
  };
}

export function transactionJson(record: TransactionRecord, finality: Finality = "finalized") {
  const { transaction, inMessage, outMessages } = decodeTransaction(record);
  const address = Address.parseRaw(record.account);
  return {
    account: rawUpper(address),
    hash: base64(record.hash),
    lt: record.lt.toString(),
    now: record.utime,
    mc_block_seqno: record.blockSeqno,
    trace_id: null,
    prev_trans_hash: hashBase64(transaction.prevTransactionHash),
    prev_trans_lt: transaction.prevTransactionLt.toString(),
    orig_status: transaction.oldStatus,
    end_status: transaction.endStatus,
    total_fees: transaction.totalFees.coins.toString(),
    total_fees_extra_currencies: {},
    emulated: false,
    finality,
    block_ref: { workchain: address.workChain, shard: V3_SHARD, seqno: record.blockSeqno },
    description: descriptionJson(transaction.description),
    in_msg: inMessage ? messageJson(inMessage) : null,
    out_msgs: outMessages.map(messageJson),
  };
}
