import { type Address, beginCell, type Cell, external, internal, SendMode, toNano } from "@ton/core";
import { keyPairFromSeed } from "@ton/crypto";
import type { Blockchain, BlockchainTransaction } from "@ton/sandbox";
import { WalletContractV5R1 } from "@ton/ton";
import { settle } from "../tests/support/heads";
import {
  BUDGET,
  catalog,
  createWorld,
  openJob,
  STAKE,
  START,
  statement,
  type World,
} from "../tests/support/world";
import { contractCodes, type JobCodeForm } from "../wrappers/codes";
import { type JobEscrow, jobEscrow } from "../wrappers/JobEscrow";
import {
  storeCloseJob,
  storeOpenJob,
  storeRegisterProvider,
  storeReleaseJob,
  storeSettle,
  storeSubmitStatement,
} from "../wrappers/messages";
import { providerStake } from "../wrappers/ProviderStake";
import { gasOf, transactionOf } from "./gas/recorder";

const REQUESTS_PER_SESSION = 10_000n;
const EARNED = toNano("0.5");
export const QUERY = { queryId: 1n } as const;

/** What one session costs, with W5 wallets at mainnet's prices of June 2026. */
export interface SessionCost {
  readonly openGas: number;
  readonly settleGas: number;
  readonly closeGas: number;
  readonly releaseGas: number;
  /**
   * All fees of all parties: open, acceptance, one co-signed settlement, and the release that the gateway asks the
   * provider for off the chain. `tests/relayer/gateway/money.spec.ts` shows that a session ends so.
   */
  readonly sessionTotalNano: bigint;
  /** The same where the provider did not release in time and the developer sent `CloseJob`. */
  readonly closedByMessageNano: bigint;
  readonly amortisedNanoPerRequest: number;
}

export async function measureSession(jobCode: JobCodeForm = "library"): Promise<SessionCost> {
  const closed = await runSession(jobCode, true);
  const released = await runSession(jobCode, false);
  return {
    ...released,
    closeGas: closed.closeGas,
    closedByMessageNano: closed.sessionTotalNano,
    amortisedNanoPerRequest: Number(released.sessionTotalNano) / Number(REQUESTS_PER_SESSION),
  };
}

/** A provider of W5 wallets with its worker attested, and a developer; each of the wallets has been used before. */
export async function enlistWallets(jobCode: JobCodeForm = "library") {
  const world = await createWorld({ jobCode });
  const { chain } = world;
  const [developer, owner, operator] = await Promise.all([1, 2, 3].map((seed) => openWallet(world, seed)));
  if (developer === undefined || owner === undefined || operator === undefined) {
    throw new Error("Three wallets are needed.");
  }
  const codes = await contractCodes(jobCode);
  const registry = world.network.address;
  const stake = await providerStake({ registry, owner: owner.address, index: 0, jobCode: codes.job });
  const provider = chain.openContract(stake);
  await owner.send(stake.address, STAKE + (await world.network.getMinValueToRegister()), {
    init: stake.init,
    body: cell(
      storeRegisterProvider({
        $$type: "RegisterProvider",
        ...QUERY,
        stake: STAKE,
        catalog: catalog(operator.address),
      }),
    ),
  });
  await operator.send(world.attestation.address, await world.attestation.getMinValueToSubmitStatement(2n), {
    body: cell(storeSubmitStatement(statement(world, { provider: provider.address }))),
  });
  const escrow = await jobEscrow({
    registry,
    developer: developer.address,
    nonce: 1n,
    providerCode: codes.provider,
    form: jobCode,
  });
  const job = chain.openContract(escrow);
  return { world, developer, owner, operator, provider, job, init: escrow.init };
}

async function runSession(jobCode: JobCodeForm, developerCloses: boolean) {
  const { world, developer, owner, operator, provider, job, init } = await enlistWallets(jobCode);
  const { chain } = world;
  const parties = [
    developer.address,
    owner.address,
    operator.address,
    world.treasury.address,
    provider.address,
    job.address,
  ];
  const before = await total(chain, parties);

  const opened = await developer.send(job.address, BUDGET + (await world.network.getMinValueToOpenJob()), {
    init,
    body: cell(storeOpenJob({ ...openJob(world), owner: owner.address })),
  });
  const settled = await operator.send(job.address, await job.getMinValueToSettle(), {
    body: cell(storeSettle(settle({ job: job.address, amount: EARNED }))),
  });
  const closing = developerCloses
    ? await developer.send(job.address, await job.getMinValueToCloseJob(), {
        body: cell(storeCloseJob({ $$type: "CloseJob", ...QUERY })),
      })
    : [];
  const released = await operator.send(job.address, await job.getMinValueToEndJob(), {
    body: cell(storeReleaseJob({ $$type: "ReleaseJob", ...QUERY })),
  });

  const used = (transactions: BlockchainTransaction[], message: string): number =>
    gasOf(transactionOf({ transactions }, job.address, message));
  return {
    openGas: used(opened, "OpenJob"),
    settleGas: used(settled, "Settle"),
    closeGas: developerCloses ? used(closing, "CloseJob") : 0,
    releaseGas: used(released, "ReleaseJob"),
    sessionTotalNano: before - (await total(chain, parties)),
  };
}

export function cell(write: Parameters<ReturnType<typeof beginCell>["store"]>[0]): Cell {
  return beginCell().store(write).endCell();
}

export async function total(chain: Blockchain, accounts: readonly Address[]): Promise<bigint> {
  const held = await Promise.all(accounts.map((account) => chain.getContract(account)));
  return held.reduce((sum, contract) => sum + contract.balance, 0n);
}

/** A W5 wallet that has been used before, with 20 TON. */
async function openWallet(world: World, seed: number) {
  const { chain } = world;
  const keys = keyPairFromSeed(Buffer.alloc(32, seed));
  const wallet = WalletContractV5R1.create({ publicKey: keys.publicKey });
  await world.stranger.send({ to: wallet.address, value: toNano("20"), bounce: false });
  let seqno = 0;
  const send = async (
    to: Address,
    value: bigint,
    message: { readonly body?: Cell; readonly init?: JobEscrow["init"] },
  ): Promise<BlockchainTransaction[]> => {
    const body = wallet.createTransfer({
      seqno,
      secretKey: keys.secretKey,
      sendMode: SendMode.PAY_GAS_SEPARATELY,
      timeout: START + 3_600,
      messages: [internal({ to, value, ...message })],
    });
    const { transactions } = await chain.sendMessage(
      external({ to: wallet.address, body, ...(seqno === 0 ? { init: wallet.init } : {}) }),
    );
    seqno++;
    return transactions;
  };
  await send(wallet.address, 0n, {});
  return { address: wallet.address, send };
}
