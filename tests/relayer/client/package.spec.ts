import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { createContext, runInContext } from "node:vm";
import { build, type Plugin } from "esbuild";
import { chromium } from "playwright-core";
import { z } from "zod";
import type { ReceiptFile } from "../../../relayer/client";
import { decodeBind, fromBase64, hashHpkeKey, toHex } from "../../../relayer/protocol";
import type { PageInput, PageOutput } from "./support/browserPage";
import { NETWORK_ID, NOW, receiptFile } from "./support/enclave";

const packager: Record<"buildForNode" | "buildForBrowser", (outdir: string) => Promise<unknown>> & {
  readonly browserCrypto: Plugin;
} = require("../../../relayer/client/buildPackage.cjs");
const ROOT = resolve(__dirname, "..", "..", "..");
const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) =>
  existsSync(path),
);
const metafile = z.object({
  inputs: z.record(z.string(), z.unknown()),
  outputs: z.record(
    z.string(),
    z.object({ inputs: z.record(z.string(), z.object({ bytesInOutput: z.number() })) }),
  ),
});
/** What a page that verifies a receipt needs of this repository, and nothing else of it. */
const VERIFIES = [
  "relayer/client/receiptFile.ts",
  "relayer/client/verifyReceipt.ts",
  "relayer/errors.ts",
  ...["bind", "bytes", "crypto.browser", "head", "hpke", "ids", "merkle", "receipt", "terms", "text"].map(
    (name) => `relayer/protocol/${name}.ts`,
  ),
];

/** A project that depends on this package, as `npm install` would lay it out. */
function layOut(folder: string): string {
  const consumer = join(folder, "consumer");
  const installed = join(consumer, "node_modules", "cocoon");
  mkdirSync(installed, { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  writeFileSync(join(installed, "package.json"), readFileSync(join(ROOT, "package.json")));
  return consumer;
}

describe("the package that others import", () => {
  let folder: string;
  let consumer: string;
  let dist: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "cocoon-package-"));
    consumer = layOut(folder);
    dist = join(consumer, "node_modules", "cocoon", "dist");
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("is imported and required by plain Node, without TypeScript", async () => {
    await packager.buildForNode(dist);
    writeFileSync(join(consumer, "receipt.json"), JSON.stringify(receiptFile()));
    writeFileSync(
      join(consumer, "use.mjs"),
      `import { readFileSync } from "node:fs";
       import { createRequire } from "node:module";
       import { createCocoonFetch, parseReceiptFile, verifyReceipt } from "cocoon/client";
       import { hashBind } from "cocoon/protocol";
       import { exitCodeName } from "cocoon/contracts";
       const file = parseReceiptFile(readFileSync("receipt.json", "utf8"));
       const required = createRequire(import.meta.url)("cocoon/client");
       console.log(JSON.stringify({
         ok: verifyReceipt(file).ok,
         functions: [createCocoonFetch, hashBind, required.createCocoonFetch].map((value) => typeof value),
         exitCode: exitCodeName(400),
       }));`,
    );
    const { stdout } = await promisify(execFile)(process.execPath, ["use.mjs"], { cwd: consumer });
    expect(JSON.parse(stdout)).toEqual({
      ok: true,
      functions: ["function", "function", "function"],
      exitCode: "ErrNotGovernor",
    });
  });

  describe("in a browser", () => {
    let page: string;
    let outputs: z.infer<typeof metafile>["outputs"];
    beforeAll(async () => {
      const built: unknown = await packager.buildForBrowser(dist);
      const parsed = metafile.parse(Object(built).metafile);
      const { inputs } = parsed;
      outputs = parsed.outputs;
      // Not in a browser: chain, store, HTTP. A Node built-in would already have failed the build.
      expect(Object.keys(inputs).filter((name) => /@ton\/|relayer\/(chain|store)|undici/.test(name))).toEqual(
        [],
      );
      // A page loads all of it: 123 kB when this was written.
      expect(statSync(join(dist, "browser.mjs")).size).toBeLessThan(135_000);
      const bundled = await build({
        entryPoints: [join(__dirname, "support", "browserPage.ts")],
        bundle: true,
        write: false,
        format: "iife",
        globalName: "page",
        platform: "browser",
        plugins: [
          {
            name: "the built bundle",
            setup: ({ onResolve }) => {
              onResolve({ filter: /client\/browser$/ }, () => ({ path: join(dist, "browser.mjs") }));
            },
          },
        ],
      });
      page = bundled.outputFiles[0]?.text ?? "";
    });

    it("is a third as large where it only verifies receipts, and holds nothing that this does not need", async () => {
      // 69 kB when this was written.
      expect(statSync(join(dist, "verify.mjs")).size).toBeLessThan(76_000);
      const [, output] = Object.entries(outputs).find(([name]) => name.endsWith("verify.mjs")) ?? [];
      const held = Object.entries(output?.inputs ?? {})
        .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
        .map(([name]) => name);
      expect(held.filter((name) => name.startsWith("relayer/")).sort()).toEqual(VERIFIES);
      const packages = held.flatMap(
        (name) => /node_modules\/((?:@[^/]+\/)?[^/]+\/[^/]+)/.exec(name)?.[1] ?? [],
      );
      expect([...new Set(packages)].sort()).toEqual([
        ...["@noble/curves/abstract", "@noble/curves/ed25519.js", "@noble/curves/utils.js"],
        ...["_md.js", "_u64.js", "hkdf.js", "hmac.js", "sha2.js", "utils.js"].map(
          (name) => `@noble/hashes/${name}`,
        ),
        "zod/v4",
      ]);
      // Ciphers and key agreement are for sealing; schemas of whole zod and its languages are for nobody here.
      expect(held.filter((name) => /ciphers|montgomery|zod\/v4\/(classic|locales)/.test(name))).toEqual([]);
    });

    it("verifies with the small bundle what the large one verifies, and refuses what that refuses", async () => {
      const { verifyReceipt, parseReceiptFile } = await importBundle(join(dist, "verify.mjs"));
      const file = receiptFile();
      expect(verifyReceipt(parseReceiptFile(JSON.stringify(file))).ok).toBe(true);
      const forged = verifyReceipt(parseReceiptFile(JSON.stringify({ ...file, response: "other" })));
      expect(forged.checks.filter(({ outcome }) => outcome === "failed").map(({ name }) => name)).toEqual([
        "response",
      ]);
      for (const wrong of [
        { ...file, more: 1 },
        { ...file, worker: "x" },
        { ...file, proof: ["?"] },
      ]) {
        expect(() => parseReceiptFile(JSON.stringify(wrong))).toThrow("not a receipt");
      }
    });

    it("lets a bundler drop what a page does not use of `browser.ts`, too", async () => {
      const bundled = await build({
        stdin: {
          contents: `import { verifyReceipt } from "./relayer/client/browser"; console.log(verifyReceipt);`,
          resolveDir: ROOT,
        },
        bundle: true,
        write: false,
        metafile: true,
        platform: "browser",
        plugins: [packager.browserCrypto],
      });
      const [output] = Object.values(metafile.parse(bundled.metafile).outputs);
      const held = Object.entries(output?.inputs ?? {}).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
      const own = held.map(([name]) => name).filter((name) => name.startsWith("relayer/"));
      expect(own.filter((name) => !VERIFIES.includes(name))).toEqual([]);
    });

    it("checks a worker, seals, opens and verifies with no more than a page has", () => {
      const { crypto, TextEncoder, TextDecoder, URL } = globalThis;
      const context = createContext({
        crypto,
        TextEncoder,
        TextDecoder,
        URL,
        input: JSON.stringify(pageInput()),
      });
      expect(
        JSON.parse(runInContext(`${page};JSON.stringify(page.run(JSON.parse(input)))`, context)),
      ).toEqual(EXPECTED);
    });

    const inChromium = CHROMIUM === undefined ? it.skip : it;
    inChromium(
      `does the same in Chromium${CHROMIUM === undefined ? ": none is installed here" : ""}`,
      async () => {
        const browser = await chromium.launch({
          executablePath: CHROMIUM,
          args: ["--no-sandbox"],
          timeout: 50_000,
        });
        try {
          const tab = await browser.newPage();
          await tab.addScriptTag({ content: `${page};globalThis.page = page;` });
          expect(
            await tab.evaluate((input) => Reflect.get(globalThis, "page").run(input), pageInput()),
          ).toEqual(EXPECTED);
        } finally {
          await browser.close();
        }
      },
    );
  });
});

