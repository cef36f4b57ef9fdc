import { z } from "zod";
import { listEvents } from "./listEvents";
import { textsAccount } from "./saveTexts";
import type { Store } from "./store";

const textsSchema = z.object({ request: z.string(), response: z.string() });

export async function findTexts(
  store: Store,
  { requestId }: { readonly requestId: string },
): Promise<z.infer<typeof textsSchema> | undefined> {
  const [event] = await listEvents(store, { account: textsAccount(requestId), limit: 1 });
  return event === undefined ? undefined : textsSchema.parse(event.body);
}
