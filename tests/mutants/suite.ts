import { format } from "node:util";

type Body = (...values: never[]) => unknown;

interface Block {
  readonly name: string;
  readonly before: Body[];
  readonly beforeEach: Body[];
  readonly afterEach: Body[];
  readonly after: Body[];
  readonly children: (Block | Test)[];
}

interface Test {
  readonly name: string;
  readonly run: Body;
}

/** A suite's file, loaded once; its tests run as often as wanted. */
export interface Suite {
  /** The first test that fails, and why; undefined when all pass. */
  firstFailure(): Promise<{ readonly test: string; readonly error: unknown } | undefined>;
}

const newBlock = (name: string): Block => ({
  name,
  before: [],
  beforeEach: [],
  afterEach: [],
  after: [],
  children: [],
});

let open = newBlock("");

/** Puts what suites use of jest into the global scope. `expect` is there already. */
export function installGlobals(): void {
  const add = (name: string, run: Body) => void open.children.push({ name, run });
  const inBlock = (name: string, define: Body) => {
    const outer = open;
    open = newBlock(name);
    outer.children.push(open);
    define();
    open = outer;
  };
  const each =
    (one: (name: string, run: Body) => void) => (table: readonly unknown[]) => (name: string, run: Body) => {
      for (const row of table) {
        const values = Array.isArray(row) ? row : [row];
        one(format(name, ...values), () => Reflect.apply(run, undefined, values));
      }
    };
  const nothing = () => undefined;
  Object.assign(globalThis, {
    it: Object.assign(add, { each: each(add), skip: nothing }),
    test: Object.assign(add, { each: each(add), skip: nothing }),
    describe: Object.assign(inBlock, { each: each(inBlock), skip: nothing }),
    beforeAll: (run: Body) => void open.before.push(run),
    beforeEach: (run: Body) => void open.beforeEach.push(run),
    afterEach: (run: Body) => void open.afterEach.push(run),
    afterAll: (run: Body) => void open.after.push(run),
  });
}

export function loadSuite(file: string): Suite {
  open = newBlock("");
  require(file);
  const root = open;
  return {
    async firstFailure() {
      const failure = await runBlock(root, { names: [], beforeEach: [], afterEach: [] });
      return failure;
    },
  };
}

interface Around {
  readonly names: readonly string[];
  readonly beforeEach: readonly Body[];
  readonly afterEach: readonly Body[];
}

async function runBlock(block: Block, outer: Around): ReturnType<Suite["firstFailure"]> {
  const around: Around = {
    names: block.name === "" ? outer.names : [...outer.names, block.name],
    beforeEach: [...outer.beforeEach, ...block.beforeEach],
    afterEach: [...block.afterEach, ...outer.afterEach],
  };
  try {
    await runAll(block.before);
    for (const child of block.children) {
      const failure = "run" in child ? await runTest(child, around) : await runBlock(child, around);
      if (failure !== undefined) {
        return failure;
      }
    }
    return undefined;
  } catch (error) {
    return { test: [...around.names, "(before)"].join(" › "), error };
  } finally {
    await runAll(block.after).catch(() => undefined);
  }
}

async function runTest({ name, run }: Test, around: Around): ReturnType<Suite["firstFailure"]> {
  try {
    await runAll(around.beforeEach);
    await run();
    await runAll(around.afterEach);
    return undefined;
  } catch (error) {
    return { test: [...around.names, name].join(" › "), error };
  }
}

async function runAll(bodies: readonly Body[]): Promise<void> {
  for (const run of bodies) {
    await run();
  }
}
