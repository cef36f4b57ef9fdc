import { toNano } from "@ton/core";
import { type AttestationLog, createAttestationLog } from "../../../relayer/client/attestationLog";
import type { Clock } from "../../../relayer/observe/clock";
import { ATTESTORS, statement } from "../../support/world";
import { createWorld, type World } from "../gateway/support/world";
import { IMAGE_HASH, MODEL_HASH, named, toUint } from "../support/deployNetwork";

jest.setTimeout(180_000);

const DAY = 86_400;

describe("how workers came to be attested", () => {
  let world: World;
  let log: AttestationLog;
  let begin: () => AttestationLog;
  let provider: string;
  let aheadMs = 0;
  const clock: Clock = { nowMs: () => world.clock.nowMs() + aheadMs };
  beforeAll(async () => {
    world = await createWorld({
      tdx: { rootSeed: named("root of this log's machines"), image: "log tests" },
    });
    const { net, network } = world;
    const { globalId } = net.chain;
    const { address: registry } = network.registry;
    begin = () =>
      createAttestationLog({
        reader: network.reader,
        network: { globalId, registry, attestationRegistry: network.attestation.address },
        clock,
      });
    log = begin();
    provider = world.supply.address;
  });
  afterAll(() => world.close());

  const keyOf = (hex: string) => BigInt(`0x${hex}`);
  /** Two attestors say that this worker is attested until so many seconds from now. */
  async function attest(key: string, seconds: number) {
    const { net, network } = world;
    const now = net.chain.now();
    const signed = statement(network, {
      ...{ key: keyOf(key), modelHash: toUint(MODEL_HASH), imageHash: toUint(IMAGE_HASH) },
      ...{ notBefore: now + seconds - DAY, expiresAt: now + seconds, networkId: net.chain.globalId },
      attestors: ATTESTORS,
    });
    await network.attestation.send(await network.via("spare2"), { value: toNano("0.1") }, signed);
    await log.refresh();
  }

  it("tells a quote that the contracts verified from a statement that attestors signed", async () => {
    await log.refresh();
    const quoted = { provider, key: world.supply.worker().receiptPublicKey };
    const stated = { provider, key: "ab".repeat(32) };
    expect([log.verifiedBy(quoted), log.verifiedBy(stated)]).toEqual(["chain", undefined]);
    await attest(stated.key, 3_600);
    expect([log.verifiedBy(quoted), log.verifiedBy(stated)]).toEqual(["chain", "attestors"]);
    expect(log.verifiedBy({ ...stated, provider: `0:${"cd".repeat(32)}` })).toBeUndefined();
  });

  it("holds to the one that stands: an older one changes nothing, one that lasts longer does", async () => {
    const { receiptPublicKey: key } = world.supply.worker();
    const standing = async () => (await world.network.provider.getWorkers()).get(keyOf(key))?.hpkeKeyHash;
    const quoted = await standing();
    await attest(key, 60);
    expect([log.verifiedBy({ provider, key }), await standing()]).toEqual(["chain", quoted]);
    await attest(key, DAY);
    expect([log.verifiedBy({ provider, key }), await standing()]).toEqual(["attestors", 0x3333n]);
  });

  it("forgets those that have ended, and finds none older than a day when it begins", async () => {
    const { receiptPublicKey: key } = world.supply.worker();
    const late = begin();
    await late.refresh();
    expect(late.verifiedBy({ provider, key })).toBe("attestors");
    aheadMs = (DAY + 3_600) * 1_000;
    await log.refresh();
    expect(log.verifiedBy({ provider, key })).toBeUndefined();
    const later = begin();
    await later.refresh();
    expect(later.verifiedBy({ provider, key })).toBeUndefined();
  });
});
