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

// Suites that drive real processes, sockets and clocks can fail because the machine was busy. Those, and only those,
// get a second run with the machine to themselves: a fault fails again, and what passed then is named in the summary.
const TIMED_SUITES = /^tests\/(relayer|e2e)\//;
// More than this many is no busy machine but a broken change.
const MOST_REPEATED = 5;

function runJest(args) {
  const first = jest(["--maxWorkers=2", ...args]);
  const broken = first.suites.filter(({ failed }) => failed > 0);
  const repeatable = broken.every(({ file }) => TIMED_SUITES.test(file)) && broken.length <= MOST_REPEATED;
  if (broken.length === 0 || !repeatable) {
    return total(first);
  }
  const files = broken.map(({ file }) => file);
  process.stdout.write(`\nAgain, alone: ${files.join(" ")}\n`);
  const second = jest(["--runInBand", "--runTestsByPath", ...files]);
  for (const { file, failed } of second.suites) {
    process.stdout.write(failed === 0 ? `PASSED THE SECOND TIME ONLY: ${file}\n` : `FAILED TWICE: ${file}\n`);
  }
  return total({
    crashed: first.crashed || second.crashed,
    suites: [...first.suites.filter(({ failed }) => failed === 0), ...second.suites],
  });
}

function total({ crashed, suites }) {
  const sum = (key) => suites.reduce((count, suite) => count + suite[key], 0);
  return { passed: sum("passed"), failed: sum("failed") + (crashed ? 1 : 0), skipped: sum("skipped") };
}

function jest(args) {
  const report = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "cocoon-tests-")), "jest.json");
  const { status } = spawnSync(
    process.execPath,
    [path.join(ROOT, "node_modules", "jest", "bin", "jest.js"), "--json", `--outputFile=${report}`, ...args],
    { cwd: ROOT, stdio: ["ignore", "ignore", "inherit"] },
  );
  if (!fs.existsSync(report)) {
    return { crashed: true, suites: [] };
  }
  const result = JSON.parse(fs.readFileSync(report, "utf8"));
  const suites = result.testResults.map(({ name, status, assertionResults }) => {
    const count = (...states) => assertionResults.filter((test) => states.includes(test.status)).length;
    const failed = count("failed");
    return {
      file: path.relative(ROOT, name),
      passed: count("passed"),
      // A suite that cannot even be loaded has no tests to count.
      failed: failed === 0 && status === "failed" ? 1 : failed,
      skipped: count("pending", "skipped", "todo", "disabled"),
    };
  });
  return { crashed: status !== 0 && result.success, suites };
}

main();
