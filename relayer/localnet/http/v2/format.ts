import { Address, Cell } from "@ton/core";
import type { Block, TransactionRecord } from "../../chain/records";
import { base64, bocBase64, type DecodedMessage, decodeTransaction, friendly, hashBase64 } from "../formats";

export const SHARD = "-9223372036854775808";

export const blockId = (block: Block, workchain = -1) => ({
  "@type": "ton.blockIdExt",
  workchain,
  shard: SHARD,
  seqno: block.seqno,
  root_hash: base64(block.rootHash),
  file_hash: base64(block.fileHash),
});

export const transactionId = (lt: bigint, hash: string) => ({
  "@type": "internal.transactionId",
  lt: lt.toString(),
  hash,
});

/** Clients compare and parse these as strings; "none" is the empty string, never null. */
function messageJson({ hash, message }: DecodedMessage) {
  const { info } = message;
  const internal = info.type === "internal" ? info : undefined;
  return {
    "@type": "ext.message",
    hash,
    source: info.type === "external-in" ? "" : friendly(info.src),
    destination: info.type === "external-out" ? "" : friendly(info.dest),
    value: (internal?.value.coins ?? 0n).toString(),
    extra_currencies: [],
    fwd_fee: (internal?.forwardFee ?? 0n).toString(),
    ihr_fee: (internal?.ihrFee ?? 0n).toString(),
    created_lt: info.type === "external-in" ? "0" : info.createdLt.toString(),
    body_hash: base64(message.body.hash()),
    msg_data: {
      "@type": "msg.dataRaw",
      body: bocBase64(message.body),
      init_state: message.init ? bocBase64(message.init.code ?? Cell.EMPTY) : "",
    },
  };
}

export function transactionJson(record: TransactionRecord) {
  const { transaction, inMessage, outMessages } = decodeTransaction(record);
  const { description } = transaction;
  const storageFee =
    description.type === "generic" ? (description.storagePhase?.storageFeesCollected ?? 0n) : 0n;
  const address = Address.parseRaw(record.account);
  return {
    "@type": "ext.transaction",
    address: { "@type": "accountAddress", account_address: friendly(address) },
    account: record.account,
    utime: record.utime,
    data: base64(record.boc),
    transaction_id: transactionId(record.lt, base64(record.hash)),
    fee: transaction.totalFees.coins.toString(),
    storage_fee: storageFee.toString(),
    other_fee: (transaction.totalFees.coins - storageFee).toString(),
    // Absent when there is none: TonClient refuses null here.
    ...(inMessage && { in_msg: messageJson(inMessage) }),
    out_msgs: outMessages.map(messageJson),
    prev_transaction_id: transactionId(
      transaction.prevTransactionLt,
      hashBase64(transaction.prevTransactionHash),
    ),
  };
}
