import { type Address, beginCell, type Cell } from "@ton/core";
import { MAINNET_GLOBAL_ID } from "../../../relayer/localnet/config";
import { encodeTaskAnswer, toJobAddress } from "../../../relayer/protocol";
import {
  type DeliverTask,
  type OpenTask,
  type Prices,
  storeDeliverTask,
  storeOpenTask,
  storeTaskService,
} from "../../../wrappers/messages";
import { body, type Delivery, deliver, type Job, QUERY, type Wallet } from "../../support/actors";
import type { TestKey } from "../../support/keys";
import { MODEL, PRICES, WORKER, type World } from "../../support/world";

export const PRICE = 20_000_000n;
export const CALLBACK = 10_000_000n;
export const TASK_SECONDS = 600;
export const REQUEST = beginCell().storeUint(0x61693170, 32).storeRef(text("What is 2 + 2?")).endCell();
export const RESPONSE = text("4");

export function text(words: string): Cell {
  return beginCell().storeStringTail(words).endCell();
}

export function taskService({
  callback = CALLBACK,
  prices = PRICES,
  modelHash = MODEL,
}: {
  callback?: bigint;
  prices?: Prices;
  modelHash?: bigint;
} = {}): Cell {
  return beginCell()
    .store(storeTaskService({ $$type: "TaskService", modelHash, prices, callback }))
    .endCell();
}

interface Opening extends Partial<OpenTask> {
  readonly nonce?: bigint;
  readonly callback?: bigint;
  readonly short?: bigint;
  readonly from?: Wallet;
}

/** A task for the world's provider, open from now on for `TASK_SECONDS`. */
export function openTaskMessage(
  world: Pick<World, "chain" | "owner">,
  { callback = CALLBACK, ...overrides }: Partial<OpenTask> & { callback?: bigint } = {},
): OpenTask {
  const until = BigInt((world.chain.now ?? 0) + TASK_SECONDS);
  return {
    $$type: "OpenTask",
    queryId: QUERY,
    price: PRICE,
    acceptBy: until,
    deadline: until,
    owner: world.owner.address,
    index: 0n,
    worker: WORKER.id,
    service: taskService({ callback }),
    request: REQUEST,
    ...overrides,
  };
}

/** Opens the task of that nonce at exactly the least value, or `short` of it. */
export async function openTask(
  world: World,
  { nonce = 1n, callback = CALLBACK, short = 0n, from = world.developer, ...overrides }: Opening = {},
): Promise<Delivery & { readonly job: Job }> {
  const job = await world.job(nonce);
  const message = openTaskMessage(world, { callback, ...overrides });
  const delivery = await deliver(world, {
    from,
    to: job.address,
    value: message.price + callback + (await world.network.getMinValueToOpenTask()) - short,
    body: body(storeOpenTask(message)),
    ...(job.init === undefined ? {} : { init: job.init }),
  });
  return { ...delivery, job };
}

interface Answer {
  readonly key?: TestKey;
  readonly signer?: TestKey;
  readonly status?: number;
  readonly issuedAt?: number;
  readonly response?: Cell | null;
  readonly responseHash?: Buffer;
  readonly request?: Cell;
  readonly networkId?: number;
  readonly signedFor?: Address;
}

/** A `DeliverTask` whose statement the worker has signed. */
export function answerTo(world: World, job: Address, given: Answer = {}): DeliverTask {
  const key = given.key ?? WORKER;
  const response = given.response === undefined ? RESPONSE : given.response;
  const responseHash = given.responseHash ?? (response ?? RESPONSE).hash();
  const status = given.status ?? 0;
  const issuedAt = given.issuedAt ?? world.chain.now ?? 0;
  const statement = encodeTaskAnswer({
    networkId: given.networkId ?? MAINNET_GLOBAL_ID,
    job: toJobAddress((given.signedFor ?? job).toRawString()),
    requestHash: (given.request ?? REQUEST).hash(),
    responseHash,
    status,
    issuedAt,
  });
  return {
    $$type: "DeliverTask",
    queryId: QUERY,
    worker: key.id,
    status: BigInt(status),
    issuedAt: BigInt(issuedAt),
    responseHash: BigInt(`0x${responseHash.toString("hex")}`),
    signature: beginCell()
      .storeBuffer((given.signer ?? key).sign(statement))
      .endCell(),
    response,
  };
}

/** Distinct cells and their bits: what a response adds to the messages that carry it. */
function sizeOf(root: Cell | null, seen = new Map<string, number>()): { cells: bigint; bits: bigint } {
  const walk = (cell: Cell) => {
    seen.set(cell.hash().toString("hex"), cell.bits.length);
    cell.refs.forEach(walk);
  };
  if (root !== null) {
    walk(root);
  }
  return { cells: BigInt(seen.size), bits: BigInt([...seen.values()].reduce((sum, bits) => sum + bits, 0)) };
}

export async function deliverAnswer(
  world: World,
  job: Job,
  {
    short = 0n,
    from = world.operator,
    least,
    ...given
  }: Answer & { short?: bigint; from?: Wallet; least?: bigint } = {},
): Promise<Delivery> {
  const message = answerTo(world, job.address, given);
  const { cells, bits } = sizeOf(message.response);
  return deliver(world, {
    from,
    to: job.address,
    value: (least ?? (await job.getMinValueToDeliverTask(cells, bits))) - short,
    body: body(storeDeliverTask(message)),
  });
}

/** That many cells, nearly full: 66 of them are 8 KiB. */
export function chainOfCells(cells: number): Cell {
  let chain = beginCell().storeUint(cells, 1_016).endCell();
  for (let index = 1; index < cells; index += 1) {
    chain = beginCell().storeUint(index, 1_016).storeRef(chain).endCell();
  }
  return chain;
}
