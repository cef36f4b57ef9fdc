import { spawnSync } from "node:child_process";
import { resolve } from "node:path";

const ROOT = resolve(__dirname, "..", "..", "..");

describe("compileEarly", () => {
  it("sets only what this version of V8 knows, which complains of anything else", () => {
    const program = `
      require("ts-node").register({ project: "tsconfig.json", swc: true });
      require("./relayer/cli/compileEarly").compileEarly();
      process.stdout.write("set");
    `;
    const { stdout, stderr } = spawnSync(process.execPath, ["-e", program], { cwd: ROOT, encoding: "utf8" });
    expect({ stdout, stderr }).toEqual({ stdout: "set", stderr: "" });
  });
});
