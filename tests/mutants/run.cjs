// Runs suites of tests/contracts in this one process, without jest: its globals are made here, before any suite is loaded.
const path = require("node:path");
const { expect } = require("expect");

globalThis.expect = expect;
globalThis.jest = { requireActual: require };
// @ton/test-utils adds its matchers to jest's `expect`, which refuses to be loaded outside of jest.
const globals = require.resolve("@jest/globals");
require.cache[globals] = { id: globals, filename: globals, loaded: true, exports: { expect } };

require("ts-node").register({
  project: path.join(__dirname, "..", "..", "tsconfig.json"),
  swc: true,
});
require("../support/fastTon.ts");
require("./main.ts");
