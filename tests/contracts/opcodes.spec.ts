import { readFileSync } from "node:fs";
import { join } from "node:path";
import { AttestationRegistry } from "../../wrappers/AttestationRegistry";
import { EXIT_CODES } from "../../wrappers/exit-codes";
import { JobEscrow } from "../../wrappers/JobEscrow";
import { ModelMarket } from "../../wrappers/ModelMarket";
import * as generated from "../../wrappers/messages";
import { NetworkRegistry } from "../../wrappers/NetworkRegistry";
import { ProviderStake } from "../../wrappers/ProviderStake";
import { TeePlatform } from "../../wrappers/TeePlatform";

const COMMITTED: unknown = JSON.parse(readFileSync(join(__dirname, "opcodes.json"), "utf8"));
const CONTRACTS = {
  AttestationRegistry,
  JobEscrow,
  ModelMarket,
  NetworkRegistry,
  ProviderStake,
  TeePlatform,
};
/** Messages of Tact's own library, which no contract of ours receives or sends. */
const FOREIGN = new Set(["Deploy", "DeployOk", "FactoryDeploy", "ChangeOwner", "ChangeOwnerOk"]);

function ours(opcodes: Readonly<Record<string, number>>): [string, number][] {
  return Object.entries(opcodes).filter(([name]) => !FOREIGN.has(name));
}

function hex(opcode: number): string {
  return `0x${opcode.toString(16).padStart(8, "0")}`;
}

describe("Opcodes", () => {
  const all = new Map(Object.values(CONTRACTS).flatMap(({ opcodes }) => ours(opcodes)));

  it("are the committed ones, of messages and events alike", () => {
    expect(Object.fromEntries([...all].map(([name, opcode]) => [name, hex(opcode)]))).toEqual(COMMITTED);
  });

  it("are unique across the project", () => {
    expect(new Set(all.values()).size).toBe(all.size);
  });

  it.each(Object.entries(CONTRACTS))("mean in %s what they mean everywhere", (_, { opcodes }) => {
    expect(ours(opcodes).filter(([name, opcode]) => all.get(name) !== opcode)).toEqual([]);
  });
});

describe("Exit codes", () => {
  const ownCodes = Object.entries(generated).flatMap(([name, value]) =>
    name.startsWith("Err") && typeof value === "bigint" ? [[name, Number(value)] as const] : [],
  );

  it("are unique", () => {
    expect(new Set(ownCodes.map(([, code]) => code)).size).toBe(ownCodes.length);
    expect(EXIT_CODES.size).toBe(ownCodes.length);
  });

  it("lie between TVM's and Tact's own and 2047", () => {
    expect(ownCodes.filter(([, code]) => code < 256 || code > 2_047)).toEqual([]);
  });
});
