// The whole protocol once more on the primitives that a browser bundle uses.
jest.mock("../../../relayer/protocol/crypto", () =>
  jest.requireActual("../../../relayer/protocol/crypto.browser"),
);

import { readFileSync } from "node:fs";
import path from "node:path";
import { primitives } from "../../../relayer/protocol";
import { primitives as browser } from "../../../relayer/protocol/crypto.browser";
import { vectorFiles, vectorText } from "./vectorCases";

describe("published vectors without node:crypto", () => {
  it("are computed by the browser's primitives", () => {
    expect(primitives).toBe(browser);
  });

  for (const [name, content] of Object.entries(vectorFiles())) {
    it(`${name}.json comes out the same`, () => {
      const file = path.resolve(__dirname, "../../vectors", `${name}.json`);
      expect(JSON.parse(vectorText(content))).toEqual(JSON.parse(readFileSync(file, "utf8")));
    });
  }
});
