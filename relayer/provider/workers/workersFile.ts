import { readFile, rename, writeFile } from "node:fs/promises";
import { FinalError, toCocoonError } from "../../errors";
import type { Log } from "../../observe/log";
import { startLoop } from "../loop";
import type { WorkerSet } from "./workerSet";
import { toWorkerUrl } from "./workerUrl";

const LOOK_MS = 1_000;

/** A file that names a provider's workers, one URL a line; what follows a `#` at a line's begin or a space is a remark. */
export interface WorkersFile {
  /** Reads it now. Throws `CONFIG_INVALID` for a file that names no worker, or a wrong one. */
  read(): Promise<readonly string[]>;
  /** Adds a line, unless the worker is there already. */
  append(url: string): Promise<void>;
  /** Takes a worker's line out; the other lines stay as they are. */
  remove(url: string): Promise<void>;
}

export function workersFile(path: string): WorkersFile {
  const text = async () => {
    try {
      return await readFile(path, "utf8");
    } catch (cause) {
      throw new FinalError("CONFIG_INVALID", `The file of workers ${path} cannot be read.`, {}, { cause });
    }
  };
  const replace = async (content: string) => {
    // Renamed into place, so that nobody ever reads half of it.
    await writeFile(`${path}.new`, content);
    await rename(`${path}.new`, path);
  };
  return {
    async read() {
      const urls = (await text()).split("\n").flatMap((line) => urlIn(line) ?? []);
      if (urls.length === 0) {
        throw new FinalError("CONFIG_INVALID", `The file of workers ${path} names none.`);
      }
      return urls;
    },
    async append(url) {
      const content = await text();
      if (!content.split("\n").some((line) => urlIn(line) === url)) {
        await replace(`${content}${content === "" || content.endsWith("\n") ? "" : "\n"}${url}\n`);
      }
    },
    async remove(url) {
      const lines = (await text()).split("\n").filter((line) => urlIn(line) !== url);
      await replace(lines.join("\n"));
    },
  };
}

/** Keeps a provider's workers as the file says, looking at it each second. What is wrong with it changes nothing. */
export function followWorkersFile(
  file: WorkersFile,
  deps: { readonly workers: Pick<WorkerSet, "set">; readonly log: Log; readonly lookMs?: number },
): { /** Looks now. */ reload(): void; close(): Promise<void> } {
  let applied: string | undefined;
  let refused: string | undefined;
  const loop = startLoop(deps.log, {
    name: "workers file",
    everyMs: deps.lookMs ?? LOOK_MS,
    work: async () => {
      try {
        const urls = await file.read();
        if (urls.join("\n") !== applied) {
          deps.workers.set(urls);
          applied = urls.join("\n");
          deps.log.info({ msg: "workers read from their file", workers: urls.length });
        }
        refused = undefined;
      } catch (thrown) {
        const { code, message } = toCocoonError(thrown);
        if (message !== refused) {
          deps.log.error({ msg: "file of workers not usable: nothing changes", code, detail: message });
        }
        refused = message;
      }
    },
  });
  return { reload: loop.kick, close: loop.stop };
}

function urlIn(line: string): string | undefined {
  const [word = ""] = line.trim().split(/\s+/, 1);
  return word === "" || word.startsWith("#") ? undefined : toWorkerUrl(word);
}
