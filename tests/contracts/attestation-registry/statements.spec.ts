import type { Cell, Dictionary } from "@ton/core";
import { statementSignatures } from "../../../wrappers/AttestationRegistry";
import { storeCheckWorker, storeSubmitStatement } from "../../../wrappers/messages";
import { attest, body, deliver, OP, useWorld } from "../../support/actors";
import { events, expectDone, expectRefused } from "../../support/expect";
import { testKey } from "../../support/keys";
import { ATTESTORS, createWorld, DAY, IMAGE, MODEL, START, statement } from "../../support/world";

const world = useWorld();
const FRESH = testKey("fresh worker").id;

async function submit(cell: Cell, signatures: Dictionary<number, Cell>, short = 0n) {
  return deliver(world(), {
    from: world().stranger,
    to: world().attestation.address,
    value: (await world().attestation.getMinValueToSubmitStatement(BigInt(signatures.size))) - short,
    body: body(storeSubmitStatement({ $$type: "SubmitStatement", queryId: 1n, statement: cell, signatures })),
  });
}
const signed = (by: [number, (typeof ATTESTORS)[number]][], cell: Cell) =>
  statementSignatures(new Map(by.map(([index, key]) => [index, key.sign(cell.hash())])));

describe("AttestationRegistry statement", () => {
  it.each([2, 3])("of %i attestors makes a worker at its provider, whoever carries it", async (signers) => {
    const attested = await attest(world(), { key: FRESH, signers }, world().stranger);
    expectDone(attested, { out: 1 });
    expect(attested.transactions).toHaveTransaction({
      from: world().attestation.address,
      to: world().provider.address,
      op: OP.WorkerAttested,
      exitCode: 0,
      actionResultCode: 0,
      outMessagesCount: 2,
    });
    expect(attested.transactions).toHaveTransaction({
      from: world().provider.address,
      to: world().stranger.address,
      op: OP.Excesses,
    });
    expect(events(attested.transactions)).toMatchObject([
      { $$type: "WorkerAttestedEvent", receiptPublicKey: FRESH, worker: { expiresAt: BigInt(START + DAY) } },
    ]);
    expect((await world().provider.getWorkers()).get(FRESH)?.modelHash).toBe(MODEL);
  });

  const refused: [string, Parameters<typeof statement>[1], string][] = [
    ["for another network", { networkId: -3 }, "ErrWrongNetwork"],
    ["of another epoch", { epoch: 2n }, "ErrWrongEpoch"],
    ["that starts in the future", { notBefore: START + 1 }, "ErrStatementDates"],
    ["that has ended", { notBefore: START - DAY, expiresAt: START }, "ErrStatementDates"],
    ["for more than a day", { expiresAt: START + DAY + 1 }, "ErrStatementDates"],
    ["about an image that is not listed", { imageHash: 1n }, "ErrImageNotAllowed"],
    ["about a model that is not listed", { modelHash: 1n }, "ErrModelNotAllowed"],
    ["with one signature of two", { signers: 1 }, "ErrTooFewAttestors"],
    ["without signatures", { signers: 0 }, "ErrTooFewAttestors"],
  ];
  it.each(refused)("%s is refused", async (_case, overrides, code) => {
    expectRefused(await attest(world(), { key: FRESH, ...overrides }), code);
  });

  it("for another registry of the same network is refused", async () => {
    const other = await createWorld();
    const { statement: cell, signatures } = statement({
      attestation: { ...other.attestation, address: world().network.address },
      provider: world().provider,
    });
    expectRefused(await submit(cell, signatures), "ErrWrongNetwork");
  });

  it("about an image that has expired in the list is refused", async () => {
    world().chain.now = START + 30 * DAY;
    const overrides = { key: FRESH, notBefore: START + 30 * DAY, expiresAt: START + 31 * DAY };
    expectRefused(await attest(world(), overrides), "ErrImageNotAllowed");
  });

  it("one nanoton below the least value is refused", async () => {
    const { statement: cell, signatures } = statement(world(), { key: FRESH });
    expectRefused(await submit(cell, signatures, 1n), "ErrValueTooLow");
  });

  it("delivered twice leaves the same worker", async () => {
    await attest(world(), { key: FRESH });
    const workers = (await world().provider.getWorkers()).get(FRESH);
    expectDone(await attest(world(), { key: FRESH }), { out: 1 });
    expect((await world().provider.getWorkers()).get(FRESH)).toEqual(workers);
  });
});

describe("AttestationRegistry signatures", () => {
  const cell = () => statement(world(), { key: FRESH }).statement;
  const [first, second] = ATTESTORS;
  const stranger = testKey("nobody");

  it("of one attestor under two indices count as no two attestors", async () => {
    expectRefused(
      await submit(
        cell(),
        signed(
          [
            [0, first],
            [1, first],
          ],
          cell(),
        ),
      ),
      "ErrBadAttestorSignature",
    );
  });

  it("under an index that has no attestor refuse all", async () => {
    expectRefused(
      await submit(
        cell(),
        signed(
          [
            [0, first],
            [1, second],
            [9, first],
          ],
          cell(),
        ),
      ),
      "ErrBadAttestorSignature",
    );
  });

  it("of somebody else refuse all, though enough others signed", async () => {
    expectRefused(
      await submit(
        cell(),
        signed(
          [
            [0, first],
            [1, second],
            [2, stranger],
          ],
          cell(),
        ),
      ),
      "ErrBadAttestorSignature",
    );
  });

  it("under another statement do not count", async () => {
    const other = statement(world(), { key: FRESH, expiresAt: START + DAY - 1 });
    expectRefused(await submit(cell(), other.signatures), "ErrBadAttestorSignature");
  });
});

describe("AttestationRegistry check", () => {
  it("answers anyone, and tells nothing but whether the policy holds", async () => {
    const check = (imageHash: bigint, epoch: bigint) =>
      deliver(world(), {
        from: world().stranger,
        to: world().attestation.address,
        value: 50_000_000n,
        body: body(
          storeCheckWorker({
            $$type: "CheckWorker",
            queryId: 1n,
            receiptPublicKey: FRESH,
            responseTo: world().stranger.address,
            imageHash,
            modelHash: MODEL,
            epoch,
          }),
        ),
      });
    for (const [image, epoch] of [
      [IMAGE, 1n],
      [IMAGE, 2n],
      [9n, 1n],
    ] as const) {
      const checked = await check(image, epoch);
      expectDone(checked, { out: 1 });
      expect(checked.transactions).toHaveTransaction({
        from: world().attestation.address,
        to: world().stranger.address,
        op: OP.WorkerChecked,
        body: (answer?: Cell) => {
          const slice = answer?.beginParse().skip(32 + 64 + 256);
          return slice?.loadBit() === (image === IMAGE && epoch === 1n);
        },
      });
      expect(checked.after.data).toBe(checked.before.data);
    }
  });
});
