import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/**
 * Fails when README.md or a file of docs/ points to a file that is not there, or when docs/protocol.md writes an
 * opcode that is not the contracts', or leaves a message out.
 */

const ROOT = join(__dirname, "..");
const SHARED = join(ROOT, "contracts", "shared");
const PROTOCOL = join(ROOT, "docs", "protocol.md");
/** Where a path in backticks starts when it is one of this repository's. */
const FOLDERS = ["contracts", "wrappers", "scripts", "tests", "relayer", "docs", "bench", ".ci"];
const SOURCE = /^\w[\w.-]*\/[\w./{},-]+\.(ts|cjs|tact|md)$/;
const BASES = ["", "relayer", "docs"];

function main(): void {
  const documents = listDocuments();
  const faults = [...documents.flatMap(checkLinks), ...documents.flatMap(checkPaths), ...checkOpcodes()];
  for (const fault of faults) {
    process.stdout.write(`${fault}\n`);
  }
  process.stdout.write(`${documents.length} documents, ${faults.length} faults\n`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

function listDocuments(): string[] {
  const docs = join(ROOT, "docs");
  const pages = readdirSync(docs, { recursive: true, encoding: "utf8" }).map((name) => join(docs, name));
  return [join(ROOT, "README.md"), ...pages.sort()].filter(
    (file) => file.endsWith(".md") && existsSync(file),
  );
}

/** `[text](target)`: relative targets must be files, and `#anchors` headings of the file they name. */
function checkLinks(document: string): string[] {
  const text = withoutCode(readFileSync(document, "utf8"));
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = ""]) => {
    if (/^[a-z]+:/i.test(target)) {
      return [];
    }
    const [path = "", anchor] = target.split("#");
    const file = path === "" ? document : join(dirname(document), path);
    if (!existsSync(file)) {
      return [fault(document, `link to ${target}, which does not exist`)];
    }
    const isThere = anchor === undefined || headingsOf(file).has(anchor);
    return isThere ? [] : [fault(document, `link to ${target}: no such heading`)];
  });
}

/**
 * Paths in backticks: those into the repository's folders, and sources such as `protocol/bind.ts`, which may leave out
 * `relayer/`. `:line`, `*` and `{a,b}` are understood; any other code is left alone.
 */
function checkPaths(document: string): string[] {
  const text = readFileSync(document, "utf8");
  return [...text.matchAll(/`([^`\n]+)`/g)].flatMap(([, code = ""]) => {
    const isOurs = FOLDERS.some((folder) => code.startsWith(`${folder}/`)) || SOURCE.test(code);
    if (!isOurs || /[\s<>…]/.test(code)) {
      return [];
    }
    return expandBraces(code)
      .map((path) => path.replace(/(:\d+|\/?\*.*)$/, ""))
      .filter((path) => !BASES.some((base) => existsSync(join(ROOT, base, path))))
      .map((path) => fault(document, `${path} does not exist`));
  });
}

function expandBraces(path: string): string[] {
  const braces = /^(.*)\{([^}]+)\}(.*)$/.exec(path);
  if (braces === null) {
    return [path];
  }
  const [, before = "", options = "", after = ""] = braces;
  return options.split(",").map((option) => `${before}${option.trim()}${after}`);
}

function checkOpcodes(): string[] {
  if (!existsSync(PROTOCOL)) {
    return ["docs/protocol.md does not exist"];
  }
  const opcodes = readOpcodes();
  const names = new Map([...opcodes].map(([name, opcode]) => [opcode, name]));
  const text = readFileSync(PROTOCOL, "utf8");
  const written = [...text.matchAll(/^\w+#([0-9a-f]{8})\s[^;]*?=\s+(\w+);/gm)].map(
    ([, opcode = "", name = ""]) => ({ opcode, name }),
  );
  const wrong = written
    .filter(({ opcode, name }) => opcodes.get(name) !== opcode)
    .map(({ opcode, name }) =>
      fault(PROTOCOL, `${name} is #${opcode}; the contract has #${opcodes.get(name)}`),
    );
  const unknown = [...text.matchAll(/\b0x([0-9a-f]{8})\b/g)]
    .filter(([, opcode = ""]) => !names.has(opcode))
    .map(([code]) => fault(PROTOCOL, `${code} is no opcode of the contracts`));
  const described = new Set(written.map(({ name }) => name));
  const missing = [...opcodes.keys()]
    .filter((name) => !described.has(name))
    .map((name) => fault(PROTOCOL, `${name} is not described`));
  return [...wrong, ...unknown, ...missing];
}

/** Opcodes by message name, as the contracts declare them. */
function readOpcodes(): ReadonlyMap<string, string> {
  const messages = join(SHARED, "messages");
  const files = [...readdirSync(messages).map((name) => join(messages, name)), join(SHARED, "events.tact")];
  const text = files.map((file) => readFileSync(file, "utf8")).join("\n");
  return new Map(
    [...text.matchAll(/^message\(0x([0-9a-f]{8})\) (\w+)/gm)].map(([, opcode = "", name = ""]) => [
      name,
      opcode,
    ]),
  );
}

function withoutCode(text: string): string {
  return text.replace(/^```.*?^```/gms, "").replace(/`[^`\n]*`/g, "");
}

/** Headings as GitHub names their anchors. */
function headingsOf(file: string): ReadonlySet<string> {
  const headings = readFileSync(file, "utf8").match(/^#+ .*$/gm) ?? [];
  return new Set(
    headings.map((heading) =>
      heading
        .replace(/^#+ /, "")
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, "")
        .replace(/\s/g, "-"),
    ),
  );
}

function fault(document: string, what: string): string {
  return `${relative(ROOT, document)}: ${what}`;
}

main();
