import type { Block } from "../../chain/records";
import type { Methods } from "../context";
import { base64 } from "../formats";
import { estimateFees, send } from "../v2/send";
import { v3AccountMethods } from "./accounts";
import { V3_SHARD } from "./format";
import { indexedSeqno, v3TransactionMethods } from "./transactions";

const blockJson = (block: Block) => ({
  workchain: -1,
  shard: V3_SHARD,
  seqno: block.seqno,
  root_hash: base64(block.rootHash),
  file_hash: base64(block.fileHash),
  gen_utime: block.utime.toString(),
  start_lt: block.startLt.toString(),
  end_lt: block.endLt.toString(),
  tx_count: block.transactions.length,
});

/** toncenter API v3: the paths under `/api/v3/`. */
export const v3Methods: Methods = {
  ...v3AccountMethods,
  ...v3TransactionMethods,
  masterchainInfo(context) {
    const { blocks } = context.chain.ledger;
    const last = blocks.at(indexedSeqno(context)) ?? blocks.first();
    return { first: blockJson(blocks.first()), last: blockJson(last) };
  },
  async message(context, params, target) {
    const { hash, normalizedHash } = await send(context, params, target);
    return { message_hash: hash, message_hash_norm: normalizedHash };
  },
  estimateFee: estimateFees,
};
