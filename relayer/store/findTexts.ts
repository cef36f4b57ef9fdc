import { z } from "zod";
import { listEvents } from "./listEvents";
import { textsAccount } from "./saveTexts";
import type { Store } from "./store";

/** Plain in stores of an earlier release. */
const textsSchema = z.union([
  z.object({ sealed: z.string() }),
  z.object({ request: z.string(), response: z.string() }),
]);

/** A call's texts as they were saved: in the caller's sealed form. */
export async function findTexts(
  store: Store,
  { requestId }: { readonly requestId: string },
): Promise<z.infer<typeof textsSchema> | undefined> {
  const [event] = await listEvents(store, { account: textsAccount(requestId), limit: 1 });
  return event === undefined ? undefined : textsSchema.parse(event.body);
}
