// Runs the TypeScript sources directly, as relayer/cli/cocoon.cjs does.
const path = require("node:path");

require("ts-node").register({
  project: path.join(__dirname, "..", "..", "..", "tsconfig.json"),
  swc: true,
});
require("./main.ts");
