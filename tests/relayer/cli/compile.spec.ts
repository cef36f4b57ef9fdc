import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const ROOT = resolve(__dirname, "..", "..", "..");

describe("the compiled program", () => {
  const root = mkdtempSync(join(tmpdir(), "cocoon-compile-"));
  const cli = join(root, "relayer", "cli");
  const built = join(root, "build", "cocoon");
  const run = () =>
    execFileSync(process.execPath, [join(cli, "cocoon.cjs")], { encoding: "utf8", stdio: "pipe" });
  const write = (name: string, text: string) => writeFileSync(join(cli, name), text);

  beforeAll(() => {
    mkdirSync(cli, { recursive: true });
    symlinkSync(join(ROOT, "node_modules"), join(root, "node_modules"));
    for (const name of ["cocoon.cjs", "compile.cjs"]) {
      cpSync(join(ROOT, "relayer", "cli", name), join(cli, name));
    }
    write("main.ts", 'import { word } from "./word";\nprocess.stdout.write(word);\n');
    write("word.ts", 'export const word: string = "first";\n');
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it("is made at the first start, and again only after one of its sources changed", () => {
    expect(run()).toBe("first");
    const { mtimeMs } = statSync(join(built, "main.cjs"));
    expect(run()).toBe("first");
    expect(statSync(join(built, "main.cjs")).mtimeMs).toBe(mtimeMs);
    write("word.ts", 'export const word: string = "other";\n');
    expect(run()).toBe("other");
    expect(readdirSync(built).sort()).toEqual(["main.cjs", "main.cjs.map", "sources.json"]);
  });

  it("is made again when it was cut short, and when its list of sources is gone", () => {
    rmSync(join(built, "main.cjs"));
    expect(run()).toBe("other");
    writeFileSync(join(built, "sources.json"), '["cut');
    expect(run()).toBe("other");
  });

  it("does not run an older state when a source cannot be compiled", () => {
    write("word.ts", "export const word: string = ;\n");
    expect(run).toThrow(/word\.ts:1/);
    write("word.ts", 'export const word: string = "mended";\n');
    expect(run()).toBe("mended");
  });
});
