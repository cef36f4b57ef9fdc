import { liteServerError } from "../../apiError";
import type { Block } from "../../chain/records";
import type { ApiContext, Method, Methods } from "../context";
import { base64 } from "../formats";
import type { Params } from "../params";
import { blockId } from "./format";

function blockAt({ chain }: ApiContext, params: Params): Block {
  const { ledger } = chain;
  const newest = ledger.finalBlock();
  const seqno = params.integerOr("seqno", newest.seqno);
  const block = seqno <= newest.seqno ? ledger.blocks.at(seqno) : undefined;
  if (block === undefined) {
    throw liteServerError("block is not applied, or was empty and is forgotten");
  }
  return block;
}

/** The first block whose end reaches the wanted logical time or unix time. */
function lookup(context: ApiContext, params: Params): Block {
  if (params.has("seqno")) {
    return blockAt(context, params);
  }
  const { blocks, finalBlock } = context.chain.ledger;
  const reaches = params.has("lt")
    ? (block: Block) => block.endLt >= params.bigint("lt")
    : (block: Block) => block.utime >= params.integer("unixtime");
  const newest = finalBlock().seqno;
  const found = blocks.all().find((block) => block.seqno <= newest && reaches(block));
  if (found === undefined) {
    throw liteServerError("block not found");
  }
  return found;
}

const shards: Method = (context, params) => ({
  "@type": "blocks.shards",
  shards: [blockId(blockAt(context, params), 0)],
});

const blockTransactions: Method = (context, params) => {
  const workchain = params.integerOr("workchain", 0);
  const block = blockAt(context, params);
  const transactions = block.transactions.filter((record) => record.account.startsWith(`${workchain}:`));
  return {
    "@type": "blocks.transactions",
    id: blockId(block, workchain),
    req_count: params.integerOr("count", 40),
    // TonClient gives up on a block that is shown in parts.
    incomplete: false,
    transactions: transactions.map((record) => ({
      "@type": "blocks.shortTxId",
      mode: 135,
      account: record.account,
      lt: record.lt.toString(),
      hash: base64(record.hash),
    })),
  };
};

export const blockMethods: Methods = {
  getMasterchainInfo: ({ chain }) => ({
    "@type": "blocks.masterchainInfo",
    last: blockId(chain.ledger.finalBlock()),
    state_root_hash: base64(chain.ledger.finalBlock().rootHash),
    init: blockId(chain.ledger.blocks.first()),
  }),
  getConsensusBlock: ({ chain }) => ({
    consensus_block: chain.ledger.finalBlock().seqno,
    timestamp: chain.ledger.finalBlock().utime,
  }),
  // TonClient says `shards`, toncenter's REST route says `getShards`.
  shards,
  getShards: shards,
  getBlockTransactions: blockTransactions,
  getBlockHeader(context, params) {
    const block = blockAt(context, params);
    return {
      "@type": "blocks.header",
      id: blockId(block, params.integerOr("workchain", -1)),
      global_id: context.chain.globalId,
      gen_utime: block.utime,
      start_lt: block.startLt.toString(),
      end_lt: block.endLt.toString(),
      min_ref_mc_seqno: block.seqno,
      prev_key_block_seqno: context.chain.ledger.blocks.first().seqno,
      is_key_block: false,
      prev_blocks: [],
    };
  },
  lookupBlock: (context, params) => blockId(lookup(context, params), params.integerOr("workchain", -1)),
};
