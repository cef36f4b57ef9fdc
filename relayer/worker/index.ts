export * from "./backends/backend";
export * from "./backends/llama/llamaBackend";
export * from "./backends/openAi/openAiBackend";
export { watchBackend } from "./backends/watchBackend";
export * from "./startWorker";
