import { pc } from "../terminalColors";

/** What a person sees while the network starts; silent with `--json`. */
export interface Terminal {
  title(text: string): void;
  /** Runs a step and prints its time. */
  step<T>(text: string, work: () => Promise<T>, detail?: (result: T) => string): Promise<T>;
  section(text: string): void;
  field(name: string, value: string): void;
  note(text: string): void;
  stream(text: string): void;
}

const NAME_WIDTH = 14;

export function createTerminal(out: NodeJS.WritableStream & { readonly isTTY?: boolean }): Terminal {
  const line = (text = "") => out.write(`${text}\n`);
  return {
    title(text) {
      line();
      line(`  ${pc.bold(text)}`);
      line();
    },
    async step(text, work, detail) {
      const started = Date.now();
      if (out.isTTY === true) {
        out.write(`  ${pc.dim("·")} ${text}`);
      }
      try {
        const result = await work();
        const seconds = ((Date.now() - started) / 1000).toFixed(1);
        const more = detail === undefined ? "" : pc.dim(`  ${detail(result)}`);
        line(`${clear(out)}  ${pc.green("✓")} ${text} ${pc.dim(`${seconds} s`)}${more}`);
        return result;
      } catch (thrown) {
        line(`${clear(out)}  ${pc.red("✗")} ${text}`);
        throw thrown;
      }
    },
    section(text) {
      line();
      line(`  ${pc.bold(text)}`);
    },
    field(name, value) {
      line(`    ${pc.dim(name.padEnd(NAME_WIDTH))} ${value}`);
    },
    note(text) {
      line(`    ${text}`);
    },
    stream(text) {
      out.write(text);
    },
  };
}

/** Prints nothing: what `--json` shows goes to stdout, once, at the end. */
export const silentTerminal: Terminal = {
  title: () => {},
  step: (_text, work) => work(),
  section: () => {},
  field: () => {},
  note: () => {},
  stream: () => {},
};

function clear(out: { readonly isTTY?: boolean }): string {
  return out.isTTY === true ? "\r\x1b[2K" : "";
}
