import vm from "node:vm";
import { FinalError } from "../../../errors";

type Library = typeof import("node-llama-cpp", { with: { "resolution-mode": "import" }});
export type LlamaLibrary = Pick<
  Library,
  "getLlama" | "LlamaChatSession" | "LlamaCompletion" | "LlamaLogLevel" | "resolveChatWrapper"
>;
export type LlamaContextSequence = Library["LlamaContextSequence"]["prototype"];
export type ChatWrapper = InstanceType<Library["LlamaChatSession"]>["chatWrapper"];
export type ChatHistoryItem = Parameters<
  InstanceType<Library["LlamaChatSession"]>["setChatHistory"]
>[0][number];

/** node-llama-cpp, loaded only by those who use it. Throws `CONFIG_INVALID` where it is not installed. */
export async function loadLlamaLibrary(): Promise<LlamaLibrary> {
  try {
    return await import("node-llama-cpp");
  } catch {
    return importNatively();
  }
}

// jest turns `import()` into `require()`, which cannot load an ES module that waits at its top.
async function importNatively(): Promise<LlamaLibrary> {
  try {
    const script = new vm.Script('import("node-llama-cpp")', {
      filename: __filename,
      importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    });
    return await script.runInThisContext();
  } catch (cause) {
    throw new FinalError("CONFIG_INVALID", "node-llama-cpp does not load here.", {}, { cause });
  }
}
