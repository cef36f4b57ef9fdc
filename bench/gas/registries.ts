import { beginCell, Dictionary } from "@ton/core";
import { testKey } from "../../tests/support/keys";
import { catalog, createWorld, DAY, STAKE, START, statement } from "../../tests/support/world";
import { storeSetAttestors } from "../../wrappers/messages";
import { chainOfKeys, MUCH, QUERY } from "./fullWorld";
import { gasOf, type Recorder, sentEvents, transactionOf } from "./recorder";

const MAX_ATTESTORS = 16;

export async function measureGovernance(record: Recorder): Promise<void> {
  const world = await createWorld();
  const { governor, guardian, attestation, stranger } = world;
  const value = MUCH;
  const attestors = Dictionary.empty<number, bigint>(Dictionary.Keys.Uint(8), Dictionary.Values.BigUint(256));
  for (let index = 0; index < MAX_ATTESTORS; index++) {
    attestors.set(index, testKey(`attestor ${index}`).id);
  }
  const change = beginCell()
    .store(storeSetAttestors({ $$type: "SetAttestors", threshold: 1n, attestors }))
    .endCell();
  const hash = BigInt(`0x${change.hash().toString("hex")}`);
  for (const changeHash of chainOfKeys(hash, MAX_ATTESTORS).reverse()) {
    const queued = await attestation.send(
      governor.getSender(),
      { value },
      { $$type: "QueueChange", ...QUERY, changeHash },
    );
    record.note("GasGovern", queued, attestation.address, "QueueChange");
  }
  const snapshot = world.chain.snapshot();
  const cancelled = await attestation.send(
    guardian.getSender(),
    { value },
    { $$type: "CancelChange", ...QUERY, changeHash: hash },
  );
  record.note("GasGovern", cancelled, attestation.address, "CancelChange");
  await world.chain.loadFrom(snapshot);
  world.chain.now = START + 2 * DAY;
  const executed = await attestation.send(
    stranger.getSender(),
    { value },
    { $$type: "ExecuteChange", ...QUERY, change },
  );
  record.note("GasGovern", executed, attestation.address, "ExecuteChange");
  record.noteSizes("Change", ...sentEvents(executed, attestation.address, "ExecuteChange"));
}

export async function measureStatements(record: Recorder): Promise<void> {
  const keys = Array.from({ length: MAX_ATTESTORS }, (_, index) => testKey(`attestor ${index}`));
  const world = await createWorld({ attestors: keys, threshold: 1 });
  await world.provider.send(
    world.owner.getSender(),
    { value: STAKE + MUCH },
    { $$type: "RegisterProvider", ...QUERY, stake: STAKE, catalog: catalog(world.operator.address) },
  );
  const used: number[] = [];
  for (let signers = 1; signers <= MAX_ATTESTORS; signers++) {
    const result = await world.attestation.send(
      world.operator.getSender(),
      { value: MUCH },
      statement(world, { signers, attestors: keys }),
    );
    used.push(gasOf(transactionOf(result, world.attestation.address, "SubmitStatement")));
  }
  const [one = 0] = used;
  // A line that no number of signatures exceeds: the eleventh and later ones cost more than the first ten.
  const perAttestor = Math.max(...used.slice(1).map((gas, i) => Math.ceil((gas - one) / (i + 1))));
  record.keep("GasPerAttestor", perAttestor);
  record.keep("GasSubmitStatement", one - perAttestor);
}
