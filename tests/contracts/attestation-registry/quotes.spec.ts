import { beginCell } from "@ton/core";
import { makeTestMachine } from "../../../relayer/attestation/tdx/makeTestQuote";
import { authorityOf } from "../../../relayer/attestation/tdx/onChainCertificate";
import { storeQuoteVerified } from "../../../wrappers/messages";
import { body, deliver } from "../../support/actors";
import { expectRefused } from "../../support/expect";
import {
  expectNoWorker,
  expectPolicyRefusal,
  FMSPC,
  IMAGES,
  idsOf,
  MACHINE,
  ROOT_SEED,
  registerAuthority,
  type Submission,
  showBlocks,
  submitQuote,
  useQuoteWorld,
} from "../../support/quotes";
import { DAY, START } from "../../support/world";

const world = useQuoteWorld({ bind: { receiptPublicKey: Buffer.alloc(32, 9) } });

const bytes = (hex: string) => Buffer.from(hex, "hex");
const flipped = (at: number) => Buffer.alloc(48).fill(1, at, at + 1);

const lowered = (at: number) => {
  const usual = [3, 3, 2, 2, 4, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0];
  return usual.map((svn, index) => (index === at ? svn - 1 : svn));
};
const machineWith = (facts: Parameters<typeof makeTestMachine>[0]["facts"]) => ({
  machine: makeTestMachine({ rootSeed: ROOT_SEED, name: "odd", ...(facts === undefined ? {} : { facts }) }),
});

const POLICY: [string, Submission, string][] = [
  ["an old quoting enclave", { quote: { qe: { isvSvn: 3 } } }, "ErrQeTooOld"],
  ["an unknown kind of machine", machineWith({ fmspc: Buffer.alloc(6, 1) }), "ErrUnknownFmspc"],
  ["an old first component", machineWith({ components: lowered(0) }), "ErrComponentsTooOld"],
  ["an old component in the middle", machineWith({ components: lowered(7) }), "ErrComponentsTooOld"],
  ["an old provisioning enclave", machineWith({ pceSvn: 12 }), "ErrPceTooOld"],
  [
    "an old TDX module",
    { quote: { td: { teeTcbSvn: bytes("04010700000000000000000000000000") } } },
    "ErrTdxTooOld",
  ],
  [
    "an old TDX component",
    { quote: { td: { teeTcbSvn: bytes("05010600000000000000000000000000") } } },
    "ErrTdxTooOld",
  ],
  [
    "a module before identities, compared in full",
    { quote: { td: { teeTcbSvn: bytes("05000700000000000000000000000000") } } },
    "ErrTdxTooOld",
  ],
  [
    "an unlisted module",
    { quote: { td: { teeTcbSvn: bytes("05020700000000000000000000000000") } } },
    "ErrUnknownModule",
  ],
  [
    "a module beyond the list",
    { quote: { td: { teeTcbSvn: bytes("05090700000000000000000000000000") } } },
    "ErrUnknownModule",
  ],
  ["another firmware", { quote: { td: { mrTd: flipped(0) } } }, "ErrImageNotAllowed"],
  ["another kernel", { quote: { td: { rtmr1: flipped(0) } } }, "ErrImageNotAllowed"],
  ["another root file system", { quote: { td: { rtmr2: flipped(0) } } }, "ErrImageNotAllowed"],
  ["another configuration", { quote: { td: { mrConfigId: flipped(0) } } }, "ErrImageNotAllowed"],
  [
    "other attributes, though allowed",
    { quote: { td: { tdAttributes: bytes("0000005000000000") } } },
    "ErrImageNotAllowed",
  ],
  ["another model", { bind: { modelHash: Buffer.alloc(32, 2) } }, "ErrModelNotAllowed"],
  [
    "an authority under another root",
    { machine: makeTestMachine({ rootSeed: Buffer.alloc(32, 8) }) },
    "ErrUnknownAuthority",
  ],
];

const another = makeTestMachine({ rootSeed: ROOT_SEED, name: "another machine" });

describe("AttestationRegistry refuses a quote", () => {
  it.each(POLICY)("of %s", async (_name, submission, code) => {
    expectPolicyRefusal(world(), await submitQuote(world(), submission), code);
    await expectNoWorker(world());
  });

  const asGuardian = async (message: Parameters<ReturnType<typeof world>["attestation"]["send"]>[2]) =>
    world().attestation.send(
      world().guardian.getSender(),
      { value: await world().attestation.getMinValueToGovern() },
      message,
    );

  it("of an image, a kind of machine or an enclave from the moment that the guardian removes it", async () => {
    const removals = [
      [{ $$type: "RevokeImage", queryId: 1n, imageHash: IMAGES[1]?.hash ?? 0n }, "ErrImageNotAllowed"],
      [{ $$type: "RaiseQeSvn", queryId: 1n, qeSvn: 5n }, "ErrQeTooOld"],
      [{ $$type: "RevokeFmspc", queryId: 1n, fmspc: FMSPC }, "ErrUnknownFmspc"],
    ] as const;
    const snapshot = world().chain.snapshot();
    for (const [message, code] of removals) {
      await world().chain.loadFrom(snapshot);
      showBlocks(world());
      await asGuardian(message);
      expectPolicyRefusal(world(), await submitQuote(world(), { path: "hot" }), code);
    }
  });

  it("of a revoked machine or authority, which nobody can register again", async () => {
    const { leafHash } = idsOf(MACHINE);
    await asGuardian({ $$type: "RevokeCertificate", queryId: 1n, certificateHash: leafHash });
    expectPolicyRefusal(world(), await submitQuote(world(), { path: "hot" }), "ErrCertificateRevoked");
    await asGuardian({
      $$type: "RevokeCertificate",
      queryId: 1n,
      certificateHash: authorityOf(MACHINE.chain[1]),
    });
    expectPolicyRefusal(world(), await submitQuote(world(), { machine: another }), "ErrCertificateRevoked");
    expectRefused(await registerAuthority(world()), "ErrCertificateRevoked");
  });

  it("under an authority whose certificate has ended", async () => {
    const machine = makeTestMachine({ rootSeed: ROOT_SEED, caNotAfter: START + 60, name: "late" });
    await registerAuthority(world(), machine.chain[1]);
    world().chain.now = START + 61;
    expectPolicyRefusal(world(), await submitQuote(world(), { machine }), "ErrCertificateDates");
  });

  it("of an image that has expired in the list", async () => {
    world().chain.now = START + 30 * DAY;
    const dates = { notBefore: START + 30 * DAY, notAfter: START + 31 * DAY };
    expectPolicyRefusal(
      world(),
      await submitQuote(world(), { path: "hot", bind: dates }),
      "ErrImageNotAllowed",
    );
  });

  it("that no TeePlatform sent", async () => {
    const nothing = beginCell().endCell();
    const sent = deliver(world(), {
      from: world().stranger,
      to: world().attestation.address,
      value: 1_000_000_000n,
      body: body(
        storeQuoteVerified({
          $$type: "QuoteVerified",
          queryId: 1n,
          expiresAt: BigInt(START + DAY),
          qeSvn: 9n,
          tdxSvn: 9n,
          responseTo: world().stranger.address,
          identity: nothing,
          facts: nothing,
          worker: nothing,
        }),
      ),
    });
    expectRefused(await sent, "ErrNotTeePlatform");
  });
});
