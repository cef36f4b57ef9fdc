import * as protocol from "../../../relayer/protocol";
import { examplesIn, runExample } from "../client/support/examples";

const examples = examplesIn("relayer/protocol");
const modules = { "cocoon/protocol": protocol };

describe("the examples of cocoon/protocol", () => {
  it.each(examples.map((example) => [example.file, example] as const))(
    "print what they say: %s",
    async (_file, example) => {
      expect(example.prints.length).toBeGreaterThan(0);
      expect(await runExample(example, { modules, env: {} })).toEqual(example.prints);
    },
  );

  it("call every function that is exported", () => {
    const code = examples.map((example) => example.code).join("\n");
    const exported = Object.entries(protocol).flatMap(([name, value]) =>
      typeof value === "function" ? [name] : [],
    );
    expect(exported.length).toBeGreaterThan(80);
    expect(exported.filter((name) => !new RegExp(`\\b${name}\\(`).test(code))).toEqual([]);
  });
});
