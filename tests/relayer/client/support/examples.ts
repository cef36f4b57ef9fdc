import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { transformSync } from "@swc/core";

const ROOT = join(__dirname, "..", "..", "..", "..");
const TAG = "@example\n";
const ROOMS = ["relayer", "wrappers"];

export interface Example {
  readonly code: string;
  /** What its `console.log` lines print, as their comments say. */
  readonly prints: readonly string[];
}

/** The `@example` above an exported function, from whichever file declares it. Throws when there is none. */
export function exampleOf(name: string): Example {
  const declared = new RegExp(`^export (async )?function ${name}\\b`, "m");
  for (const file of ROOMS.flatMap(sources)) {
    const text = readFileSync(file, "utf8");
    const at = text.search(declared);
    if (at >= 0) {
      const comment = text.slice(text.lastIndexOf("/**", at), at);
      if (!comment.includes(TAG)) {
        throw new Error(`${name} in ${file} has no @example.`);
      }
      return parseExample(comment);
    }
  }
  throw new Error(`No source declares ${name}.`);
}

/** Every `@example` in the files of a folder, by the file that holds it. */
export function examplesIn(folder: string): readonly (Example & { readonly file: string })[] {
  return sources(folder).flatMap((file) => {
    const blocks = readFileSync(file, "utf8").match(/^\/\*\*\n(?: \*.*\n)+/gm) ?? [];
    return blocks
      .filter((block) => block.includes(TAG))
      .map((block) => ({ file: basename(file, ".ts"), ...parseExample(block) }));
  });
}

function parseExample(comment: string): Example {
  const [, lines = ""] = comment.split(TAG);
  const code = lines.replace(/\*\/\s*$/, "").replace(/^ \* ?/gm, "");
  return {
    code,
    prints: [...code.matchAll(/^console\.log\(.*\); \/\/ (.*)$/gm)].map(([, text = ""]) => text),
  };
}

function sources(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(ROOT, folder, name));
}

/** Runs an example as a module of its own and gives what it printed. */
export async function runExample(
  { code }: Example,
  world: {
    /** What its imports find. */
    readonly modules: Readonly<Record<string, unknown>>;
    readonly env: Readonly<Record<string, string>>;
  },
): Promise<readonly string[]> {
  const { code: script } = transformSync(code, {
    jsc: { target: "es2022", parser: { syntax: "typescript" } },
    module: { type: "commonjs" },
  });
  const printed: string[] = [];
  const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;
  await new AsyncFunction("exports", "require", "process", "console", script)(
    {},
    (name: string) => {
      if (!(name in world.modules)) {
        throw new Error(`The example imports ${name}.`);
      }
      return world.modules[name];
    },
    { env: world.env },
    { log: (...values: readonly unknown[]) => printed.push(values.map(String).join(" ")) },
  );
  return printed;
}
