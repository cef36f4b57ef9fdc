// Every check of this repository, in order, with one line of numbers at the end. Arguments go to jest and leave the
// other checks out: `npm test -- tests/contracts`.
const { spawnSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const ROOT = path.join(__dirname, "..");
const bin = (name) => path.join(ROOT, "node_modules", ".bin", name);

const CHECKS = [
  ["format and lint", bin("biome"), ["check", "--error-on-warnings", "."]],
  ["types", bin("tsc"), ["--noEmit"]],
  ["import cycles", bin("ts-node"), [".ci/importCycles.ts"]],
  ["docs", bin("ts-node"), [".ci/checkDocs.ts"]],
];

function main() {
  const jestArgs = process.argv.slice(2);
  const failed =
    jestArgs.length > 0 ? [] : CHECKS.filter(([title, command, args]) => !check(title, command, args));
  const tests = runJest(jestArgs);
  const checks = jestArgs.length > 0 ? 0 : CHECKS.length;
  for (const [title] of failed) {
    process.stdout.write(`FAILED: ${title}\n`);
  }
  const passed = tests.passed + checks - failed.length;
  process.stdout.write(
    `\n${passed} passed, ${tests.failed + failed.length} failed, ${tests.skipped} skipped\n`,
  );
  process.exit(tests.failed + failed.length === 0 && tests.passed > 0 ? 0 : 1);
}

function check(title, command, args) {
  const started = Date.now();
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: ROOT,
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  process.stdout.write(`${status === 0 ? "ok    " : "FAILED"} ${title} (${seconds} s)\n`);
  if (status !== 0) {
    process.stdout.write(`${stdout}${stderr}\n`);
  }
  return status === 0;
}

function runJest(args) {
  const report = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "cocoon-tests-")), "jest.json");
  const jest = path.join(ROOT, "node_modules", "jest", "bin", "jest.js");
  const { status } = spawnSync(
    process.execPath,
    [jest, "--json", `--outputFile=${report}`, "--maxWorkers=2", ...args],
    { cwd: ROOT, stdio: ["ignore", "ignore", "inherit"] },
  );
  if (!fs.existsSync(report)) {
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const result = JSON.parse(fs.readFileSync(report, "utf8"));
  // A suite that cannot even be loaded has no tests to count.
  const broken = result.numRuntimeErrorTestSuites + (status !== 0 && result.success ? 1 : 0);
  return {
    passed: result.numPassedTests,
    failed: result.numFailedTests + broken,
    skipped: result.numPendingTests,
  };
}

main();
