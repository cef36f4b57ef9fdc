import type { Session } from "./records";
import type { Store } from "./store";

/** Keeps a job's session key, sealed by the caller, before the job is opened. A job's key never changes. */
export async function saveSession(
  store: Store,
  { session }: { readonly session: Pick<Session, "job" | "publicKey" | "sealedSecret"> },
): Promise<"saved" | "known"> {
  const result = await store.db
    .insertInto("sessions")
    .values({
      job: session.job,
      publicKey: session.publicKey,
      sealedSecret: session.sealedSecret,
      createdAt: store.clock.nowMs(),
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n ? "saved" : "known";
}
