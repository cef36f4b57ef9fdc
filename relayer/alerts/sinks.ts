import { request } from "undici";
import { RetryableError } from "../errors";
import type { AlertSink, Notice } from "./alert";

const SEND_MS = 10_000;
/** Telegram takes messages of 4,096 characters. */
const MAX_TEXT = 3_000;

/** Posts each notice as JSON. */
export function webhookSink(url: string): AlertSink {
  return {
    name: "webhook",
    send: ({ status, alert, source, atMs }) =>
      post(url, { status, ...alert, source, at: new Date(atMs).toISOString() }),
  };
}

/** Sends each notice as a message of a bot, over Telegram's HTTP API. */
export function telegramSink(bot: {
  /** https://api.telegram.org, or a server of one's own. */
  readonly apiUrl: string;
  readonly token: string;
  readonly chatId: string;
}): AlertSink {
  const url = `${bot.apiUrl}/bot${bot.token}/sendMessage`;
  return {
    name: "telegram",
    send: (notice) =>
      post(url, { chat_id: bot.chatId, text: textOf(notice), link_preview_options: { is_disabled: true } }),
  };
}

function textOf({ status, alert, source }: Notice): string {
  const lines =
    status === "firing"
      ? [`${alert.severity === "critical" ? "🔴" : "🟡"} ${alert.summary}`, alert.advice]
      : [`🟢 Over: ${alert.summary}`];
  return [...lines, source].join("\n").slice(0, MAX_TEXT);
}

async function post(url: string, body: object): Promise<void> {
  const { statusCode, body: answer } = await request(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    headersTimeout: SEND_MS,
    bodyTimeout: SEND_MS,
  });
  await answer.dump();
  if (statusCode < 200 || statusCode > 299) {
    throw new RetryableError("BACKEND_UNAVAILABLE", "The receiver of alerts refused a notice.", {
      statusCode,
    });
  }
}
