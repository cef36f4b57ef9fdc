import { Command } from "commander";
import type { z } from "zod";
import { addManageCommands } from "../../../../relayer/cli/manage/commands";

export interface Ran {
  readonly code: typeof process.exitCode;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Given {
  /** What the person types, line by line. */
  readonly answers?: string[];
  /** Sees what is written on stderr as it comes. */
  readonly onStderr?: (text: string) => void;
  /** Over the environment. */
  readonly more?: Record<string, string>;
}

/** Runs commands in this process, with an environment of the test's. */
export function commandsWith(env: () => Record<string, string>) {
  const run = async (
    args: readonly string[],
    { answers = [], more = {}, onStderr }: Given = {},
  ): Promise<Ran> => {
    let stdout = "";
    let stderr = "";
    const program = new Command("cocoon").exitOverride();
    addManageCommands(program, {
      env: { ...env(), ...more },
      stdout: { write: (text) => (stdout += text) },
      stderr: {
        write: (text) => {
          stderr += text;
          onStderr?.(text);
        },
      },
      ask: async () => {
        const answer = answers.shift();
        if (answer === undefined) {
          throw new Error("nobody answers");
        }
        return answer;
      },
    });
    await program.parseAsync([...args], { from: "user" });
    const code = process.exitCode;
    process.exitCode = undefined;
    return { code, stdout, stderr };
  };
  return {
    run,
    /** The JSON of a command that must succeed. */
    json: async <T>(schema: z.ZodType<T>, args: readonly string[], given?: Given): Promise<T> => {
      const { code, stdout, stderr } = await run([...args, "--json"], given);
      expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: expect.not.stringContaining(":") });
      return schema.parse(JSON.parse(stdout));
    },
  };
}
