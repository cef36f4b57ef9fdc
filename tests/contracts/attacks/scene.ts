import { type Address, beginCell, type Cell } from "@ton/core";
import { MAINNET_GLOBAL_ID } from "../../../relayer/localnet/config";
import { statementSignatures, workerStatement } from "../../../wrappers/AttestationRegistry";
import {
  storeAddStake,
  storeAuctionService,
  storeBidOnJob,
  storeOpenAuction,
  storeOpenJob,
  storeRegisterProvider,
  storeSettle,
  storeSubmitStatement,
  storeSyncLane,
  storeTopUpJob,
  storeUnbond,
  storeUnpause,
} from "../../../wrappers/messages";
import { body, OP, UNDERPAID } from "../../support/actors";
import { settle } from "../../support/heads";
import { testKey } from "../../support/keys";
import { equivocation, workerLog } from "../../support/lies";
import { ATTESTORS, catalog, DAY, IMAGE, MODEL, PRICES, SESSION, service, WORKER } from "../../support/world";
import { bare, type Cast, pick, type Scene, type Sent, type Step } from "./cast";
import { forgeries } from "./forgeries";

const worded = (op: number, word: bigint) =>
  body((builder) => builder.storeUint(op, 32).storeUint(1, 64).storeUint(word, 256));
export const expireBody = bare(OP.ExpireJob);
export const finalizeBody = bare(OP.FinalizeJob);
export const withdrawBody = bare(OP.WithdrawUnbonded);
export const unbondBody = (amount: bigint) => body(storeUnbond({ $$type: "Unbond", queryId: 1n, amount }));

const WORKERS = [WORKER, testKey("second worker"), testKey("unknown worker")];
const TON = 1_000_000_000n;
const UNPAUSE = body(storeUnpause({ $$type: "Unpause" }));
const hashOf = (cell: Cell) => BigInt(`0x${cell.hash().toString("hex")}`);

/** What this step sends: mostly honest, sometimes with too little value, from the wrong sender, or forged. */
export function scene(cast: Cast, step: Omit<Step, "arrivals" | "choice">, now: number): Sent[] {
  const acts = [
    jobMessages,
    jobMessages,
    jobMessages,
    stakeMessages,
    workerMessages,
    officeMessages,
    forgeries,
  ];
  const sent = pick(acts, Math.floor(step.act / 7))(cast, step, now);
  // Now and then somebody else sends it, or with next to nothing.
  return sent.map((message) => ({
    ...message,
    from: step.c % 17 === 3 ? cast.stranger : message.from,
    value: step.c % 13 === 5 ? message.value / 40n : message.value,
  }));
}

