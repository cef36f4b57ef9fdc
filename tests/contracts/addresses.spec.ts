import { Address, beginCell, type Cell } from "@ton/core";
import fc from "fast-check";
import { codeReference, contractCodes } from "../../wrappers/codes";
import { jobEscrow } from "../../wrappers/JobEscrow";
import { networkRegistry } from "../../wrappers/NetworkRegistry";
import { providerStake } from "../../wrappers/ProviderStake";
import { createWorld, networkParams } from "../support/world";

const anyHash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const anyAddress = anyHash.map((hash) => new Address(0, Buffer.from(hash)));
const anyNonce = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const anyIndex = fc.nat({ max: 0xffff_ffff });

/** SHA-256 of the standard representation, by hand: what `shared/addresses.tact` computes without cells. */
function addressOf(code: Cell, data: Cell): Address {
  const init = beginCell().storeUint(0b00110, 5).storeRef(code).storeRef(data).endCell();
  return new Address(0, init.hash());
}

describe("Addresses computed by the contracts", () => {
  it("have the layout that the generated wrappers deploy, for any identity", async () => {
    const codes = await contractCodes();
    const provider = codeReference(codes.provider);
    const job = codeReference(codes.job);
    await fc.assert(
      fc.asyncProperty(anyAddress, anyAddress, anyNonce, anyIndex, async (registry, actor, nonce, index) => {
        const jobRecord = beginCell()
          .storeAddress(registry)
          .storeAddress(actor)
          .storeUint(nonce, 64)
          .storeUint(provider.hash, 256)
          .storeUint(provider.depth, 16)
          .endCell();
        const jobData = beginCell().storeUint(0, 57).storeRef(jobRecord).endCell();
        const escrow = await jobEscrow({ registry, developer: actor, nonce, providerCode: codes.provider });
        expect(escrow.address.toString()).toBe(addressOf(codes.job, jobData).toString());

        const providerRecord = beginCell()
          .storeAddress(registry)
          .storeAddress(actor)
          .storeUint(index, 32)
          .storeUint(job.hash, 256)
          .storeUint(job.depth, 16)
          .storeUint(0, 2)
          .endCell();
        const providerData = beginCell()
          .storeUint(0, 195)
          .storeUint(0, 256)
          .storeRef(providerRecord)
          .endCell();
        const stake = await providerStake({ registry, owner: actor, index, jobCode: codes.job });
        expect(stake.address.toString()).toBe(addressOf(codes.provider, providerData).toString());
      }),
    );
  });

  it("are the ones that NetworkRegistry shows, for any owner, developer, index and nonce", async () => {
    const { network } = await createWorld();
    const codes = await contractCodes();
    const registry = network.address;
    await fc.assert(
      fc.asyncProperty(anyAddress, anyNonce, anyIndex, async (actor, nonce, index) => {
        const stake = await providerStake({ registry, owner: actor, index, jobCode: codes.job });
        const escrow = await jobEscrow({ registry, developer: actor, nonce, providerCode: codes.provider });
        expect((await network.getProviderOf(actor, BigInt(index))).equals(stake.address)).toBe(true);
        expect((await network.getJobOf(actor, nonce)).equals(escrow.address)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it("differ between networks", async () => {
    const world = await createWorld();
    const roles = { governor: world.governor.address, guardian: world.guardian.address };
    const params = networkParams({
      treasury: world.treasury.address,
      arbiter: world.guardian.address,
      attestationRegistry: world.attestation.address,
    });
    const other = world.chain.openContract(await networkRegistry({ ...roles, timelockSeconds: 1, params }));
    const codes = await contractCodes();
    const jobAt = (registry: Address) =>
      jobEscrow({ registry, developer: world.developer.address, nonce: 1n, providerCode: codes.provider });
    const [here, there] = await Promise.all([jobAt(world.network.address), jobAt(other.address)]);
    expect(here.address.equals(there.address)).toBe(false);
  });
});
