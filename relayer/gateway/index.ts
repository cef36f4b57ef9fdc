export { createEvidenceCheck } from "../client/checkEvidence";
export type { ApiKeyOption, GatewayOptions } from "./options";
export { type Gateway, startGateway } from "./startGateway";
