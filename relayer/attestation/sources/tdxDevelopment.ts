import { createHash } from "node:crypto";
import { toHex } from "../../protocol";
import { formatCollateral } from "../tdx/collateral";
import { imageHash } from "../tdx/imageHash";
import { makeTestCollateral } from "../tdx/makeTestCollateral";
import { makeTestMachine, makeTestQuote, TEST_FACTS, type TestTdField } from "../tdx/makeTestQuote";
import { parseQuote } from "../tdx/quote";
import type { QuoteSource } from "./quoteSource";

/** A machine of nobody's hardware: who holds the seed [32] vouches for any image on networks that pin its root. */
export interface TdxDevelopmentPlatform {
  readonly rootSeed: Uint8Array;
  /** Stands for what a build of the worker's image would measure. */
  readonly image: string;
}

/**
 * Signs quotes of Intel's shape under a root of one's own. Everything that reads them runs the code that reads
 * Intel's; a network that pins Intel's root refuses them as it refuses any forgery.
 */
export function createTdxDevelopmentSource(platform: TdxDevelopmentPlatform): QuoteSource {
  const machine = makeTestMachine({ rootSeed: platform.rootSeed });
  return {
    tee: "tdx",
    async quote(reportData) {
      const quote = makeTestQuote(machine, { reportData, td: measurementsOf(platform.image) });
      return { kind: "tdx", quote: quote.toString("base64") };
    },
  };
}

/** What a network must pin and allow to believe this platform. */
export function describeTdxDevelopment(platform: TdxDevelopmentPlatform, nowSeconds: number) {
  const machine = makeTestMachine({ rootSeed: platform.rootSeed });
  const td = measurementsOf(platform.image);
  const quote = parseQuote(makeTestQuote(machine, { reportData: new Uint8Array(64), td }));
  const { body } = quote;
  if (body.kind !== "tdx") {
    throw new TypeError("a development quote is a TD's");
  }
  return {
    /** x ‖ y [64]. */
    rootKey: machine.rootPublicKey,
    imageHash: imageHash(body.td),
    /** The versions that this machine just meets. */
    quotes: {
      rootKey: toHex(machine.rootPublicKey),
      qeSvn: quote.qe.report.isvSvn,
      machines: [
        {
          fmspc: toHex(TEST_FACTS.fmspc),
          components: toHex(Uint8Array.from(TEST_FACTS.components)),
          pceSvn: TEST_FACTS.pceSvn,
          tdxComponents: toHex(body.td.teeTcbSvn),
          modules: moduleMinimum(body.td.teeTcbSvn),
        },
      ],
    },
    /** The file form; good for seven days. */
    collateral: formatCollateral(makeTestCollateral({ rootSeed: platform.rootSeed, issuedAt: nowSeconds })),
  };
}

/** The module's version says which byte, counted from the last; its ISVSVN is what stands there. */
function moduleMinimum(teeTcbSvn: Uint8Array): string {
  const [svn = 0, version = 0] = teeTcbSvn;
  const modules = new Uint8Array(8);
  modules[8 - version] = svn;
  return toHex(modules);
}

function measurementsOf(image: string): Partial<Record<TestTdField, Uint8Array>> {
  const measure = (part: string) => createHash("sha384").update(`${image}\0${part}`).digest();
  return {
    mrTd: measure("firmware"),
    rtmr1: measure("kernel"),
    rtmr2: measure("initrd and command line"),
  };
}
