import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { transformSync } from "@swc/core";

const ROOT = join(__dirname, "..", "..", "..", "..");
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
      const [, lines] = comment.split("@example\n");
      if (lines === undefined) {
        throw new Error(`${name} in ${file} has no @example.`);
      }
      const code = lines.replace(/\*\/\s*$/, "").replace(/^ \* ?/gm, "");
      return {
        code,
        prints: [...code.matchAll(/^console\.log\(.*\); \/\/ (.*)$/gm)].map(([, text = ""]) => text),
      };
    }
  }
  throw new Error(`No source declares ${name}.`);
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
