import { FinalError } from "../../errors";

/** A worker's address in the one form that it is known by. Throws `BAD_REQUEST`. */
export function toWorkerUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url?.search === "" && url.hash === "" && url.username === "" && url.password === "";
  if (url === undefined || !isPlain || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new FinalError("BAD_REQUEST", `${text} is no worker's URL: http://HOST:PORT, or https.`);
  }
  return url.href.endsWith("/") ? url.href.slice(0, -1) : url.href;
}
