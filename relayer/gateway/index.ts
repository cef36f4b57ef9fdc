export { createEvidenceCheck } from "../client/checkEvidence";
export { parseKeyFile } from "./keyFile";
export type { ApiKeyOption, GatewayOptions } from "./options";
export { type Gateway, startGateway } from "./startGateway";
