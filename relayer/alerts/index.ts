export type { Alert, AlertSink, Notice } from "./alert";
export { type Alerter, createAlerter } from "./createAlerter";
export { telegramSink, webhookSink } from "./sinks";
