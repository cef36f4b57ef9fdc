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
  /** The first test that fails, of those named or of all; undefined when they pass. */
  firstFailure(only?: ReadonlySet<string>): Promise<string | undefined>;
  /** Runs every test, whatever fails, and tells of each when it begins. */
  runEvery(begins: (test: string) => void): Promise<void>;
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
  const around: Around = { names: [], beforeEach: [], afterEach: [] };
  return {
    firstFailure: (only) =>
      runBlock(root, around, { wanted: (test) => only?.has(test) ?? true, begins: () => undefined }),
    runEvery: async (begins) => {
      await runBlock(root, around, { wanted: () => true, begins, goesOn: true });
    },
  };
}

interface Around {
  readonly names: readonly string[];
  readonly beforeEach: readonly Body[];
  readonly afterEach: readonly Body[];
}

interface Course {
  readonly wanted: (test: string) => boolean;
  readonly begins: (test: string) => void;
  /** After a failure too. */
  readonly goesOn?: boolean;
}

async function runBlock(block: Block, outer: Around, course: Course): Promise<string | undefined> {
  const names = block.name === "" ? outer.names : [...outer.names, block.name];
  const [first] = testsOf(block, names).filter(course.wanted);
  if (first === undefined) {
    return undefined;
  }
  const around: Around = {
    names,
    beforeEach: [...outer.beforeEach, ...block.beforeEach],
    afterEach: [...block.afterEach, ...outer.afterEach],
  };
  course.begins(first);
  try {
    await runAll(block.before);
    for (const child of block.children) {
      const failed =
        "run" in child ? await runTest(child, around, course) : await runBlock(child, around, course);
      if (failed !== undefined && course.goesOn !== true) {
        return failed;
      }
    }
    return undefined;
  } catch {
    return first;
  } finally {
    await runAll(block.after).catch(() => undefined);
  }
}

async function runTest({ name, run }: Test, around: Around, course: Course): Promise<string | undefined> {
  const test = nameOf([...around.names, name]);
  if (!course.wanted(test)) {
    return undefined;
  }
  course.begins(test);
  try {
    await runAll(around.beforeEach);
    await run();
    await runAll(around.afterEach);
    return undefined;
  } catch {
    return test;
  }
}

function testsOf(block: Block, names: readonly string[]): string[] {
  return block.children.flatMap((child) =>
    "run" in child ? [nameOf([...names, child.name])] : testsOf(child, [...names, child.name]),
  );
}

function nameOf(names: readonly string[]): string {
  return names.join(" › ");
}

async function runAll(bodies: readonly Body[]): Promise<void> {
  for (const run of bodies) {
    await run();
  }
}
