import { type Cell, Dictionary } from "@ton/core";
import {
  storeAllowImage,
  storeAllowModel,
  storeExecuteChange,
  storeRaiseQeSvn,
  storeRevokeCertificate,
  storeRevokeFmspc,
  storeSetAttestors,
} from "../../../wrappers/messages";
import { attest, body, deliver, OP, useWorld } from "../../support/actors";
import { events, expectDone, expectExcess, expectRefused } from "../../support/expect";
import { ATTESTORS, DAY, IMAGE, MODEL, START } from "../../support/world";

const world = useWorld();

async function send(content: Cell, from = world().guardian, short = 0n) {
  return deliver(world(), {
    from,
    to: world().attestation.address,
    value: (await world().attestation.getMinValueToGovern()) - short,
    body: content,
  });
}

/** Queues a change and carries it out after the timelock. */
async function enact(change: Cell) {
  const changeHash = BigInt(`0x${change.hash().toString("hex")}`);
  const queued = body((b) => b.storeUint(OP.QueueChange, 32).storeUint(1, 64).storeUint(changeHash, 256));
  expectDone(await send(queued, world().governor), { out: 2 });
  world().chain.now = (world().chain.now ?? START) + DAY;
  return send(body(storeExecuteChange({ $$type: "ExecuteChange", queryId: 1n, change })), world().stranger);
}

function attestors(keys: readonly bigint[], threshold: bigint): Cell {
  const list: Dictionary<number, bigint> = Dictionary.empty(
    Dictionary.Keys.Uint(8),
    Dictionary.Values.BigUint(256),
  );
  keys.forEach((key, index) => {
    list.set(index, key);
  });
  return body(storeSetAttestors({ $$type: "SetAttestors", threshold, attestors: list }));
}

const raiseQeSvn = (qeSvn: bigint) => body(storeRaiseQeSvn({ $$type: "RaiseQeSvn", queryId: 1n, qeSvn }));

const REMOVALS = [
  [
    "RevokeImage",
    body((b) => b.storeUint(OP.RevokeImage, 32).storeUint(1, 64).storeUint(IMAGE, 256)),
    "ErrImageNotAllowed",
  ],
  [
    "RevokeModel",
    body((b) => b.storeUint(OP.RevokeModel, 32).storeUint(1, 64).storeUint(MODEL, 256)),
    "ErrModelNotAllowed",
  ],
  [
    "RevokeAttestor",
    body((b) => b.storeUint(OP.RevokeAttestor, 32).storeUint(1, 64).storeUint(0, 8)),
    "ErrBadAttestorSignature",
  ],
  ["RaiseEpoch", body((b) => b.storeUint(OP.RaiseEpoch, 32).storeUint(1, 64)), "ErrWrongEpoch"],
] as const;

describe.each(REMOVALS)("AttestationRegistry %s", (_name, content, code) => {
  it("takes effect at once when the guardian sends it", async () => {
    const tightened = await send(content);
    expectDone(tightened, { out: 2 });
    expectExcess(tightened);
    expect(events(tightened.transactions)).toMatchObject([{ $$type: "PolicyTightenedEvent" }]);
    expectRefused(await attest(world()), code);
  });

  it("is refused to anyone else, the governor included, and for one nanoton too little", async () => {
    for (const from of [world().governor, world().operator, world().stranger]) {
      expectRefused(await send(content, from), "ErrNotGuardian");
    }
    expectRefused(await send(content, world().guardian, 1n), "ErrValueTooLow");
  });

  it("does not touch a worker that is attested already, until somebody rechecks it", async () => {
    await send(content);
    expect((await world().provider.getWorkers()).size).toBe(1);
  });
});

describe("AttestationRegistry removals of what quotes need", () => {
  const removals = [
    body(storeRevokeCertificate({ $$type: "RevokeCertificate", queryId: 1n, certificateHash: 9n })),
    body(storeRevokeFmspc({ $$type: "RevokeFmspc", queryId: 1n, fmspc: 9n })),
    raiseQeSvn(5n),
  ];

  it("are the guardian's alone", async () => {
    for (const content of removals) {
      for (const from of [world().governor, world().operator, world().stranger]) {
        expectRefused(await send(content, from), "ErrNotGuardian");
      }
      expectRefused(await send(content, world().guardian, 1n), "ErrValueTooLow");
      expectDone(await send(content), { out: 2 });
    }
  });

  it("never lower the quoting enclave's version, nor raise it to what it is", async () => {
    expectDone(await send(raiseQeSvn(5n)), { out: 2 });
    expectRefused(await send(raiseQeSvn(4n)), "ErrBadParameter");
    expectRefused(await send(raiseQeSvn(5n)), "ErrBadParameter");
    expectDone(await send(raiseQeSvn(6n)), { out: 2 });
  });
});

describe("AttestationRegistry additions", () => {
  it("of an image and a model take effect after the timelock", async () => {
    const image = body(
      storeAllowImage({ $$type: "AllowImage", imageHash: 9n, expiresAt: BigInt(START + 9 * DAY), tier: 1n }),
    );
    expectDone(await enact(image), { out: 2 });
    expect((await world().attestation.getImages()).get(9n)).toMatchObject({ tier: 1n });
    expectDone(await enact(body(storeAllowModel({ $$type: "AllowModel", modelHash: 9n }))), { out: 2 });
    expect((await world().attestation.getModels()).has(9n)).toBe(true);
  });

  it.each([
    ["a threshold of zero", 3, 0n],
    ["a threshold above their number", 3, 4n],
    ["seventeen of them", 17, 2n],
  ])("of attestors refuse %s", async (_case, count, threshold) => {
    const keys = Array.from({ length: count }, (_, index) => BigInt(index + 1));
    expectRefused(await enact(attestors(keys, threshold)), "ErrBadParameter");
  });

  it("of attestors replace the whole set", async () => {
    const keys = ATTESTORS.map(({ id }) => id);
    expectDone(await enact(attestors(keys, 3n)), { out: 2 });
    const dates = { notBefore: START + DAY, expiresAt: START + 2 * DAY };
    expectRefused(await attest(world(), dates), "ErrTooFewAttestors");
    expectDone(await attest(world(), { ...dates, signers: 3 }), { out: 1 });
  });

  it("of one attestor under two indices are refused: it would sign for two", async () => {
    const key = ATTESTORS[0].id;
    expectRefused(await enact(attestors([key, key], 2n)), "ErrBadParameter");
  });
});
