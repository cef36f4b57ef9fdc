// One file of JavaScript out of the TypeScript of all programs: a process starts in a fraction of the time that
// compiling module by module takes, and calls between modules cost nothing. Made again whenever one of its sources has
// changed, so that a change still needs no build step.
const fs = require("node:fs");
const path = require("node:path");

const ROOT = path.join(__dirname, "..", "..");
const DIR = path.join(ROOT, "build", "cocoon");
const PROGRAM = path.join(DIR, "main.cjs");
/** What the program was made of: file, time of its last change, size. */
const SOURCES = path.join(DIR, "sources.json");

/** The path of the compiled program, which is compiled first when it is missing or stale. */
function compiledProgram() {
  if (!isFresh()) {
    compile();
  }
  return PROGRAM;
}

function isFresh() {
  try {
    const sources = JSON.parse(fs.readFileSync(SOURCES, "utf8"));
    return fs.existsSync(PROGRAM) && sources.every(([file, ...known]) => `${known}` === `${stampOf(file)}`);
  } catch {
    return false;
  }
}

function compile() {
  const { buildSync } = require("esbuild");
  const { outputFiles, metafile } = buildSync({
    absWorkingDir: ROOT,
    entryPoints: ["relayer/cli/main.ts"],
    outfile: PROGRAM,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    packages: "external",
    sourcemap: "linked",
    sourcesContent: false,
    logLevel: "warning",
    metafile: true,
    write: false,
  });
  const files = [...Object.keys(metafile.inputs), path.relative(ROOT, __filename)];
  fs.mkdirSync(DIR, { recursive: true });
  for (const { path: file, text } of outputFiles) {
    replace(file, text);
  }
  // Last: a program without its list is compiled again.
  replace(SOURCES, JSON.stringify(files.map((file) => [file, ...stampOf(file)])));
}

function stampOf(file) {
  const { mtimeMs, size } = fs.statSync(path.join(ROOT, file));
  return [mtimeMs, size];
}

/** In one step: several processes may start at once. */
function replace(file, text) {
  const draft = `${file}.${process.pid}`;
  fs.writeFileSync(draft, text);
  fs.renameSync(draft, file);
}

module.exports = { compiledProgram };
