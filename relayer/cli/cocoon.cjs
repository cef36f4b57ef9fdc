#!/usr/bin/env node
// Runs the TypeScript sources directly: no build step between a change and a run.
const path = require("node:path");

require("ts-node").register({
  project: path.join(__dirname, "..", "..", "tsconfig.json"),
  swc: true,
});
require("./main.ts");
