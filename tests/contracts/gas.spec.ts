import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { measureDemand } from "../../bench/demandCost";
import { measureFraud } from "../../bench/fraudCost";
import { measureGas } from "../../bench/gas/measureGas";
import { type Measured, sizeOf } from "../../bench/gas/recorder";
import { measureQuotes } from "../../bench/quoteCost";
import { measureSession } from "../../bench/session";
import { attestationRegistry } from "../../wrappers/AttestationRegistry";
import { codeLibrary } from "../../wrappers/CodeLibrary";
import { contractCodes } from "../../wrappers/codes";
import * as constants from "../../wrappers/messages";
import { networkRegistry } from "../../wrappers/NetworkRegistry";
import { createWorld, networkParams } from "../support/world";

const TABLE = join(__dirname, "../../bench/gas.json");
const named: Readonly<Record<string, unknown>> = constants;

function constant(name: string): number {
  const value = named[name];
  if (typeof value !== "bigint") {
    throw new Error(`contracts/shared/gas.tact has no ${name}.`);
  }
  return Number(value);
}

async function codeSizes() {
  const {
    governor: { address: someone },
  } = await createWorld();
  const roles = { treasury: someone, arbiter: someone, attestationRegistry: someone };
  const offices = { governor: someone, guardian: someone, timelockSeconds: 0 };
  const network = await networkRegistry({ ...offices, params: networkParams(roles) });
  const lists = { attestors: [], threshold: 1, images: [], models: [] };
  const attestation = await attestationRegistry({ ...offices, ...lists });
  const codes = await contractCodes("whole");
  const library = await codeLibrary(codes.job);
  const all = {
    JobEscrow: codes.job,
    CodeLibrary: library.init?.code,
    ProviderStake: codes.provider,
    TeePlatform: codes.platform,
    NetworkRegistry: network.init?.code,
    AttestationRegistry: attestation.init?.code,
  };
  return Object.fromEntries(
    Object.entries(all).map(([name, code]) => [name, sizeOf(code === undefined ? [] : [code])]),
  );
}

type Size = Measured["sizes"][string];
const sum = (one: Size, other: Size = { cells: 0, bits: 0 }): Size => ({
  cells: one.cells + other.cells,
  bits: one.bits + other.bits,
});

describe("Gas and sizes", () => {
  let measured: Measured;
  let twentyLevels: number;
  beforeAll(async () => {
    const { gas, sizes } = await measureGas();
    const fraud = await measureFraud();
    const demand = await measureDemand();
    twentyLevels = fraud.twentyLevels;
    measured = {
      gas: {
        ...gas,
        GasProveFraud: fraud.proof - (gas.GasEndJob ?? 0),
        GasSlashing: fraud.slashing - (gas.GasJobClosed ?? 0),
        GasDemand: demand.demand,
        GasShowReceipt: demand.answer,
        GasWalletSend: demand.walletSend,
      },
      sizes: { ...sizes, FraudMessages: sum(fraud.size, sizes.ReportSale), ...demand.sizes },
    };
  }, 400_000);

  it("every constant covers its handler's most expensive legal case, by no more than a quarter", () => {
    const wrong = Object.entries(measured.gas).flatMap(([name, gas]) => {
      const allowed = constant(name);
      return gas <= allowed && allowed <= gas * 1.25 + 500 ? [] : [{ name, gas, allowed }];
    });
    expect(wrong).toEqual([]);
  });

  it("every size covers what is sent or stored, by no more than a quarter", () => {
    const wrong = Object.entries(measured.sizes).flatMap(([name, { cells, bits }]) => {
      const allowed = { cells: constant(`${name}Cells`), bits: constant(`${name}Bits`) };
      const fits = cells <= allowed.cells && bits <= allowed.bits;
      const tight = allowed.cells <= cells * 1.25 && allowed.bits <= bits * 1.25 + 500;
      return fits && tight ? [] : [{ name, cells, bits, allowed }];
    });
    expect(wrong).toEqual([]);
  });

  it("no constant goes unmeasured", () => {
    const names = Object.keys(named).filter((name) => /^Gas[A-Z]|^(?!Max).*(Cells|Bits)$/.test(name));
    const known = new Set([
      ...Object.keys(measured.gas),
      ...Object.keys(measured.sizes).flatMap((name) => [`${name}Cells`, `${name}Bits`]),
    ]);
    expect(names.filter((name) => !known.has(name))).toEqual([]);
  });

  it("is what bench/gas.json says; UPDATE_GAS=1 writes it anew", async () => {
    const { sessionTotalNano, closedByMessageNano, ...session } = await measureSession();
    const now = {
      // With W5 wallets; the handlers' usual case.
      session: {
        ...session,
        total: { ton: Number(sessionTotalNano) / 1e9 },
        closedByMessage: { ton: Number(closedByMessageNano) / 1e9 },
      },
      // A quote's way to the chain, by what is known already, and the signature check in it.
      ...(await measureQuotes()),
      // A receipt in a log of 2^20, in a job with one lane.
      fraudproof: { "20-level": { gas: twentyLevels } },
      // Most expensive legal cases.
      gas: measured.gas,
      sizes: measured.sizes,
      code: await codeSizes(),
    };
    if (process.env.UPDATE_GAS === "1") {
      writeFileSync(TABLE, `${JSON.stringify(now, null, 2)}\n`);
    }
    expect(now).toEqual(JSON.parse(readFileSync(TABLE, "utf8")));
  }, 400_000);
});
