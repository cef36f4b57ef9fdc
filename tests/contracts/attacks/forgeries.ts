import type { Address, Cell } from "@ton/core";
import {
  storeBondReserved,
  storeJobClosed,
  storeLaneSynced,
  storeProviderAdmitted,
  storeReserveBond,
  storeWorkerAttested,
} from "../../../wrappers/messages";
import { body } from "../../support/actors";
import { testKey } from "../../support/keys";
import { DAY, IMAGE, MODEL, service, WORKER } from "../../support/world";
import type { Scene } from "./cast";
import { bare, pick } from "./cast";

const TON = 1_000_000_000n;

/** Messages that only contracts may send, from wallets; and bodies that nobody knows. */
export const forgeries: Scene = (cast, { a, b, c }, now) => {
  const job = pick(cast.jobs, a);
  const provider = pick(cast.providers, a);
  const from = pick([cast.stranger, cast.operator, job.developer, ...cast.owners], c);
  const forged: readonly (readonly [Address, Cell])[] = [
    [
      provider.address,
      body(
        storeJobClosed({
          $$type: "JobClosed",
          queryId: 1n,
          developer: job.developer,
          nonce: job.nonce,
          bond: TON,
          earned: TON,
          outcome: 1n,
          digest: 0n,
          fraud: null,
        }),
      ),
    ],
    [
      provider.address,
      body(
        storeReserveBond({
          $$type: "ReserveBond",
          queryId: 1n,
          developer: job.developer,
          nonce: job.nonce,
          budget: TON,
          worker: 0n,
          requester: cast.operator,
          service: service(),
        }),
      ),
    ],
    [
      job.address,
      body(
        storeBondReserved({
          $$type: "BondReserved",
          queryId: 1n,
          bond: TON,
          worker: WORKER.id,
          workerExpiresAt: BigInt(now + 30 * DAY),
          requester: from,
          rules: service(),
        }),
      ),
    ],
    [
      job.address,
      body(
        storeLaneSynced({
          $$type: "LaneSynced",
          queryId: 1n,
          worker: testKey("unknown worker").id,
          modelHash: MODEL,
          expiresAt: BigInt(now + 30 * DAY),
          mayOpen: true,
          responseTo: from,
        }),
      ),
    ],
    [
      provider.address,
      body(
        storeProviderAdmitted({
          $$type: "ProviderAdmitted",
          queryId: 1n,
          paused: false,
          responseTo: from,
          params: service(),
        }),
      ),
    ],
    [
      provider.address,
      body(
        storeWorkerAttested({
          $$type: "WorkerAttested",
          queryId: 1n,
          receiptPublicKey: 5n,
          responseTo: from,
          worker: {
            $$type: "Worker",
            hpkeKeyHash: 1n,
            imageHash: IMAGE,
            modelHash: MODEL,
            expiresAt: 1n << 31n,
            epoch: 1n,
          },
        }),
      ),
    ],
    [job.address, body((builder) => builder.storeUint(c, 32))],
    [provider.address, body(() => undefined)],
    [cast.network, bare(0xdeadbeef)],
  ];
  const [to, content] = pick(forged, b);
  return [{ from, to, value: cast.least.plenty, content }];
};
