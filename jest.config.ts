import type { Config } from "jest";

const swc = [
  "@swc/jest",
  { jsc: { target: "es2022", parser: { syntax: "typescript" } }, module: { type: "commonjs" } },
] as [string, Record<string, unknown>];

const config: Config = {
  testEnvironment: "node",
  roots: ["<rootDir>/tests"],
  testMatch: ["**/*.spec.ts"],
  // The noble packages are ES modules only, and jest on Node 20 cannot require those.
  transform: { "\\.(ts|js)$": swc },
  transformIgnorePatterns: ["/node_modules/(?!@noble/)"],
  setupFiles: ["<rootDir>/tests/support/fastTon.ts"],
  testSequencer: "<rootDir>/tests/support/longestFirst.cjs",
  testTimeout: 60_000,
  workerIdleMemoryLimit: "1GB",
};

export default config;
