export * from "./request";
export * from "./snake";
export * from "./status";
