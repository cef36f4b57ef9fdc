import {
  BadRequestError,
  UnknownAppError,
  UserRejectsError,
  WalletNotConnectedError,
  WalletNotSupportFeatureError,
} from "@tonconnect/sdk";
import { NotConfirmedError } from "../../../../wrappers/scripting";
import { FinalError } from "../../../errors";

/** What a wallet app's refusal means for the person, by what the SDK makes of it. */
export function appFailure(thrown: unknown): Error {
  if (thrown instanceof UserRejectsError) {
    return new NotConfirmedError("The wallet app was told no: nothing was sent.");
  }
  if (thrown instanceof UnknownAppError || thrown instanceof WalletNotConnectedError) {
    return disconnected("The wallet app does not know this connection", thrown);
  }
  if (thrown instanceof WalletNotSupportFeatureError) {
    return refused("it cannot send such a transaction: use another app", thrown);
  }
  if (thrown instanceof BadRequestError) {
    return refused(lastLine(thrown), thrown);
  }
  return thrown instanceof Error ? refused(lastLine(thrown), thrown) : refused(plain(String(thrown)), thrown);
}

export function disconnected(what: string, cause?: unknown): FinalError {
  return new FinalError(
    "UNAUTHORIZED",
    `${what}, and nothing was sent: \`cocoon wallet disconnect\`, then connect anew.`,
    {},
    { cause },
  );
}

function refused(why: string, cause: unknown): FinalError {
  return new FinalError("BAD_REQUEST", `The wallet app did not take the request: ${why}.`, {}, { cause });
}

/** The SDK puts its own words on the lines before. */
function lastLine(error: Error): string {
  return plain(error.message.trimEnd().split("\n").at(-1) ?? "").replace(/\.$/, "");
}

const MOST_SHOWN = 200;

/** Words of an app, which may be anybody's, for a terminal: without what would command it. */
export function plain(text: string): string {
  return text.replace(/\p{C}/gu, "").slice(0, MOST_SHOWN);
}
