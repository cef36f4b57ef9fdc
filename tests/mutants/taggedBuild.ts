import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Cell } from "@ton/core";

export const CONTRACTS = [
  "JobEscrow",
  "NetworkRegistry",
  "ProviderStake",
  "ModelMarket",
  "AttestationRegistry",
  "TeePlatform",
  "CodeLibrary",
  "GuestBook",
] as const;

export interface Built {
  readonly contract: string;
  readonly original: Cell;
  readonly tagged: Cell;
}

/** Compiles the tagged sources, unless it was done before, and reads them beside the build as it is. */
export function taggedBuild(root: string, sources: ReadonlyMap<string, string>): Built[] {
  const dir = join(root, ".cocoon", "mutants");
  const digest = createHash("sha256")
    .update(JSON.stringify([...sources]))
    .digest("hex");
  const stamp = join(dir, "sources");
  if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== digest) {
    rmSync(dir, { recursive: true, force: true });
    for (const [name, source] of sources) {
      const file = join(dir, "contracts", name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, source);
    }
    writeFileSync(join(dir, "tact.config.json"), readFileSync(join(root, "tact.config.json")));
    const tact = join(root, "node_modules", "@tact-lang", "compiler", "bin", "tact.js");
    const { status } = spawnSync(
      process.execPath,
      [tact, "--quiet", "--config", join(dir, "tact.config.json")],
      {
        stdio: ["ignore", "ignore", "inherit"],
      },
    );
    if (status !== 0) {
      throw new Error("The tagged contracts could not be compiled.");
    }
    writeFileSync(stamp, digest);
  }
  const codeOf = (of: string, contract: string) => {
    const [cell] = Cell.fromBoc(
      readFileSync(join(of, "build", contract, `${contract}_${contract}.code.boc`)),
    );
    if (cell === undefined) {
      throw new Error(`${contract} has no code.`);
    }
    return cell;
  };
  return CONTRACTS.map((contract) => ({
    contract,
    original: codeOf(root, contract),
    tagged: codeOf(dir, contract),
  }));
}
