import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { vectorFiles, vectorText } from "./vectorCases";

const FOLDER = path.resolve(__dirname, "../../vectors");

// To change a format on purpose: COCOON_WRITE_VECTORS=1 npx jest tests/relayer/protocol/vectors
const write = process.env.COCOON_WRITE_VECTORS === "1";

describe("published vectors", () => {
  for (const [name, content] of Object.entries(vectorFiles())) {
    it(`${name}.json is what this implementation computes`, () => {
      const file = path.join(FOLDER, `${name}.json`);
      if (write) {
        writeFileSync(file, vectorText(content));
      }
      expect(JSON.parse(vectorText(content))).toEqual(JSON.parse(readFileSync(file, "utf8")));
    });
  }
});
