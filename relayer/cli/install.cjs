// Installs packages, and compiles contracts and programs, when they are missing or stale. Uses nothing but Node itself
// until the packages are there.
const { spawnSync } = require("node:child_process");
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");

const ROOT = path.join(__dirname, "..", "..");
const LEAST_NODE = [20, 19];
const LOCKFILE = path.join(ROOT, "package-lock.json");
const INSTALLED = path.join(ROOT, "node_modules", ".cocoon-lock");
const BUILT = path.join(ROOT, "build", ".sources");

function main() {
  requireNode();
  if (read(INSTALLED) !== digestOf([LOCKFILE])) {
    step("Installing packages (once)", "npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
    fs.writeFileSync(INSTALLED, digestOf([LOCKFILE]));
  }
  const sources = digestOf([...contractFiles(), path.join(ROOT, "tact.config.json"), LOCKFILE]);
  if (read(BUILT) !== sources || process.argv.includes("--build")) {
    const tact = path.join(ROOT, "node_modules", "@tact-lang", "compiler", "bin", "tact.js");
    step("Compiling contracts", process.execPath, [
      tact,
      "--quiet",
      "--config",
      path.join(ROOT, "tact.config.json"),
    ]);
    fs.writeFileSync(BUILT, sources);
  }
  require("./compile.cjs").compiledProgram();
}

function requireNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < LEAST_NODE[0] || (major === LEAST_NODE[0] && minor < LEAST_NODE[1])) {
    fail(`Cocoon needs Node ${LEAST_NODE.join(".")} or later; this is ${process.versions.node}.`);
  }
}

function step(title, command, args) {
  process.stderr.write(`${title} ...\n`);
  const started = Date.now();
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: ["ignore", "ignore", "inherit"] });
  if (status !== 0) {
    fail(`${title} failed${error ? `: ${error.message}` : ` with status ${status}`}.`);
  }
  process.stderr.write(`${title}: ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
}

function contractFiles() {
  return fs
    .readdirSync(path.join(ROOT, "contracts"), { recursive: true })
    .filter((name) => name.endsWith(".tact"))
    .sort()
    .map((name) => path.join(ROOT, "contracts", name));
}

function digestOf(files) {
  const hash = createHash("sha256");
  for (const file of files) {
    hash.update(path.relative(ROOT, file)).update("\0").update(fs.readFileSync(file));
  }
  return hash.digest("hex");
}

function read(file) {
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : undefined;
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

main();
