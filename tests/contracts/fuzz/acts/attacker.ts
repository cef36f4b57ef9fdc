import { type Address, beginCell, type Cell } from "@ton/core";
import {
  storeAnnounceAuction,
  storeAnnounceProvider,
  storeBidder,
  storeBidLost,
  storeBidPlaced,
  storeBondReserved,
  storeConfirmBid,
  storeJobClosed,
  storeLaneSynced,
  storeProviderAdmitted,
  storeReportSale,
  storeReserveBond,
  storeWorkerAttested,
  storeWorkerChecked,
} from "../../../../wrappers/messages";
import { body, OP } from "../../../support/actors";
import { DAY, IMAGE, MODEL, service, WORKER } from "../../../support/world";
import { type Act, bare, type Look, pick, worded } from "./act";
import { WORKERS } from "./signed";

const TON = 1_000_000_000n;
type Forgery = readonly [name: keyof typeof OP, to: Address, content: Cell];

/** Messages that only contracts may send. */
const forgeriesOf = (look: Look, from: Address): readonly Forgery[] => [
  ...atProvider(look, from),
  ...atJob(look, from),
  ...elsewhere(look, from),
];

function atProvider({ stage, step, now }: Look, from: Address): Forgery[] {
  const to = pick(stage.providers, step.choice).address;
  const { developer, nonce } = pick(stage.jobs, step.job);
  const of = { queryId: 1n, developer, nonce } as const;
  const receiptPublicKey = pick(WORKERS, step.amount).id;
  const worker = {
    $$type: "Worker",
    hpkeKeyHash: 1n,
    imageHash: IMAGE,
    modelHash: MODEL,
    expiresAt: BigInt(now + DAY),
    epoch: 9n,
  } as const;
  const closed = { $$type: "JobClosed", ...of, bond: TON, earned: TON, digest: 0n, fraud: null } as const;
  return [
    ["JobClosed", to, body(storeJobClosed({ ...closed, outcome: BigInt(step.amount % 5) }))],
    ["BidLost", to, body(storeBidLost({ $$type: "BidLost", ...of, bond: TON }))],
    [
      "ConfirmBid",
      to,
      body(storeConfirmBid({ $$type: "ConfirmBid", ...of, bond: TON, worker: WORKER.id, requester: from })),
    ],
    [
      "ReserveBond",
      to,
      body(
        storeReserveBond({
          $$type: "ReserveBond",
          ...of,
          budget: TON,
          worker: 0n,
          requester: from,
          service: service(),
        }),
      ),
    ],
    [
      "WorkerAttested",
      to,
      body(
        storeWorkerAttested({
          $$type: "WorkerAttested",
          queryId: 1n,
          receiptPublicKey,
          responseTo: from,
          worker,
        }),
      ),
    ],
    [
      "WorkerChecked",
      to,
      body(
        storeWorkerChecked({
          $$type: "WorkerChecked",
          queryId: 1n,
          receiptPublicKey: WORKER.id,
          allowed: false,
          responseTo: from,
        }),
      ),
    ],
    [
      "ProviderAdmitted",
      to,
      body(
        storeProviderAdmitted({
          $$type: "ProviderAdmitted",
          queryId: 1n,
          paused: step.amount % 2 === 0,
          responseTo: from,
          params: service(),
        }),
      ),
    ],
  ];
}

function atJob({ stage, step, now }: Look, from: Address): Forgery[] {
  const to = pick(stage.jobs, step.job).address;
  const { owner } = pick(stage.providers, step.choice);
  const bidder = beginCell()
    .store(storeBidder({ $$type: "Bidder", owner, index: 0n, worker: WORKER.id, responseTo: from }))
    .endCell();
  const expiresAt = BigInt(now + 30 * DAY);
  return [
    [
      "BondReserved",
      to,
      body(
        storeBondReserved({
          $$type: "BondReserved",
          queryId: 1n,
          bond: TON,
          worker: WORKER.id,
          workerExpiresAt: expiresAt,
          requester: from,
          rules: service(),
        }),
      ),
    ],
    [
      "LaneSynced",
      to,
      body(
        storeLaneSynced({
          $$type: "LaneSynced",
          queryId: 1n,
          worker: WORKERS[2].id,
          modelHash: MODEL,
          expiresAt,
          mayOpen: true,
          responseTo: from,
        }),
      ),
    ],
    [
      "BidPlaced",
      to,
      body(
        storeBidPlaced({
          $$type: "BidPlaced",
          queryId: 1n,
          budget: TON,
          bondBps: 0n,
          openedAt: BigInt(now),
          bps: 1n,
          modelHash: MODEL,
          bidder,
        }),
      ),
    ],
  ];
}

function elsewhere({ stage, step }: Look, from: Address): Forgery[] {
  const { owner } = pick(stage.providers, step.choice);
  const { developer, nonce } = pick(stage.jobs, step.job);
  const sale = {
    $$type: "ReportSale",
    queryId: 1n,
    developer,
    nonce,
    volume: TON,
    service: service(),
  } as const;
  const announced = {
    $$type: "AnnounceAuction",
    queryId: 1n,
    developer,
    nonce,
    budget: TON,
    endsAt: 1n,
    terms: service(),
  } as const;
  const fresh = { $$type: "AnnounceProvider", queryId: 1n, owner, index: 0n, fresh: true } as const;
  return [
    ["AnnounceProvider", stage.network, body(storeAnnounceProvider({ ...fresh, responseTo: from }))],
    ["ReportSale", stage.market, body(storeReportSale(sale))],
    ["AnnounceAuction", stage.market, body(storeAnnounceAuction(announced))],
    ["QueueChange", stage.network, worded(OP.QueueChange, BigInt(step.detail))],
    ["Pause", stage.network, bare(OP.Pause)],
    ["RevokeModel", stage.attestation, worded(OP.RevokeModel, MODEL)],
    ["AcceptGovernor", stage.network, bare(OP.AcceptGovernor)],
  ];
}

const forge: Act = (look) => {
  const { stage, step } = look;
  const from = pick(
    [stage.stranger, ...stage.developers.slice(0, 2), ...stage.providers.map(({ operator }) => operator)],
    step.sender,
  );
  const [name, to, content] = pick(forgeriesOf(look, from), step.detail);
  return [{ name, from, to, content }];
};

/** Half an opcode, an unknown one, none, and an opcode without its fields. */
const garble: Act = ({ stage, step }) => {
  const to = pick(
    [
      pick(stage.jobs, step.job).address,
      pick(stage.providers, step.job).address,
      stage.network,
      stage.attestation,
      stage.market,
    ],
    step.choice,
  );
  const bodies = [
    body((builder) => builder.storeUint(0x4a45, 16)),
    bare(0xdeadbeef),
    body((builder) => builder.storeUint(OP.Settle, 32)),
    body((builder) => builder.storeUint(OP.WithdrawUnbonded, 32)),
  ];
  return [{ name: "Excesses", from: stage.stranger, to, content: pick(bodies, step.detail) }];
};

export const ATTACKERS_ACTS: readonly Act[] = [forge, forge, forge, garble];
