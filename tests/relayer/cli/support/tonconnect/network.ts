import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DevRole } from "../../../../../relayer/localnet/devWallets";
import { type Localnet, startLocalnet } from "../../../../../relayer/localnet/startLocalnet";
import { silentLog } from "../../../../../relayer/observe/log";
import { type DeployedNetwork, deployNetwork } from "../../../support/deployNetwork";
import { commandsWith, type Given, type Ran } from "../runCommand";
import { type Bridge, startBridge } from "./bridge";
import { createPhone, type Phone } from "./phone";

/** A network, a bridge, and phones with wallets on it. */
export interface AppWorld {
  readonly net: Localnet;
  readonly network: DeployedNetwork;
  readonly bridge: Bridge;
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  phone(role: DevRole, chain?: string): Promise<Phone>;
  /** Runs a command whose link is scanned by this phone. */
  run(args: readonly string[], phone?: Phone, given?: Given): Promise<Ran>;
  close(): Promise<void>;
}

export async function createAppWorld(): Promise<AppWorld> {
  const net = await startLocalnet({ port: 0, blockMs: 0, finalityBlocks: 0, log: silentLog });
  const network = await deployNetwork(net);
  const bridge = await startBridge();
  const folder = mkdtempSync(join(tmpdir(), "cocoon-app-"));
  const deployment = join(folder, "deployment.json");
  writeFileSync(
    deployment,
    JSON.stringify({
      globalId: net.chain.globalId,
      networkRegistry: network.registry.address.toString(),
      attestationRegistry: network.attestation.address.toString(),
    }),
  );
  process.env.COCOON_DEPLOYMENT = deployment;
  const env = {
    COCOON_ENDPOINTS: net.endpoint,
    COCOON_DEPLOYMENT: deployment,
    COCOON_PROVIDER: network.provider.address.toString(),
    COCOON_TONCONNECT_BRIDGE: bridge.url,
    COCOON_TONCONNECT_MANIFEST: bridge.manifestUrl,
    COCOON_TONCONNECT_FILE: join(folder, "config", "tonconnect.json"),
    COCOON_TONCONNECT_SECONDS: "60",
  };
  const phones: Phone[] = [];
  const { run } = commandsWith(() => env);
  return {
    net,
    network,
    bridge,
    folder,
    env,
    phone: async (role, chain = String(net.chain.globalId)) => {
      const { reader } = network;
      const phone = createPhone({ bridge, reader, wallet: await network.wallet(role), network: chain });
      phones.push(phone);
      return phone;
    },
    run: (args, phone, given = {}) => run(args, { onStderr: scanning(phone), ...given }),
    close: async () => {
      delete process.env.COCOON_DEPLOYMENT;
      for (const phone of phones) {
        phone.close();
      }
      await bridge.close();
      await network.close();
      await net.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Scans the first link that is shown. */
export function scanning(phone: Phone | undefined): (text: string) => void {
  let isScanned = false;
  return (text) => {
    const link = linkIn(text);
    if (link !== undefined && phone !== undefined && !isScanned) {
      isScanned = true;
      void phone.scan(link);
    }
  };
}

export function linkIn(text: string): string | undefined {
  return /^ {2}(\S+:\/\/\S+)$/m.exec(text)?.[1];
}
