import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { beginCell, Cell, contractAddress, toNano } from "@ton/core";
import { devWallet } from "../../../relayer/localnet/devWallets";
import { clientOf, startInstant } from "./fixture";

/** SETCP 0; DROP: answers any getter with its arguments and takes any message. */
const init = { code: beginCell().storeBuffer(Buffer.from("FF0030", "hex")).endCell(), data: Cell.EMPTY };
const address = contractAddress(0, init);

describe("blueprint run on a localnet", () => {
  it.each(["v5r1", "v4"] as const)(
    "deploys, pays and reads from a %s wallet of the known words",
    async (version) => {
      const net = await startInstant({ blockMs: 100, finalityBlocks: 2 });
      try {
        const wallet = devWallet("deployer");
        const network = [
          "--custom",
          net.endpoint,
          "--custom-version",
          "v2",
          "--custom-type",
          "custom",
          "--mnemonic",
        ];
        const script = ["run", "deployAndPay", address.toString(), init.code.toBoc().toString("hex")];
        const { stdout } = await promisify(execFile)(
          "npx",
          ["--no-install", "blueprint", ...script, ...network],
          {
            cwd: join(__dirname, "blueprintProject"),
            env: { ...process.env, WALLET_MNEMONIC: wallet.mnemonic, WALLET_VERSION: version },
            timeout: 50_000,
          },
        );
        const connected = version === "v4" ? wallet.v4 : wallet.v5;
        expect(stdout).toContain(connected.toString({ bounceable: false }));
        expect(stdout).toContain("gas price 4369067");
        expect(stdout).toContain("answer 42");
        const balance = await clientOf(net).getBalance(address);
        expect(balance).toBeGreaterThan(toNano("1.24"));
        expect(balance).toBeLessThanOrEqual(toNano("1.25"));
      } finally {
        await net.close();
      }
    },
  );
});
