import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "dotenv";
import { readConfig } from "../../../relayer/config";

const ROOT = join(__dirname, "..", "..", "..");
const HOST = join(ROOT, "docs", "host");
const read = (name: string) => readFileSync(join(HOST, name), "utf8");

describe("the files for a host", () => {
  it("configure a worker and a relayer as they stand, and name nothing that is not a variable", () => {
    for (const [role, name] of [
      ["worker", "worker.env"],
      ["provider", "relayer.env"],
    ] as const) {
      const env = parse(read(name));
      const config: object = readConfig(role, env);
      expect(Object.keys(env).filter((variable) => !(variable in config))).toEqual([]);
    }
  });

  it.each(["worker", "relayer"])("give a stopping %s the time that its configuration names", (role) => {
    const unit = read(`cocoon-${role}.service`);
    const stopMs = Number(parse(read(`${role}.env`)).COCOON_STOP_MS);
    const seconds = Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1]);
    expect(seconds * 1_000).toBeGreaterThan(stopMs);
    const [, program = ""] = /^ExecStart=\/usr\/bin\/node (\S+) /m.exec(unit) ?? [];
    expect(existsSync(join(ROOT, program))).toBe(true);
  });

  it("keep secrets and built things of the machine out of the container's image", () => {
    const ignored = readFileSync(join(ROOT, ".dockerignore"), "utf8").split("\n");
    expect(ignored).toEqual(expect.arrayContaining([".env", ".git", ".cocoon", "node_modules", "build"]));
  });
});