/** A built module, as a page would have it: through the `vm` that knows no file and no Node. */
async function importBundle(
  path: string,
): Promise<Pick<typeof import("../../../relayer/client"), "parseReceiptFile" | "verifyReceipt">> {
  const bundled = await build({
    entryPoints: [path],
    bundle: true,
    write: false,
    format: "iife",
    globalName: "verify",
    platform: "browser",
  });
  const { crypto, TextEncoder, TextDecoder, URL } = globalThis;
  const context = createContext({ crypto, TextEncoder, TextDecoder, URL });
  return runInContext(`${bundled.outputFiles[0]?.text ?? ""};verify`, context);
}

const EXPECTED: Omit<PageOutput, "worker"> & { worker: unknown } = {
  verified: true,
  failedOfForged: ["response"],
  sealedAsPublished: true,
  frames: ["meta", "data", "data", "data", "record", "final"],
  freshKeyDiffers: true,
  worker: receiptFile().worker,
  bindHashKnown: true,
  refusal: "The chain attests another HPKE key.",
};

function pageInput(): PageInput {
  const file = receiptFile();
  const bind = decodeBind(fromBase64(file.bind));
  const modelHash = toHex(bind.modelHash);
  return {
    receipt: JSON.stringify(file),
    forged: JSON.stringify({ ...file, response: `${file.response} ` } satisfies ReceiptFile),
    sealed: publishedCase(),
    worker: {
      served: {
        receiptPublicKey: file.worker,
        hpkePublicKey: toHex(bind.hpkePublicKey),
        bind: file.bind,
        modelHash,
        model: "m",
        contextLength: 4_096,
        inFlight: 0,
        capacity: 1,
      },
      attested: {
        hpkeKeyHash: toHex(hashHpkeKey(bind.hpkePublicKey)),
        imageHash: "11".repeat(32),
        modelHash,
      },
      provider: file.provider,
      registry: bind.registry,
      networkId: NETWORK_ID,
      nowSeconds: NOW + 10,
    },
  };
}

function publishedCase(): PageInput["sealed"] {
  const text = readFileSync(join(ROOT, "tests", "vectors", "sealed.json"), "utf8");
  const [published] = JSON.parse(text);
  const { nonce, metaFrame, dataFrames, recordFrame, finalFrame } = published.response;
  return { ...published, response: [nonce, metaFrame, ...dataFrames, recordFrame, finalFrame].join("") };
}
