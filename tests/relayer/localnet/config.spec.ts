import { Cell, Dictionary, internal, toNano } from "@ton/core";
import { Blockchain, defaultConfig } from "@ton/sandbox";
import { LOCALNET_GLOBAL_ID, MAINNET_2026_CONFIG, networkConfig } from "../../../relayer/localnet/config";
import { devWallet } from "../../../relayer/localnet/devWallets";
import { environmentContract, storedEnvironment } from "./environmentContract";
import { clientOf, openWallet, startInstant } from "./fixture";

const parametersOf = (config: Cell) =>
  Dictionary.loadDirect(Dictionary.Keys.Int(32), Dictionary.Values.Cell(), config);

describe("localnet config", () => {
  it("carries the global id it was made for", () => {
    expect(parametersOf(networkConfig(-7)).get(19)?.beginParse().loadInt(32)).toBe(-7);
    expect(parametersOf(networkConfig()).get(19)?.beginParse().loadInt(32)).toBe(LOCALNET_GLOBAL_ID);
    expect(parametersOf(MAINNET_2026_CONFIG).get(19)?.beginParse().loadInt(32)).toBe(-239);
  });

  it("changes no parameter but prices and global id", () => {
    const base = parametersOf(Cell.fromBase64(defaultConfig));
    const changed = [...parametersOf(MAINNET_2026_CONFIG)]
      .filter(([key, value]) => !base.get(key)?.equals(value))
      .map(([key]) => key);
    expect(changed).toEqual([18, 21, 25]);
  });

  it("charges 2026's gas, forward and storage prices in a sandbox test", async () => {
    const blockchain = await Blockchain.create({ config: MAINNET_2026_CONFIG });
    blockchain.now = 1_800_000_000;
    const block = {
      workchain: -1,
      shard: 0n,
      seqno: 1,
      rootHash: Buffer.alloc(32),
      fileHash: Buffer.alloc(32),
    };
    blockchain.prevBlocks = { lastMcBlocks: [block], prevKeyBlock: block, lastMcBlocks100: [block] };
    const sender = await blockchain.treasury("sender");
    const send = () =>
      sender.send({ to: environmentContract.address, value: toNano(1), init: environmentContract.init });
    await send();
    blockchain.now += 10_000_000;
    const { transactions } = await send();

    const received = transactions.find(
      (t) => t.inMessage?.info.dest?.toString() === environmentContract.address.toString(),
    );
    if (received?.description.type !== "generic" || received.description.computePhase.type !== "vm") {
      throw new Error("The contract did not run");
    }
    const { gasUsed, gasFees } = received.description.computePhase;
    expect(gasUsed).toBeGreaterThan(100n);
    expect(gasFees).toBe(6_667n + ceilDiv((gasUsed - 100n) * 4_369_067n, 65_536n));
    // 3 cells (account, code, data) at 135 for 10^7 seconds; bits are free.
    expect(received.description.storagePhase?.storageFeesCollected).toBe(
      ceilDiv(3n * 135n * 10_000_000n, 65_536n),
    );
    const info = received.inMessage?.info;
    if (info?.type !== "internal") {
      throw new Error("The contract took no internal message");
    }
    // The message has one more cell at most; two thirds of the fee go to the receiving side.
    expect(info.forwardFee).toBeLessThan(100_000n);
    expect(info.forwardFee).toBeGreaterThanOrEqual((66_667n * 2n) / 3n);
  });
});

describe("localnet global id", () => {
  it.each([LOCALNET_GLOBAL_ID, -3])("is %i for a transaction and for a getter", async (globalId) => {
    const net = await startInstant({ globalId });
    try {
      const wallet = await openWallet(net, "deployer");
      await wallet.send({
        seqno: 0,
        messages: [
          internal({ to: environmentContract.address, value: toNano(1), init: environmentContract.init }),
        ],
      });
      expect(
        storedEnvironment(await clientOf(net).getContractState(environmentContract.address)).globalId,
      ).toBe(globalId);
      const { stack } = await clientOf(net).runMethod(environmentContract.address, "environment");
      expect(stack.readNumber()).toBe(globalId);
      expect(devWallet("deployer").v5.equals(wallet.address)).toBe(true);
    } finally {
      await net.close();
    }
  });
});

const ceilDiv = (value: bigint, by: bigint): bigint => (value + by - 1n) / by;