const jobMessages: Scene = (cast, { a, b, c }, now) => {
  const { address: to, init, developer, nonce } = pick(cast.jobs, a);
  const { plenty, open } = cast.least;
  const send = (from: Address, content: Cell, value = plenty): Sent[] => [{ from, to, value, content }];
  const worker = pick(WORKERS, b);
  const budget = BigInt(1 + (c % 5)) * (TON / 2n) + nonce;
  switch (b % 16) {
    case 0:
    case 1:
    case 2: {
      const opening = storeOpenJob({
        $$type: "OpenJob",
        queryId: 1n,
        kind: c % 19 === 0 ? 1n : 0n,
        budget,
        acceptBy: BigInt(now + DAY),
        deadline: BigInt(now + (1 + (c % 9)) * DAY),
        owner: pick(cast.owners, c),
        index: 0n,
        worker: c % 3 === 0 ? WORKER.id : 0n,
        sessionPublicKey: SESSION.id,
        service: service(MODEL, c % 11 === 0 ? UNDERPAID : undefined),
      });
      return [{ from: developer, to, value: budget + open, content: body(opening), init }];
    }
    case 3:
      return send(
        c % 2 ? cast.operator : cast.stranger,
        worded(OP.RequestAcceptance, c % 2 ? worker.id : 0n),
      );
    case 4:
      return send(cast.stranger, worded(OP.ReleaseClaims, worker.id));
    case 5:
      return send(developer, bare(OP.CloseJob));
    case 6:
      return send(developer, bare(OP.CancelJob));
    case 7:
      return send(cast.stranger, expireBody);
    case 8:
      return send(cast.stranger, finalizeBody);
    case 9:
      return c % 3 ? send(cast.stranger, finalizeBody) : send(cast.operator, bare(OP.ReleaseJob));
    case 10:
      return send(
        developer,
        body(storeTopUpJob({ $$type: "TopUpJob", queryId: 1n, amount: TON })),
        TON + plenty,
      );
    case 11:
      return auctionMessages(cast, { a, b: c, c: b }, now);
    case 12:
      return lies(cast, { a, b, c }, now);
    default: {
      const session = c % 5 === 0 ? testKey("somebody else") : c % 2 ? SESSION : null;
      const amount = BigInt((c * 7_919) % 2_600) * 1_000_000n;
      const head = settle({
        job: to,
        amount,
        worker: b % 3 ? WORKER : worker,
        session,
        issuedAt: now,
        size: 1,
      });
      return send(cast.stranger, body(storeSettle(head)));
    }
  }
};

/** A worker claims by a head and signs another of the same size, and somebody shows both; or accuses it falsely. */
const lies: Scene = (cast, { a, c }, now) => {
  const { address: to } = pick(cast.jobs, a);
  const worker = pick(WORKERS, c % 2);
  const log = workerLog(to, { worker });
  const head = log.head({ issuedAt: now });
  const other = c % 3 === 0 ? head : log.head({ issuedAt: now, amount: BigInt(c) });
  const claim = log.settled({ issuedAt: now, session: c % 5 === 0 ? SESSION : null });
  const sent = (content: Cell): Sent => ({ from: cast.stranger, to, value: cast.least.plenty, content });
  return [sent(body(storeSettle(claim))), sent(body(equivocation(head, other, worker.id)))];
};

/** A job put up for auction with a bid at its heels, further bids, or an award. */
const auctionMessages: Scene = (cast, { a, b }, now) => {
  const { address: to, init, developer, nonce } = pick(cast.jobs, a);
  const { plenty, open } = cast.least;
  const budget = TON + nonce;
  const bid = (index: number): Sent => ({
    from: pick(cast.owners, index),
    to: pick(cast.providers, index).address,
    value: plenty,
    content: body(
      storeBidOnJob({
        $$type: "BidOnJob",
        queryId: 1n,
        developer,
        nonce,
        budget,
        openedAt: BigInt(now),
        bps: BigInt((b * 37) % 10_050),
        worker: WORKER.id,
      }),
    ),
  });
  if (b % 3 === 0) {
    const service = beginCell()
      .store(
        storeAuctionService({
          $$type: "AuctionService",
          modelHash: MODEL,
          prices: PRICES,
          market: cast.stranger,
        }),
      )
      .endCell();
    const opening = storeOpenAuction({
      $$type: "OpenAuction",
      queryId: 1n,
      budget,
      endsAt: BigInt(now + 600),
      acceptBy: BigInt(now + DAY),
      deadline: BigInt(now + (1 + (b % 9)) * DAY),
      sessionPublicKey: SESSION.id,
      service,
    });
    return [{ from: developer, to, value: budget + 2n * open, content: body(opening), init }, bid(0), bid(1)];
  }
  return b % 3 === 1
    ? [bid(b), bid(b + 1)]
    : [{ from: cast.stranger, to, value: plenty, content: bare(OP.AwardJob) }];
};

