import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type CollateralSource,
  createFileCollateral,
  createTdxDevelopmentSource,
} from "../../../relayer/attestation";
import { formatCollateral } from "../../../relayer/attestation/tdx/collateral";
import {
  makeTestCollateral,
  type TestCollateralOptions,
} from "../../../relayer/attestation/tdx/makeTestCollateral";
import { TEST_FACTS } from "../../../relayer/attestation/tdx/makeTestQuote";
import { testP256Key } from "../../../relayer/attestation/tdx/makeTestQuotePki";
import { leafHashOf } from "../../../relayer/attestation/tdx/onChainCertificate";
import { parseQuote } from "../../../relayer/attestation/tdx/quote";
import { machineCertificates } from "../../../relayer/attestation/tdx/quoteParts";
import { toHex } from "../../../relayer/protocol";
import { createWorld, TDX_PLATFORM, until, type World } from "./support/world";

// Every process of the network runs in this one, on whatever cores the machine has left.
jest.setTimeout(180_000);

const KIND = BigInt(`0x${toHex(TEST_FACTS.fmspc)}`);

describe("provider and what Intel publishes about its machines", () => {
  const folder = mkdtempSync(join(tmpdir(), "cocoon-collateral-"));
  const file = join(folder, "collateral.json");
  let world: World;
  let asked = 0;

  beforeAll(async () => {
    const source = createFileCollateral(file);
    const counted: CollateralSource = {
      async get(wanted) {
        asked += 1;
        return await source.get(wanted);
      },
    };
    world = await createWorld({ tdx: true, collateral: counted, policy: { collateralMs: 0 } });
  });
  afterAll(async () => {
    await world.close();
    rmSync(folder, { recursive: true });
  });

  function publish(fields: Omit<TestCollateralOptions, "rootSeed" | "issuedAt">): void {
    const issuedAt = world.net.chain.now() - 1;
    const made = makeTestCollateral({ rootSeed: TDX_PLATFORM.rootSeed, issuedAt, ...fields });
    writeFileSync(file, JSON.stringify(formatCollateral(made)));
  }
  const policy = () => world.network.attestation.getQuotePolicy();
  const numbers = async () => {
    const { minimums, qeNumber } = await policy();
    return { tcbInfo: minimums.get(KIND)?.number, qe: qeNumber };
  };
  const told = (msg: string) =>
    world.logLines.map((line) => JSON.parse(line)).filter((line) => line.msg === msg);
  const posted = (what: string) => told("message queued").filter(({ kind }) => kind === what).length;
  /** So many that what was read in the first of them has been acted upon. */
  async function rounds(): Promise<void> {
    const from = asked;
    await until("the source was asked three times", async () => (asked >= from + 3 ? true : undefined));
  }

  it("goes on serving while nothing can be had", async () => {
    const job = await world.openJob(1n);
    await until("it is told", async () => (told("collateral not posted").length > 0 ? true : undefined));
    expect(await job.ask()).toMatchObject({ status: 200, complete: true });
    expect(await numbers()).toEqual({ tcbInfo: 0n, qe: 0n });
  });

  it("brings both documents to the chain, once", async () => {
    publish({ evaluationNumber: 18 });
    await until("the chain has them", async () => {
      const { tcbInfo, qe } = await numbers();
      return tcbInfo === 18n && qe === 18n ? true : undefined;
    });
    await rounds();
    expect([posted("tcb-info"), posted("qe-identity")]).toEqual([1, 1]);
  });

  it("pays nothing for documents that were only signed anew, and brings the next ones", async () => {
    await world.net.chain.setTime(world.net.chain.now() + 60);
    publish({ evaluationNumber: 18 });
    await rounds();
    expect([posted("tcb-info"), posted("qe-identity")]).toEqual([1, 1]);
    publish({ evaluationNumber: 19 });
    await until("the chain has them", async () => ((await numbers()).tcbInfo === 19n ? true : undefined));
    await until("both", async () => ((await numbers()).qe === 19n ? true : undefined));
    expect([posted("tcb-info"), posted("qe-identity")]).toEqual([2, 2]);
  });

  it("gives up on documents that somebody else signed, and says so", async () => {
    await world.net.chain.setTime(world.net.chain.now() + 60);
    publish({ evaluationNumber: 20, signer: testP256Key(TDX_PLATFORM.rootSeed, "nobody") });
    await until("it has given up", async () =>
      told("the chain refused a document of Intel's").length > 0 ? true : undefined,
    );
    expect(await numbers()).toEqual({ tcbInfo: 19n, qe: 19n });
  });

  it("brings the one document when the contract could not read the other, and says so", async () => {
    await world.net.chain.setTime(world.net.chain.now() + 60);
    publish({ evaluationNumber: 21, tcbInfo: { tdxModuleIdentities: undefined } });
    await until("the chain has what it can read", async () =>
      (await numbers()).qe === 21n ? true : undefined,
    );
    expect((await numbers()).tcbInfo).toBe(19n);
    expect(told("a document of Intel's cannot be posted").length).toBeGreaterThan(0);
  });

  it("reports the revocation of its own machine", async () => {
    const evidence = await createTdxDevelopmentSource(TDX_PLATFORM).quote(new Uint8Array(64));
    const quote = evidence.kind === "tdx" ? evidence.quote : "";
    const { leaf } = machineCertificates(parseQuote(Buffer.from(quote, "base64")));
    await world.net.chain.setTime(world.net.chain.now() + 60);
    publish({ evaluationNumber: 21, revoked: { byCa: [leaf.serial] } });
    await until("the chain knows of it", async () =>
      (await policy()).revoked.get(leafHashOf(leaf.raw)) === true ? true : undefined,
    );
    await rounds();
    expect(posted("revocation")).toBe(1);
  });
});
