import { readFile } from "node:fs/promises";
import { FinalError } from "../../errors";
import { type Collateral, parseCollateral } from "../tdx/collateral";
import { parseTcbInfo } from "../tdx/tcbInfo";
import type { CollateralSource } from "./collateralSource";

/** Reads a collateral file, or a list of them for several families of machines. Throws `BAD_REQUEST`. */
export async function readCollateralFile(path: string): Promise<readonly Collateral[]> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new FinalError("BAD_REQUEST", "The collateral file cannot be read as JSON.", { path }, { cause });
  }
  return (Array.isArray(value) ? value : [value]).map(parseCollateral);
}

/**
 * Collateral from a file that somebody renews; it is read anew each time, and is as old as it is.
 *
 * @example
 * import { createFileCollateral } from "cocoon/client";
 *
 * const collateral = createFileCollateral("no-such-file.json");
 * const machine = { tee: "tdx", fmspc: "50806f000000", ca: "platform" };
 * const failure = await collateral.get(machine).catch(({ code }) => code);
 * console.log(failure); // BAD_REQUEST
 */
export function createFileCollateral(path: string): CollateralSource {
  return {
    async get({ fmspc, tee }) {
      const found = (await readCollateralFile(path)).find(({ tcbInfo }) => {
        const info = parseTcbInfo(tcbInfo.text);
        return info?.fmspc === fmspc && info.id === tee.toUpperCase();
      });
      if (found === undefined) {
        throw new FinalError("ATTESTATION_MISSING", "The collateral file has nothing on this machine.", {
          fmspc,
        });
      }
      return found;
    },
  };
}