const stakeMessages: Scene = (cast, { a, b, c }) => {
  const index = a % cast.providers.length;
  const { address: to, init } = pick(cast.providers, index);
  const from = pick(cast.owners, index);
  const { plenty, register } = cast.least;
  const amount = BigInt(c % 12) * TON + 1n;
  switch (b % 5) {
    case 0: {
      const content = body(
        storeRegisterProvider({
          $$type: "RegisterProvider",
          queryId: 1n,
          stake: amount,
          catalog: catalog(cast.operator),
        }),
      );
      return [{ from, to, value: amount + register, content, init }];
    }
    case 1:
      return [
        {
          from,
          to,
          value: amount + plenty,
          content: body(storeAddStake({ $$type: "AddStake", queryId: 1n, amount })),
        },
      ];
    case 2:
      return [{ from, to, value: plenty, content: unbondBody(amount) }];
    case 3:
      return [{ from, to, value: plenty, content: withdrawBody }];
    default:
      return [{ from: cast.stranger, to, value: plenty, content: bare(OP.SyncParams) }];
  }
};

const workerMessages: Scene = (cast, { a, b, c }, now) => {
  const { address: to } = pick(cast.providers, a);
  const { plenty, attest } = cast.least;
  const worker = pick(WORKERS, c);
  switch (b % 6) {
    case 0:
    case 1:
      return [
        {
          from: cast.operator,
          to: cast.attestation,
          value: attest,
          content: statementOf(cast, to, worker.id, now),
        },
      ];
    case 2: {
      const { address: job } = pick(cast.jobs, c);
      const content = body(storeSyncLane({ $$type: "SyncLane", queryId: 1n, job, worker: worker.id }));
      return [{ from: c % 2 ? cast.operator : cast.stranger, to, value: plenty, content }];
    }
    case 3: {
      const { address: job } = pick(cast.jobs, c);
      const content = body(storeSyncLane({ $$type: "SyncLane", queryId: 1n, job, worker: worker.id }));
      return [{ from: cast.operator, to, value: plenty, content }];
    }
    case 4:
      return [{ from: cast.operator, to, value: plenty, content: worded(OP.DropWorker, worker.id) }];
    default:
      return [{ from: cast.stranger, to, value: plenty, content: worded(OP.RecheckWorker, worker.id) }];
  }
};

function statementOf(cast: Cast, provider: Address, receiptPublicKey: bigint, now: number): Cell {
  const statement = workerStatement({
    networkId: MAINNET_GLOBAL_ID,
    registry: cast.attestation,
    provider,
    receiptPublicKey,
    notBefore: now,
    worker: {
      $$type: "Worker",
      hpkeKeyHash: 1n,
      imageHash: IMAGE,
      modelHash: MODEL,
      expiresAt: BigInt(now + DAY),
      epoch: 1n,
    },
  });
  const signatures = statementSignatures(
    new Map(ATTESTORS.slice(0, 2).map((key, index) => [index, key.sign(statement.hash())])),
  );
  return body(storeSubmitStatement({ $$type: "SubmitStatement", queryId: 1n, statement, signatures }));
}

const officeMessages: Scene = (cast, { b }) => {
  const { govern: value } = cast.least;
  const to = cast.network;
  switch (b % 8) {
    case 0:
      return [{ from: cast.guardian, to, value, content: bare(OP.Pause) }];
    case 1:
      return [{ from: cast.governor, to, value, content: worded(OP.QueueChange, hashOf(UNPAUSE)) }];
    case 2:
    case 3: {
      const content = beginCell()
        .storeUint(OP.ExecuteChange, 32)
        .storeUint(1, 64)
        .storeRef(UNPAUSE)
        .endCell();
      return [{ from: cast.stranger, to, value, content }];
    }
    case 4:
      return [{ from: cast.guardian, to: cast.attestation, value, content: worded(OP.RevokeModel, 0x77n) }];
    default:
      return [
        {
          from: cast.stranger,
          to: pick(cast.providers, b).address,
          value: cast.least.plenty,
          content: bare(OP.SyncParams),
        },
      ];
  }
};
