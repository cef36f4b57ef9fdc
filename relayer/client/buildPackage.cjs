// Builds what other projects import from this package: ES modules for Node 20.19 and later (which can also `require`
// them), and bundles for browsers, where `protocol/crypto.browser.ts` takes the place of `protocol/crypto.ts`.
// `node relayer/client/buildPackage.cjs [DIRECTORY]` writes to dist/ and adds type declarations.
const { spawnSync } = require("node:child_process");
const path = require("node:path");
const esbuild = require("esbuild");

const ROOT = path.join(__dirname, "..", "..");
const COMMON = {
  bundle: true,
  format: "esm",
  outExtension: { ".js": ".mjs" },
  target: "es2022",
  logLevel: "warning",
  metafile: true,
};

/** Modules for Node share their chunks; every dependency stays an import. */
function buildForNode(outdir) {
  return esbuild.build({
    ...COMMON,
    entryPoints: {
      client: path.join(ROOT, "relayer/client/index.ts"),
      protocol: path.join(ROOT, "relayer/protocol/index.ts"),
      contracts: path.join(ROOT, "wrappers/index.ts"),
    },
    outdir,
    platform: "node",
    packages: "external",
    splitting: true,
  });
}

/** One file each, with everything in it. esbuild refuses a Node built-in here. */
function buildForBrowser(outdir) {
  return esbuild.build({
    ...COMMON,
    entryPoints: {
      browser: path.join(ROOT, "relayer/client/browser.ts"),
      verify: path.join(ROOT, "relayer/client/verify.ts"),
    },
    outdir,
    platform: "browser",
    minify: true,
    plugins: [browserCrypto],
  });
}

/** An esbuild plugin. */
const browserCrypto = { name: "browser-crypto", setup: useBrowserCrypto };

function useBrowserCrypto(build) {
  const protocol = path.join(ROOT, "relayer", "protocol");
  build.onResolve({ filter: /^\.\/crypto$/ }, ({ resolveDir }) =>
    resolveDir === protocol ? { path: path.join(protocol, "crypto.browser.ts") } : undefined,
  );
}

function writeTypes(outdir) {
  const tsc = path.join(ROOT, "node_modules", "typescript", "bin", "tsc");
  const project = path.join(__dirname, "tsconfig.package.json");
  const { status } = spawnSync(process.execPath, [tsc, "-p", project, "--outDir", outdir], {
    stdio: "inherit",
  });
  if (status !== 0) {
    throw new Error("The type declarations could not be written.");
  }
}

async function main() {
  const outdir = path.resolve(ROOT, process.argv[2] ?? "dist");
  await Promise.all([buildForNode(outdir), buildForBrowser(outdir)]);
  writeTypes(path.join(outdir, "types"));
}

module.exports = { browserCrypto, buildForNode, buildForBrowser };
if (require.main === module) {
  main().catch((thrown) => {
    process.stderr.write(`${thrown instanceof Error ? thrown.message : thrown}\n`);
    process.exit(1);
  });
}
