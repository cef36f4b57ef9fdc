import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** This repository's directory, whether a source runs or what was compiled of it. */
export const ROOT = rootOf(__dirname);

function rootOf(directory: string): string {
  const parent = dirname(directory);
  return existsSync(join(directory, "package.json")) || parent === directory ? directory : rootOf(parent);
}
