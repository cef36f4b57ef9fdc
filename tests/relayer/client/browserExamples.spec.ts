import * as tonCore from "@ton/core";
import * as browser from "../../../relayer/client/browser";
import * as client from "../../../relayer/client/index";
import * as verify from "../../../relayer/client/verify";
import * as protocol from "../../../relayer/protocol";
import { exampleOf, runExample } from "./support/examples";

const functionsOf = (entry: object) =>
  Object.entries(entry).flatMap(([name, value]) => (typeof value === "function" ? [name] : []));

describe("the examples of cocoon/browser and cocoon/verify", () => {
  it("print what they say: checkWorker", async () => {
    const example = exampleOf("checkWorker");
    expect(example.prints.length).toBeGreaterThan(0);
    const modules = { "@ton/core": tonCore, "cocoon/browser": browser };
    expect(await runExample(example, { modules, env: {} })).toEqual(example.prints);
  });

  it("are, for every other function, those of cocoon/protocol and cocoon/client", () => {
    const run = new Set([...functionsOf(protocol), ...functionsOf(client), "checkWorker"]);
    const exported = [...functionsOf(browser), ...functionsOf(verify)];
    expect(exported.length).toBeGreaterThan(80);
    expect(exported.filter((name) => !run.has(name))).toEqual([]);
  });
});
