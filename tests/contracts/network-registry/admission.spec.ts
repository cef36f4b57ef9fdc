import { storeAnnounceProvider } from "../../../wrappers/messages";
import { body, deliver, NO_RECEIVER, OP, useWorld } from "../../support/actors";
import { events, expectDone, expectExcess, expectRefused } from "../../support/expect";
import { STAKE } from "../../support/world";

const world = useWorld();

function announce(overrides: { fresh?: boolean; index?: bigint } = {}, from = world().stranger) {
  return deliver(world(), {
    from,
    to: world().network.address,
    value: STAKE,
    body: body(
      storeAnnounceProvider({
        $$type: "AnnounceProvider",
        queryId: 1n,
        owner: world().owner.address,
        index: overrides.index ?? 0n,
        fresh: overrides.fresh ?? true,
        responseTo: from.address,
      }),
    ),
  });
}

async function pause(from = world().guardian, short = 0n) {
  return deliver(world(), {
    from,
    to: world().network.address,
    value: (await world().network.getMinValueToGovern()) - short,
    body: body((builder) => builder.storeUint(OP.Pause, 32).storeUint(1, 64)),
  });
}

describe("NetworkRegistry announce", () => {
  it.each([true, false])("admits nobody whose address is not a provider's (fresh: %s)", async (fresh) => {
    expectRefused(await announce({ fresh }), "ErrNotProviderStake");
    expectRefused(await announce({ fresh, index: 1n }, world().owner), "ErrNotProviderStake");
  });

  it("computes the addresses that providers and jobs are deployed at", async () => {
    const { network, owner, provider, developer } = world();
    expect((await network.getProviderOf(owner.address, 0n)).equals(provider.address)).toBe(true);
    const job = await world().job(5n);
    expect((await network.getJobOf(developer.address, 5n)).equals(job.address)).toBe(true);
  });
});

describe("NetworkRegistry pause", () => {
  it("is set by the guardian at once, and again without harm", async () => {
    const paused = await pause();
    expectDone(paused, { out: 2 });
    expectExcess(paused);
    expect(events(paused.transactions)).toEqual([{ $$type: "PauseChangedEvent", paused: true }]);
    expect((await world().network.getNetworkState()).paused).toBe(true);
    const again = await pause();
    expectDone(again, { out: 2 });
    expect(again.after.data).toBe(again.before.data);
  });

  it("is refused to anyone else, the governor included, and for one nanoton too little", async () => {
    for (const from of [world().governor, world().owner, world().stranger]) {
      expectRefused(await pause(from), "ErrNotGuardian");
    }
    expectRefused(await pause(world().guardian, 1n), "ErrValueTooLow");
  });
});

describe("Both registries and bodies that they do not know", () => {
  const bodies = [
    ["an unknown opcode", body((builder) => builder.storeUint(0xdeadbeef, 32)), NO_RECEIVER],
    ["half an opcode", body((builder) => builder.storeUint(0x4e52, 16)), NO_RECEIVER],
    ["an opcode alone", body((builder) => builder.storeUint(OP.QueueChange, 32)), 9],
  ] as const;
  const rows = bodies.flatMap(([name, content, code]) =>
    (["network", "attestation"] as const).map((registry) => ({ name, content, code, registry })),
  );
  it.each(rows)(
    "$registry returns the value of $name and changes nothing",
    async ({ content, code, registry }) => {
      const delivery = await deliver(world(), {
        from: world().stranger,
        to: world()[registry].address,
        value: STAKE,
        body: content,
      });
      expectRefused(delivery, code);
    },
  );

  // Deployment needs a receiver for empty messages.
  const contributions = [["an empty body", body(() => undefined)]] as const;
  const kept = contributions.flatMap(([name, content]) =>
    (["network", "attestation"] as const).map((registry) => ({ name, content, registry })),
  );
  it.each(kept)(
    "$registry keeps the value of $name, as rent, and changes nothing",
    async ({ content, registry }) => {
      const delivery = await deliver(world(), {
        from: world().stranger,
        to: world()[registry].address,
        value: STAKE,
        body: content,
      });
      expect(delivery.transactions).toHaveTransaction({
        from: world().stranger.address,
        to: world()[registry].address,
        exitCode: 0,
        outMessagesCount: 0,
      });
      expect(delivery.after.data).toBe(delivery.before.data);
      expect(delivery.after.balance).toBeGreaterThan(delivery.before.balance);
    },
  );
});
