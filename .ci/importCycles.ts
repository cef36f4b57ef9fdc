import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, posix, relative, sep } from "node:path";
import ts from "typescript";

/**
 * Fails when files import each other in a circle, in TypeScript or Tact, or against an arrow that the layout forbids.
 * An import of types counts: it is there to be followed by whoever reads the file.
 */

const ROOT = join(__dirname, "..");
const SOURCES = ["contracts", "wrappers", "scripts", "tests", "relayer", "bench", ".ci"];
const SIDES = ["worker", "provider", "gateway", "client"];
const MAY_CROSS = new Set(["gateway -> client"]);

/** Every file's imports, both as paths from the repository's root. */
type Graph = ReadonlyMap<string, readonly string[]>;

interface Rule {
  readonly says: string;
  readonly forbids: (from: string, to: string) => boolean;
}

const RULES: readonly Rule[] = [
  {
    says: "relayer/protocol imports nothing else of the relayer than errors.ts",
    forbids: (from, to) =>
      within(from, "relayer/protocol") &&
      within(to, "relayer") &&
      !within(to, "relayer/protocol") &&
      to !== "relayer/errors.ts",
  },
  {
    says: "worker, provider, gateway and client do not import each other, except gateway -> client",
    forbids: (from, to) => {
      const [left, right] = [sideOf(from), sideOf(to)];
      return (
        left !== undefined && right !== undefined && left !== right && !MAY_CROSS.has(`${left} -> ${right}`)
      );
    },
  },
  {
    says: "nothing outside wrappers imports build",
    forbids: (from, to) => within(to, "build") && !within(from, "wrappers"),
  },
  {
    says: "contracts/shared imports only contracts/shared",
    forbids: (from, to) => within(from, "contracts/shared") && !within(to, "contracts/shared"),
  },
  {
    says: "wrappers import only wrappers and build",
    forbids: (from, to) => within(from, "wrappers") && !within(to, "wrappers") && !within(to, "build"),
  },
  {
    says: "only tests and benchmarks import tests",
    forbids: (from, to) => within(to, "tests") && !within(from, "tests") && !within(from, "bench"),
  },
];

function main(): void {
  const graph = readGraph();
  const faults = [
    ...findCycles(graph).map((cycle) => `cycle: ${cycle.join("\n    -> ")}`),
    ...findForbidden(graph),
  ];
  for (const fault of faults) {
    process.stdout.write(`${fault}\n`);
  }
  process.stdout.write(`${graph.size} files, ${faults.length} faults in their imports\n`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

function readGraph(): Graph {
  const files = SOURCES.flatMap((folder) => filesUnder(join(ROOT, folder)))
    .filter((file) => /\.(ts|tact)$/.test(file))
    .sort();
  return new Map(files.map((file) => [fromRoot(file), importsOf(file)]));
}

function filesUnder(folder: string): string[] {
  if (!existsSync(folder)) {
    return [];
  }
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      return entry.name === "node_modules" ? [] : filesUnder(path);
    }
    return [path];
  });
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, "utf8");
  const names = file.endsWith(".tact") ? tactImports(text) : typescriptImports(text);
  const found = names
    .filter((name) => name.startsWith("."))
    .map((name) => fromRoot(resolveImport(join(file, "..", name))));
  return [...new Set(found)].sort();
}

function tactImports(text: string): string[] {
  return [...text.matchAll(/^\s*import\s+"([^"]+)"\s*;/gm)].flatMap(([, name]) => name ?? []);
}

/** `import`, `export from`, `import()` and `require()`. */
function typescriptImports(text: string): string[] {
  return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
}

/** The file that an import without its ending means; the path itself when there is none, as in a build not yet made. */
function resolveImport(path: string): string {
  const candidates = [
    path,
    `${path}.ts`,
    `${path}.tact`,
    join(path, "index.ts"),
    path.replace(/\.js$/, ".ts"),
  ];
  return candidates.find((candidate) => existsSync(candidate) && statSync(candidate).isFile()) ?? path;
}

/** One circle for every import that closes one, each beginning and ending with the same file. */
function findCycles(graph: Graph): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    const start = path.indexOf(file);
    if (start >= 0) {
      cycles.push([...path.slice(start), file]);
      return;
    }
    if (done.has(file)) {
      return;
    }
    path.push(file);
    for (const imported of graph.get(file) ?? []) {
      visit(imported);
    }
    path.pop();
    done.add(file);
  };
  for (const file of graph.keys()) {
    visit(file);
  }
  return cycles;
}

function findForbidden(graph: Graph): string[] {
  return [...graph].flatMap(([from, imports]) =>
    imports.flatMap((to) =>
      RULES.filter((rule) => rule.forbids(from, to)).map(
        (rule) => `forbidden: ${from} -> ${to}\n    ${rule.says}`,
      ),
    ),
  );
}

function within(file: string, folder: string): boolean {
  return file.startsWith(`${folder}/`);
}

function sideOf(file: string): string | undefined {
  return SIDES.find((side) => within(file, `relayer/${side}`));
}

function fromRoot(path: string): string {
  return relative(ROOT, path).split(sep).join(posix.sep);
}

main();
