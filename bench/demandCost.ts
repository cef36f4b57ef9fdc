import type { Cell } from "@ton/core";
import { MAINNET_GLOBAL_ID } from "../relayer/localnet/config";
import { encodeHead, encodeLeaf, hashLeaf, hashNode, toJobAddress } from "../relayer/protocol";
import { type Job, settleHead } from "../tests/support/actors";
import { demandReceipt, showReceipt } from "../tests/support/demands";
import { honestLeaf } from "../tests/support/lies";
import { DAY, openJob, START, WORKER } from "../tests/support/world";
import { headCell, receiptCell } from "../wrappers/evidence";
import { storeShowReceipt } from "../wrappers/messages";
import { chainOfKeys, fullWorld, putLanes } from "./gas/fullWorld";
import { gasOf, sizeOf, transactionOf } from "./gas/recorder";
import { cell, enlistWallets, QUERY } from "./session";

const MAX_LANES = 16;
/** Sizes stay below 2^53 in this project's formats; the contract would take 64 bits. */
const LARGEST_LOG = 2 ** 53 - 1;
const LEVELS = 53;
const CLAIM = 1_000n;

type Size = ReturnType<typeof sizeOf>;

export interface DemandCost {
  readonly demand: number;
  readonly answer: number;
  /** Of a W5 wallet that sends the answer. */
  readonly walletSend: number;
  readonly sizes: { readonly Demand: Size; readonly ReceiptShown: Size; readonly ShowReceipt: Size };
}

/** Gas of the most expensive demand and answer: a disputed job with sixteen lanes, and the largest log. */
export async function measureDemand(): Promise<DemandCost> {
  const world = await fullWorld();
  const { chain, developer } = world;
  const job = await world.job(1n);
  await job.send(developer.getSender(), { value: 10n ** 11n }, openJob(world));
  const at = BigInt(START + DAY);
  const pending = (CLAIM << 128n) | (at << 96n) | ((2n * CLAIM) << 32n) | at;
  await putLanes(world, job.address, chainOfKeys(WORKER.id, MAX_LANES), pending);
  await job.send(developer.getSender(), { value: 10n ** 11n }, { $$type: "DisputeClaim", ...QUERY });
  await demandReceipt(world, job, { head: largestHead(job, CLAIM), index: 0 });
  // The first demand's time is not over, and yet it is moot: to see that takes one more look at the lanes.
  await settleHead(world, job, { amount: CLAIM });
  const demanded = await demandReceipt(world, job, { head: largestHead(job, 2n * CLAIM), index: 0 });
  const stored = (await chain.getContract(job.address)).accountState;
  const shown = await showReceipt(world, job, largestReceipt());
  const sent = await sendFromWallet(job);
  return {
    demand: gasOf(transactionOf(demanded, job.address, "DemandReceipt")),
    answer: gasOf(transactionOf(shown, job.address, "ShowReceipt")),
    walletSend: gasOf(sent),
    sizes: {
      Demand: sizeOf(stored?.type === "active" ? demandCells(stored.state.data) : []),
      ReceiptShown: sizeOf(shown.tx.externals.flatMap(({ body }) => body.refs)),
      ShowReceipt: sizeOf(sent.inMessage == null ? [] : [sent.inMessage.body]),
    },
  };
}

/** The answer's way through the provider's W5 wallet: the wallet's own transaction. */
async function sendFromWallet({ address }: Job) {
  const { operator } = await enlistWallets();
  const message = storeShowReceipt({ $$type: "ShowReceipt", ...QUERY, receipt: largestReceipt() });
  const [sent] = await operator.send(address, 10n ** 8n, { body: cell(message) });
  if (sent === undefined) {
    throw new Error("The wallet sent nothing.");
  }
  return sent;
}

const siblings = Array.from({ length: LEVELS }, (_, level) => Buffer.alloc(32, level + 1));
const leaf = () => encodeLeaf(honestLeaf(0));
/** The first receipt of the largest log, with its proof. */
export const largestReceipt = () => receiptCell(leaf(), siblings);

/** Over the largest log, whose first receipt has a sibling on every level. */
export function largestHead(job: Pick<Job, "address">, amount: bigint): Cell {
  const root = siblings.reduce<Uint8Array>((hash, sibling) => hashNode(hash, sibling), hashLeaf(leaf()));
  const claim = { size: LARGEST_LOG, root, amount, issuedAt: START + 60 };
  const address = toJobAddress(job.address.toRawString());
  return headCell({
    ...claim,
    signature: WORKER.sign(encodeHead({ ...claim, networkId: MAINNET_GLOBAL_ID, job: address })),
  });
}

/** The fourth reference of the job's record. */
function demandCells(data: Cell | null | undefined): Cell[] {
  return data?.refs.at(-1)?.refs.slice(3) ?? [];
}
