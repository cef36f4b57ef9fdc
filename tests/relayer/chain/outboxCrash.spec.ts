import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createWorld, SEED, toSink, type World } from "./support/world";

const CHILD = join(__dirname, "support/outboxChild.ts");

describe("an outbox that is killed", () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld();
  });
  afterEach(() => world.close());

  const runChild = async (kill: "before-send" | "after-send" | "never"): Promise<NodeJS.Signals | null> => {
    const { endpoint } = world.net;
    const args = [CHILD, endpoint, world.storeUrl, SEED.toString("hex"), kill];
    const child = spawn(process.execPath, ["-r", "ts-node/register/transpile-only", ...args], {
      stdio: "inherit",
    });
    const [, signal] = await once(child, "exit");
    return signal === null ? null : "SIGKILL";
  };
  /** The store belongs to the child meanwhile. */
  const inChild = async (...kills: readonly ("before-send" | "after-send" | "never")[]) => {
    await world.closeStore();
    for (const kill of kills) {
      expect(await runChild(kill)).toBe(kill === "never" ? null : "SIGKILL");
    }
    await world.openStore();
  };

  it.each([
    ["between storing and sending", ["before-send", "before-send", "never"]],
    ["right after sending", ["after-send", "never"]],
    ["at both places in turn", ["before-send", "after-send", "never"]],
  ] as const)("%s sends every message once", async (_, kills) => {
    const queries = [1n, 2n, 3n];
    for (const query of queries) {
      await world.outbox.enqueue(toSink(query));
    }
    await inChild(...kills);
    expect(await world.received()).toEqual(queries);
    const intents = await world.intents();
    expect(intents.map(({ status, attempts }) => [status, attempts])).toEqual(queries.map(() => ["sent", 1]));
  });
});
