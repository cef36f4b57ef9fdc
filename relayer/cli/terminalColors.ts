import { colorsOf } from "./manage/output";

/** Colours of this process's output: on a terminal alone, also where the environment says that it is a CI's. */
export const pc = colorsOf({ env: process.env, stdout: process.stdout });
