import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rmdir, stat, statfs } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join, resolve } from "node:path";
import { ROOT } from "../root";
import { type Check, checked, failed } from "./checks";

/** Below this a database that grows by receipts is soon in trouble; a busy gateway writes less than 1 GiB a day. */
const LEAST_FREE_BYTES = 1024 ** 3;
const TEE_DEVICES = [
  ["/dev/tdx_guest", "Intel TDX"],
  ["/dev/sev-guest", "AMD SEV-SNP"],
] as const;

/** This version, and whether Node is one it runs on. */
export function checkVersion(node: string): Check {
  const { version, engines } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const least = String(engines.node).replace(/[^\d.]/g, "");
  return isBefore(node, least)
    ? failed("version", { detail: `Node ${node} is too old`, fix: `Install Node ${least} or later.` })
    : { name: "version", outcome: "ok", detail: `cocoon ${version}, Node ${node}` };
}

function isBefore(version: string, least: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [leastMajor = 0, leastMinor = 0] = least.split(".").map(Number);
  return major < leastMajor || (major === leastMajor && minor < leastMinor);
}

/** The folder that holds session keys and receipts: there or to be made, writable, nobody else's to read, with room. */
export function checkState(directory: string, leastFreeBytes = LEAST_FREE_BYTES): Promise<Check> {
  const folder = resolve(directory);
  const fix = "Name a folder that this user may write in COCOON_DATA_DIR.";
  return checked("state", fix, async () => {
    const standing = nearest(folder);
    const found = await stat(standing);
    if (!found.isDirectory()) {
      throw new Error(`${standing} is no folder.`);
    }
    const tried = await mkdtemp(join(standing, ".doctor-")).catch((cause: unknown) => {
      throw new Error(`${standing} cannot be written.`, { cause });
    });
    await rmdir(tried);
    if (standing === folder && (found.mode & 0o077) !== 0) {
      return failed("state", {
        detail: `${folder} is open to others (mode ${(found.mode & 0o777).toString(8)})`,
        fix: `chmod 700 ${folder}`,
      });
    }
    const { bavail, bsize } = await statfs(standing);
    const free = bavail * bsize;
    if (free < leastFreeBytes) {
      return failed("state", {
        detail: `only ${gib(free)} GiB free at ${folder}`,
        fix: `Free at least ${gib(leastFreeBytes - free)} GiB more, or name another disk in COCOON_DATA_DIR.`,
      });
    }
    return `${folder}${standing === folder ? "" : " (to be made)"}: ${gib(free)} GiB free`;
  });
}

/** The folder, or the first above it that exists. */
function nearest(folder: string): string {
  const parent = dirname(folder);
  return existsSync(folder) || parent === folder ? folder : nearest(parent);
}

function gib(bytes: number): string {
  return (bytes / 1024 ** 3).toFixed(1);
}

/** A file of variables holds wallets' words and API keys. */
export function checkSecrets(file: string): Promise<Check> {
  const path = resolve(file);
  return checked("secrets", `Make ${path} readable to this user.`, async () => {
    if (!existsSync(path)) {
      return `no ${file} here`;
    }
    const { mode } = await stat(path);
    return (mode & 0o077) === 0
      ? `${path} is this user's alone`
      : failed("secrets", {
          detail: `others may read ${path} (mode ${(mode & 0o777).toString(8)})`,
          fix: `chmod 600 ${path}`,
        });
  });
}

export function checkTee(devices: readonly (readonly [string, string])[] = TEE_DEVICES): Check {
  const found = devices.find(([device]) => existsSync(device));
  return found === undefined
    ? {
        name: "TEE",
        outcome: "note",
        detail: "no TEE device here",
        fix: "A worker for others needs a TDX or SEV-SNP guest; on a network of your own, the development platform.",
      }
    : { name: "TEE", outcome: "ok", detail: `${found[1]} (${found[0]})` };
}

/** Free, or taken: by what, only its owner knows. */
export function checkPort(
  name: string,
  { port, variable, host }: { readonly port: number; readonly variable: string; readonly host: string },
): Promise<Check> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (thrown: NodeJS.ErrnoException) =>
      resolve(
        thrown.code === "EADDRINUSE"
          ? {
              name: "port",
              outcome: "note",
              detail: `${port} (${name}) is in use`,
              fix: `If not by this ${name} already, set ${variable} to another port.`,
            }
          : failed("port", {
              detail: `${port} (${name}) cannot be opened at ${host}: ${thrown.code}`,
              fix: `Set COCOON_HOST to an address of this machine, and ${variable} to a port above 1023.`,
            }),
      ),
    );
    server.listen(port, host, () =>
      server.close(() => resolve({ name: "port", outcome: "ok", detail: `${port} (${name}) is free` })),
    );
  });
}
