#!/usr/bin/env node
// Runs the TypeScript sources directly, as relayer/cli/cocoon.cjs does.
const path = require("node:path");

require("ts-node").register({
  project: path.join(__dirname, "..", "tsconfig.json"),
  swc: true,
  preferTsExts: true, // `./gas` is gas.ts here, not gas.json beside it
});
require("./main.ts");
