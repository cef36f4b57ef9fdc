export { createEvidenceCheck } from "../client";
export type { ApiKeyOption, GatewayOptions } from "./options";
export { type Gateway, startGateway } from "./startGateway";
