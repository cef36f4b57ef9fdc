import { type AlertSink, telegramSink, webhookSink } from "../alerts";
import type { Config } from "../config";
import { FinalError } from "../errors";

/** Where a process's configuration wants its alerts. Throws `CONFIG_INVALID` for half a Telegram bot. */
export function alertSinksOf(
  role: "provider" | "gateway",
  config: Config<"provider"> | Config<"gateway">,
): readonly AlertSink[] {
  const { COCOON_ALERT_WEBHOOK: webhook, COCOON_ALERT_TELEGRAM_API: apiUrl } = config;
  const { COCOON_ALERT_TELEGRAM_TOKEN: token, COCOON_ALERT_TELEGRAM_CHAT: chatId } = config;
  if ((token === undefined) !== (chatId === undefined)) {
    throw new FinalError(
      "CONFIG_INVALID",
      `The ${role} cannot start. COCOON_ALERT_TELEGRAM_TOKEN and COCOON_ALERT_TELEGRAM_CHAT need each other.`,
    );
  }
  return [
    ...(webhook === undefined ? [] : [webhookSink(webhook)]),
    ...(token === undefined || chatId === undefined ? [] : [telegramSink({ apiUrl, token, chatId })]),
  ];
}
