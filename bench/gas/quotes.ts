import { makeTestCollateral, makeTestCrl } from "../../relayer/attestation/tdx/makeTestCollateral";
import { cutQeIdentity, cutRevocation, cutTcbInfo } from "../../relayer/attestation/tdx/onChainCollateral";
import {
  IMAGES,
  MACHINE,
  QUOTE_POLICY,
  ROOT_SEED,
  registerAuthority,
  showBlocks,
  submitQuote,
} from "../../tests/support/quotes";
import { createWorld, DAY, enlistProvider, START, type World } from "../../tests/support/world";
import { MUCH, QUERY } from "./fullWorld";
import { accountSize, gasOf, type Recorder, sentInternal, transactionOf } from "./recorder";

/** A version 5 quote with a TD 1.5 body has the most to hash. */
export async function measureQuoteHandlers(record: Recorder): Promise<void> {
  const world = await createWorld({ quotes: QUOTE_POLICY, images: IMAGES });
  const { attestation } = world;
  showBlocks(world);
  await enlistProvider(world);
  const registered = await registerAuthority(world);
  record.keep(
    "GasRegisterAuthority",
    gasOf(transactionOf(registered, attestation.address, "RegisterAuthority")),
  );
  await measureCollateral(record, world);
  const used = [];
  for (const path of ["hot", "warm", "ca-known"] as const) {
    if (path === "hot") {
      await submitQuote(world, {}); // what the hot path takes for known
    }
    const sent = await submitQuote(world, { path, quote: { version: 5, body: "td15" } });
    used.push(gasOf(transactionOf(sent, sent.to, "SubmitQuote")));
    record.keep("GasQuoteVerified", gasOf(transactionOf(sent, attestation.address, "QuoteVerified")));
    record.noteSizes("QuoteVerified", ...sentInternal(sent, sent.to, "SubmitQuote"));
    record.sizes.TeePlatform = accountSize(await world.chain.getContract(sent.to));
  }
  const [hot = 0, warm = 0, known = 0] = used;
  record.keep("GasSubmitQuote", hot);
  record.keep("GasVerifyQe", warm - hot);
  record.keep("GasVerifyLeaf", known - warm);
}

/** Documents and lists several times as long as Intel's are. */
async function measureCollateral(record: Recorder, world: World): Promise<void> {
  const { attestation } = world;
  const at = { rootSeed: ROOT_SEED, issuedAt: START - 60 };
  const { tcbInfo, qeIdentity } = makeTestCollateral({ ...at, tcbInfo: longTcbInfo() });
  const [leaf, authority] = MACHINE.chain;
  const serials = Array.from({ length: 500 }, (_, index) => `7e${index.toString(16).padStart(38, "0")}`);
  const list = makeTestCrl(
    {
      issuer: "Intel SGX PCK Platform CA",
      key: MACHINE.keys.ca,
      revoked: [...serials, leaf.subarray(15, 35).toString("hex")],
    },
    START - 60,
    START + DAY,
  );
  const shown = cutRevocation(leaf, authority, list);
  const snapshot = world.chain.snapshot();
  const messages = [
    ["PostTcbInfo", { $$type: "PostTcbInfo", ...QUERY, ...cutTcbInfo(tcbInfo, MACHINE.rootPublicKey) }],
    [
      "PostQeIdentity",
      { $$type: "PostQeIdentity", ...QUERY, ...cutQeIdentity(qeIdentity, MACHINE.rootPublicKey) },
    ],
    ["PostRevocation", { $$type: "PostRevocation", ...QUERY, ...shown, position: BigInt(shown.position) }],
  ] as const;
  for (const [name, message] of messages) {
    const sent = await attestation.send(world.stranger.getSender(), { value: MUCH }, message);
    record.note(`Gas${name}`, sent, attestation.address, name);
  }
  await world.chain.loadFrom(snapshot);
  showBlocks(world);
}

/** Eight modules and eight levels, a text beside each component. */
function longTcbInfo() {
  const dated = { tcbDate: "2025-05-14T00:00:00Z", tcbStatus: "UpToDate" };
  const components = Array.from({ length: 16 }, () => ({
    svn: 255,
    category: "OS/VMM",
    type: "TDX Late Microcode Update",
  }));
  const level = {
    tcb: { sgxtcbcomponents: components, pcesvn: 65_535, tdxtcbcomponents: components },
    ...dated,
  };
  const advised = { ...dated, tcbStatus: "OutOfDate", advisoryIDs: ["INTEL-SA-01036", "INTEL-SA-01099"] };
  return {
    tdxModuleIdentities: Array.from({ length: 8 }, (_, index) => ({
      id: `TDX_0${index + 1}`,
      mrsigner: "0".repeat(96),
      attributes: "0".repeat(16),
      attributesMask: "F".repeat(16),
      tcbLevels: [
        { tcb: { isvsvn: 255 }, ...dated },
        { tcb: { isvsvn: 2 }, ...advised },
      ],
    })),
    tcbLevels: Array.from({ length: 8 }, () => level),
  };
}
