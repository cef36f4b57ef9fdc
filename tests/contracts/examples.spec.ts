import * as tonCore from "@ton/core";
import * as contracts from "../../wrappers";
import { examplesIn, runExample } from "../relayer/client/support/examples";

const examples = examplesIn("wrappers");
const modules = { "@ton/core": tonCore, "cocoon/contracts": contracts };

describe("the examples of cocoon/contracts", () => {
  it.each(examples.map((example) => [example.file, example] as const))(
    "print what they say: %s",
    async (_file, example) => {
      expect(example.prints.length).toBeGreaterThan(0);
      expect(await runExample(example, { modules, env: {} })).toEqual(example.prints);
    },
  );

  it("use every function and class that is exported", () => {
    const code = examples.map((example) => example.code).join("\n");
    const exported = Object.entries(contracts).flatMap(([name, value]) =>
      typeof value === "function" ? [name] : [],
    );
    expect(exported.length).toBeGreaterThan(15);
    expect(exported.filter((name) => !new RegExp(`\\b${name}[.(]`).test(code))).toEqual([]);
  });
});
