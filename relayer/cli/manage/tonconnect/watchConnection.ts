import type { TonConnect } from "@tonconnect/sdk";
import { NotSeenError } from "../../../../wrappers/scripting";
import { disconnected } from "./appFailure";

/** A connection that stands, and what becomes of it. */
export interface Watch {
  /** Throws `UNAUTHORIZED` where it stands no longer. */
  require(): void;
  /** Rejects when it ends: for what is under way. */
  readonly lost: Promise<never>;
}

/**
 * The SDK lets whoever knows a session's public id, as its bridge does, connect in the place of the app that has. So
 * any change after the first ends what is under way.
 */
export function watchConnection(connector: TonConnect): Watch {
  let change: string | undefined;
  const lost = new Promise<never>((_, reject) => {
    connector.onStatusChange((wallet) => {
      change ??=
        wallet === null
          ? "The wallet app has ended the connection"
          : "Another app has answered in the place of the one that was connected";
      reject(new NotSeenError(`${change}: look at the wallet before you repeat it.`));
    });
  });
  lost.catch(() => {}); // told to who waits
  return {
    require: () => {
      if (change !== undefined) {
        throw disconnected(change);
      }
    },
    lost,
  };
}
